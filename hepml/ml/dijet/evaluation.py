"""What a score of dijet events is worth on test events of known truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.anomaly.efficiency import efficiency
from hepml.ml.dijet.results import DijetJudgement, Fitted, MassShapes, ScoreShapes, Shape
from hepml.ml.dijet.weighted import weighted_efficiency
from hepml.ml.results import Interval

__all__ = ["LEAST", "MODES", "RATES", "judge", "mass_shapes", "score_shapes"]

Floats = NDArray[np.float64]

RATES = (1e-3, 1e-4)
"""False-positive rates of the fixed points."""

LEAST = 25
"""Background events that must pass the cut of a maximal significance improvement."""

MODES = ("two-prong", "three-prong")
"""Decay modes of labels 1 and 2."""

_BINS = 60
_MASS_BINS = 40
_MASS_RATES = (1.0, 1e-2, 1e-3)


def judge(
    scores: NDArray[Any],
    labels: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    name: str = "score",
    title: str = "",
    modes: Sequence[str] = MODES,
    mass: NDArray[Any] | None = None,
    fit: Fitted | None = None,
    validation: float | None = None,
    rates: Sequence[float] = RATES,
    least: int = LEAST,
    seconds: float = 0.0,
    notes: Sequence[str] = (),
) -> DijetJudgement:
    """Judge a score by the truth of test events.

    Parameters
    ----------
    scores : array, shape (events,)
        Larger for signal; probabilities and unbounded scores alike.
    labels : array, shape (events,)
        0 for background, 1, 2... for the signal's decay modes.
    weights : array, shape (events,), optional
        Weights; default: 1.
    name, title : str
        Of the strategy, for files and for people.
    modes : sequence of str
        Names of the labels 1, 2...
    mass : array, shape (events,), optional
        Dijet masses [GeV], to see whether cuts on the score change them.
    fit : Fitted, optional
        Parameters that the strategy fitted.
    validation : float, optional
        Loss on validation data.
    rates : sequence of float
        False-positive rates of the fixed points.
    least : int
        The maximum is looked for among cuts that so many background events pass.
    seconds : float
        Of training and fit.
    notes : sequence of str
        What a reader must know.

    Raises
    ------
    ModelError
        If a class is empty, a score not finite, or the arrays do not fit together.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(labels)
    used = None if weights is None else np.asarray(weights, np.float64)
    sizes = {len(item) for item in (values, truth, used, mass) if item is not None}
    if len(sizes) > 1:
        raise ModelError(
            f"Scores, labels, weights and masses must be of the same events, not of {sorted(sizes)}"
        )
    signal, background = truth > 0, truth == 0
    if unknown := int((truth < 0).sum()):
        raise ModelError(f"{unknown} test events are of unknown truth; take them out first.")
    if used is None:
        found = efficiency(values[signal], values[background], rates=rates, least=least)
    else:
        found = weighted_efficiency(values, signal, used, rates=rates, least=least)
    return DijetJudgement(
        name=name,
        title=title or name,
        efficiency=found,
        modes=_modes(values, truth, used, modes, rates, least),
        scores=score_shapes(values, truth, used, modes=modes),
        masses=None if mass is None else mass_shapes(values, truth, mass, used),
        fit=fit,
        validation=validation,
        seconds=seconds,
        notes=(*notes, *_doubts(found, rates, least)),
    )


def _doubts(found: Any, rates: Sequence[float], least: int) -> list[str]:
    """False-positive rates at which too few background events pass."""
    few = [rate for rate in rates if rate * found.background < least]
    if not few:
        return []
    names = ", ".join(f"{rate:g}" for rate in few)
    return [
        f"Fewer than {least} of {found.background:,} background events pass at a false-positive "
        f"rate of {names}: look at the error, or test on more."
    ]


def _modes(
    values: Floats,
    truth: NDArray[Any],
    weights: Floats | None,
    modes: Sequence[str],
    rates: Sequence[float],
    least: int,
) -> dict[str, Interval]:
    """SIC at the first rate of each decay mode, where there are several."""
    there = [int(label) for label in np.unique(truth[truth > 0])]
    if len(there) < 2 or not rates:
        return {}
    background, found = truth == 0, {}
    for label in there:
        rows = background | (truth == label)
        if weights is None:
            one = efficiency(
                values[truth == label], values[background], rates=rates[:1], least=least
            )
        else:
            one = weighted_efficiency(
                values[rows], truth[rows] > 0, weights[rows], rates=rates[:1], least=least
            )
        found[_mode(label, modes)] = one.points[0].sic
    return found


def _mode(label: int, modes: Sequence[str]) -> str:
    return modes[label - 1] if label <= len(modes) else f"mode {label}"


def score_shapes(
    scores: NDArray[Any],
    labels: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    modes: Sequence[str] = MODES,
) -> ScoreShapes:
    """Histograms of a score by truth, in its logit where all are between 0 and 1.

    Parameters
    ----------
    scores, labels, weights, modes
        See :func:`judge`.
    """
    values, truth = np.asarray(scores, np.float64), np.asarray(labels)
    logit = bool(len(values)) and bool(((values >= 0) & (values <= 1)).all())
    if logit:
        # what a probability in single precision can tell from 0 and 1
        values = np.clip(values, 1e-7, 1 - 1e-7)
        values = np.log(values) - np.log1p(-values)
    edges = _edges([values[truth == 0], values[truth > 0]])
    inside = np.clip(values, edges[0], edges[-1])
    shapes = []
    for label in (0, *np.unique(truth[truth > 0]).tolist()):
        rows = truth == label
        counts = np.histogram(inside[rows], edges, weights=None if weights is None else np.asarray(
            weights, np.float64)[rows])[0]  # fmt: skip
        text = "background" if label == 0 else _mode(int(label), modes)
        shapes.append(Shape(name=text, counts=tuple(counts.astype(float).tolist())))
    return ScoreShapes(edges=tuple(edges.tolist()), logit=logit, shapes=tuple(shapes))


def _edges(groups: Sequence[Floats]) -> Floats:
    """Bins that hold all but the very tails of each group."""
    ends = np.array([np.quantile(group, [0.0005, 0.9995]) for group in groups if len(group)])
    if not len(ends):
        return np.linspace(0.0, 1.0, _BINS + 1)
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    if high <= low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, _BINS + 1)


def mass_shapes(
    scores: NDArray[Any],
    labels: NDArray[Any],
    mass: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    rates: Sequence[float] = _MASS_RATES,
) -> MassShapes:
    """Dijet masses of all test events, and of those that pass cuts on the score.

    Parameters
    ----------
    scores, labels, weights
        See :func:`judge`.
    mass : array, shape (events,)
        Dijet masses [GeV].
    rates : sequence of float
        False-positive rates of the cuts.
    """
    values, truth, m = np.asarray(scores, float), np.asarray(labels), np.asarray(mass, float)
    w = np.ones(len(m)) if weights is None else np.asarray(weights, np.float64)
    low, high = 10 * np.floor(m.min() / 10), 10 * np.ceil(m.max() / 10)
    edges = np.linspace(low, max(high, low + 10), _MASS_BINS + 1)
    background = truth == 0
    found: dict[str, list[Any]] = {"background": [], "signal": [], "ks": [], "p": []}
    for rate in rates:
        passing = values >= _cut(values[background], rate)
        for name, rows in (("background", background), ("signal", truth > 0)):
            kept = rows & passing
            counts = np.histogram(m[kept], edges, weights=w[kept])[0]
            found[name].append(Shape(name=f"{rate:g}", counts=tuple(counts.tolist())))
        ks, p = _compared(m[background & passing], m[background & ~passing])
        found["ks"].append(ks)
        found["p"].append(p)
    return MassShapes(
        edges=tuple(edges.tolist()),
        rates=tuple(float(rate) for rate in rates),
        **{name: tuple(items) for name, items in found.items()},
    )


def _cut(background: Floats, rate: float) -> float:
    """The lowest score that no more than this share of the background reaches."""
    if rate >= 1:
        return -np.inf
    allowed = int(rate * len(background) * (1 + 1e-12))
    ordered = np.sort(background)
    # the first one that may not pass
    barred = ordered[len(ordered) - allowed - 1]
    return float(np.nextafter(barred, np.inf))


def _compared(passing: Floats, others: Floats) -> tuple[float | None, float | None]:
    from scipy.stats import ks_2samp

    if min(len(passing), len(others)) < LEAST:
        return None, None
    found = ks_2samp(passing, others, method="asymp")
    return float(found.statistic), float(found.pvalue)
