"""Fits of independent folds in one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hepml.ml.dijet.results import Fitted, Parameter

__all__ = ["pool_fits"]


def pool_fits(fits: Sequence[Fitted]) -> Fitted | None:
    """Mean of the fits of folds, whose data have no event in common.

    Parameters
    ----------
    fits : sequence of Fitted
        One of each fold.

    Returns
    -------
    Fitted or None
        One fit as it is. Of several: means; half intervals are means over the root of their
        number. There is no q0 then.
    """
    if len(fits) < 2:
        return fits[0] if fits else None
    pooled = []
    for name in [item.name for item in fits[0].parameters]:
        found = [item for fit in fits if (item := fit.parameter(name)) is not None]
        pooled.append(_mean(found))
    states = sorted({fit.status for fit in fits} - {"ok"})
    return Fitted(
        parameters=tuple(pooled),
        status=f"mean of {len(fits)} folds" + "".join(f"; {text}" for text in states),
    )


def _mean(found: Sequence[Parameter]) -> Parameter:
    value = float(np.mean([item.value for item in found]))
    ends = [(item.value, item.low, item.high) for item in found]
    closed = [(v, low, high) for v, low, high in ends if low is not None and high is not None]
    if len(closed) < len(found):
        return found[0].model_copy(update={"value": value, "low": None, "high": None})
    root = np.sqrt(len(found))
    below = float(np.mean([v - low for v, low, _ in closed]) / root)
    above = float(np.mean([high - v for v, _, high in closed]) / root)
    return found[0].model_copy(update={"value": value, "low": value - below, "high": value + above})
