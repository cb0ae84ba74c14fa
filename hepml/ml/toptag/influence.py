"""Statistical error of a ratio of rejections of the same jets with two sets of weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hepml.ml.toptag.metrics import Roc
from hepml.ml.toptag.results import Rejection
from hepml.ml.toptag.scores import JetScores

__all__ = ["influences", "ratio_errors"]

Floats = NDArray[np.float64]


def influences(
    jets: JetScores, weights: NDArray[np.floating] | None, roc: Roc, point: Rejection
) -> Floats | None:
    """By how much each jet changes the logarithm of the background efficiency.

    To first order (the influence function; Hampel, J. Am. Stat. Assoc. 69 (1974) 383): a
    background jet by being counted, a signal jet by moving the threshold along the ROC curve.

    Parameters
    ----------
    jets : JetScores
        The jets.
    weights : array or None
        Their weights; ``None``: 1.
    roc : Roc
        Their curve.
    point : Rejection
        Where it was read.

    Returns
    -------
    array of shape (jets,) or None
        ``None`` where the rejection is not finite.
    """
    if point.value is None or point.threshold is None or point.reached is None:
        return None
    share = np.where(jets.truth, point.reached, 1.0 / point.value)
    change: Floats = (jets.score >= point.threshold) - share
    if weights is not None:
        change *= weights
    slope = roc.slope(point.efficiency)
    factors = -slope * point.value / roc.tps[-1], point.value / roc.fps[-1]
    change *= np.where(jets.truth, *factors)
    return change


def ratio_errors(
    points: Sequence[Rejection], mine: Sequence[Floats | None], nominal: Sequence[Rejection],
    others: Sequence[Floats | None],
) -> tuple[Rejection, ...]:  # fmt: skip
    """Rejections with the error of their ratio to the nominal ones.

    Parameters
    ----------
    points, nominal : sequence of Rejection
        Rejections of two sets of weights.
    mine, others : sequence of (array or None)
        Influences of the same jets on them.
    """
    found = []
    for point, own, other, theirs in zip(points, mine, nominal, others, strict=True):
        error = None
        if own is not None and theirs is not None and point.value and other.value:
            error = float(point.value / other.value * np.sqrt(np.sum((own - theirs) ** 2)))
        found.append(point.model_copy(update={"ratio_error": error}))
    return tuple(found)
