"""How much a score gains where the truth is known: ROC, significance improvement, errors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError, ParameterError
from hepml.ml.anomaly.results import Efficiency, RatePoint
from hepml.ml.ranking import Ranking
from hepml.ml.results import Interval

__all__ = ["auc_error", "efficiency"]

Floats = NDArray[np.float64]

_POINTS = 300


def efficiency(
    signal: NDArray[np.float64],
    background: NDArray[np.float64],
    *,
    rates: Sequence[float] = (1e-3, 1e-4),
    least: int = 25,
) -> Efficiency:
    """ROC and significance improvement characteristic (SIC) of a score.

    Parameters
    ----------
    signal, background : array of shape (n,)
        Scores of true signal and background, larger for signal.
    rates : sequence of float
        False-positive rates of the fixed points.
    least : int
        The maximum is looked for among cuts that at least so many background events pass.

    Returns
    -------
    Efficiency
        With binomial errors; those of a maximum leave out that it was chosen.

    Raises
    ------
    ModelError
        If a class is empty or a score not finite.
    """
    s, b = np.asarray(signal, np.float64), np.asarray(background, np.float64)
    if not (len(s) and len(b)):
        raise ModelError(f"An efficiency needs both classes: {len(s)} signal, {len(b)} background.")
    if bad := int((~np.isfinite(s)).sum() + (~np.isfinite(b)).sum()):
        raise ModelError(f"{bad} of {len(s) + len(b)} scores are not finite.")
    if least < 1:
        raise ParameterError(f"The least number of background events is at least 1, not {least}.")
    truth = np.arange(len(s) + len(b)) < len(s)
    ranking = Ranking(np.concatenate([s, b]), truth)
    passed_s, passed_b = ranking.passing()
    tpr, fpr = passed_s / len(s), passed_b / len(b)
    sic = np.divide(tpr, np.sqrt(fpr), out=np.zeros_like(tpr), where=fpr > 0)
    enough = passed_b >= least
    best = int(np.where(enough, sic, -1.0).argmax()) if enough.any() else None
    auc = ranking.auc()
    error = auc_error(s, b)
    shown = _thinned(fpr)
    return Efficiency(
        background=len(b),
        signal=len(s),
        auc=_interval(auc, error),
        sic_max=Interval(value=None)
        if best is None
        else _sic(passed_s[best], passed_b[best], len(s), len(b)),
        sic_max_fpr=None if best is None else float(fpr[best]),
        least=least,
        points=tuple(_point(rate, ranking, passed_s, passed_b, len(s), len(b)) for rate in rates),
        fpr=tuple(fpr[shown].tolist()),
        tpr=tuple(tpr[shown].tolist()),
        sic=tuple(sic[shown].tolist()),
    )


def auc_error(signal: Floats, background: Floats) -> float:
    """Standard error of the area under the ROC curve (DeLong et al., Biometrics 44 (1988) 837).

    By mid-ranks (Sun and Xu, IEEE Signal Process. Lett. 21 (2014) 1389).
    """
    from scipy.stats import rankdata

    m, n = len(signal), len(background)
    if min(m, n) < 2:
        return math.nan
    joint = rankdata(np.concatenate([signal, background]))
    above = (joint[:m] - rankdata(signal)) / n
    below = 1.0 - (joint[m:] - rankdata(background)) / m
    return float(np.sqrt(above.var(ddof=1) / m + below.var(ddof=1) / n))


def _point(
    rate: float, ranking: Ranking, signal: Floats, background: Floats, m: int, n: int
) -> RatePoint:
    """The lowest cut that no more than the wanted share of background passes."""
    if not 0 < rate <= 1:
        raise ParameterError(f"A false-positive rate lies above 0 and up to 1, not {rate}.")
    # a share that is a whole number of events but for rounding counts as one
    place = int(np.searchsorted(background, rate * n * (1 + 1e-12), side="right")) - 1
    if place < 0:
        nothing = Interval(value=None)
        cut = float(np.nextafter(ranking.thresholds[0], np.inf))
        return RatePoint(fpr=rate, cut=cut, background=0, signal=0, tpr=nothing, sic=nothing)
    s, b = float(signal[place]), float(background[place])
    share = s / m
    return RatePoint(
        fpr=rate,
        cut=float(ranking.thresholds[place]),
        background=int(b),
        signal=int(s),
        tpr=_interval(share, math.sqrt(share * (1 - share) / m)),
        sic=_sic(s, b, m, n),
    )


def _sic(signal: float, background: float, m: int, n: int) -> Interval:
    """Significance improvement with the binomial errors of both efficiencies."""
    if background <= 0:
        return Interval(value=None)
    tpr, fpr = signal / m, background / n
    value = tpr / math.sqrt(fpr)
    if signal <= 0:
        return Interval(value=0.0)
    relative = (1 - tpr) / signal + 0.25 * (1 - fpr) / background
    return _interval(value, value * math.sqrt(relative))


def _interval(value: float, error: float) -> Interval:
    if not math.isfinite(error):
        return Interval(value=value)
    return Interval(value=value, low=value - error, high=value + error, error=error)


def _thinned(fpr: Floats) -> NDArray[np.int64]:
    """Points evenly spread in the logarithm of the false-positive rate."""
    positive = np.flatnonzero(fpr > 0)
    if len(positive) <= _POINTS:
        return positive
    wanted = np.geomspace(fpr[positive[0]], 1.0, _POINTS)
    places = np.searchsorted(fpr[positive], wanted).clip(0, len(positive) - 1)
    return np.asarray(positive[np.unique(places)])
