"""ROC and significance improvement of weighted events."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError, ParameterError
from hepml.ml.anomaly.results import Efficiency, RatePoint
from hepml.ml.ranking import Ranking
from hepml.ml.results import Interval

__all__ = ["weighted_efficiency"]

Floats = NDArray[np.float64]

_POINTS = 300


def weighted_efficiency(
    scores: Floats,
    signal: NDArray[np.bool_],
    weights: Floats,
    *,
    rates: Sequence[float] = (1e-3, 1e-4),
    least: int = 25,
) -> Efficiency:
    """What `hepml.ml.anomaly.efficiency` finds, for events with weights.

    Parameters
    ----------
    scores : array, shape (events,)
        Larger for signal.
    signal : array of bool, shape (events,)
        The truth.
    weights : array, shape (events,)
        Not negative.
    rates : sequence of float
        False-positive rates of the fixed points.
    least : int
        Background events (not weights) that must pass the cut of a maximum.

    Raises
    ------
    ModelError
        If a class has no weight, a score is not finite, or a weight negative or not finite.
    ParameterError
        If a rate or ``least`` is out of range.
    """
    _check(scores, signal, weights, rates, least)
    curve = _Curve(Ranking(scores, signal, weights), weights, signal)
    sic = curve.sic
    enough = curve.background >= least
    best = int(np.where(enough, sic, -1.0).argmax()) if enough.any() else None
    shown = _thinned(curve.fpr)
    return Efficiency(
        background=int((~signal).sum()),
        signal=int(signal.sum()),
        auc=_auc(scores, signal, weights),
        sic_max=Interval(value=None) if best is None else curve.sic_at(best),
        sic_max_fpr=None if best is None else float(curve.fpr[best]),
        least=least,
        points=tuple(curve.point(rate) for rate in rates),
        fpr=tuple(curve.fpr[shown].tolist()),
        tpr=tuple(curve.tpr[shown].tolist()),
        sic=tuple(sic[shown].tolist()),
    )


def _check(
    scores: Floats,
    signal: NDArray[np.bool_],
    weights: Floats,
    rates: Sequence[float],
    least: int,
) -> None:
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ModelError("Weights of test events must be finite and not negative.")
    if not (weights[signal].sum() > 0 and weights[~signal].sum() > 0):
        raise ModelError("An efficiency needs both classes: one of them has no weight.")
    if bad := int((~np.isfinite(scores)).sum()):
        raise ModelError(f"{bad} of {len(scores)} scores are not finite.")
    if least < 1 or not all(0 < rate <= 1 for rate in rates):
        raise ParameterError(f"Rates {tuple(rates)} or least = {least} are out of range.")


class _Curve:
    """Shares of weights above each threshold, and what their errors are made of."""

    def __init__(self, ranking: Ranking, weights: Floats, signal: NDArray[np.bool_]) -> None:
        self.thresholds = ranking.thresholds
        passed_s, passed_b = ranking.passing()
        self.total_s, self.total_b = float(passed_s[-1]), float(passed_b[-1])
        self.tpr, self.fpr = passed_s / self.total_s, passed_b / self.total_b
        # squares of weights, and plain numbers of events
        self.squares_s, self.squares_b = ranking.passing(weights)
        ones = np.divide(1.0, weights, out=np.zeros_like(weights), where=weights > 0)
        self.signal, self.background = (np.rint(part) for part in ranking.passing(ones))
        self.sic = np.divide(
            self.tpr, np.sqrt(self.fpr), out=np.zeros_like(self.tpr), where=self.fpr > 0
        )

    def _variance(self, share: float, passing: float, everything: float, total: float) -> float:
        """Of a share of weights: those inside and those outside fluctuate independently."""
        return ((1 - 2 * share) * passing + share**2 * everything) / total**2

    def sic_at(self, place: int) -> Interval:
        """Significance improvement at one threshold, with the errors of both shares."""
        tpr, fpr = float(self.tpr[place]), float(self.fpr[place])
        if fpr <= 0:
            return Interval(value=None)
        if tpr <= 0:
            return Interval(value=0.0)
        of_s = self._variance(tpr, self.squares_s[place], self.squares_s[-1], self.total_s)
        of_b = self._variance(fpr, self.squares_b[place], self.squares_b[-1], self.total_b)
        value = tpr / math.sqrt(fpr)
        return _interval(value, value * math.sqrt(max(of_s / tpr**2 + 0.25 * of_b / fpr**2, 0.0)))

    def point(self, rate: float) -> RatePoint:
        """The lowest cut that no more than the wanted share of background passes."""
        place = int(np.searchsorted(self.fpr, rate * (1 + 1e-12), side="right")) - 1
        if place < 0:
            cut, nothing = float(np.nextafter(self.thresholds[0], np.inf)), Interval(value=None)
            return RatePoint(fpr=rate, cut=cut, background=0, signal=0, tpr=nothing, sic=nothing)
        tpr = float(self.tpr[place])
        variance = self._variance(tpr, self.squares_s[place], self.squares_s[-1], self.total_s)
        return RatePoint(
            fpr=rate,
            cut=float(self.thresholds[place]),
            background=int(self.background[place]),
            signal=int(self.signal[place]),
            tpr=_interval(tpr, math.sqrt(max(variance, 0.0))),
            sic=self.sic_at(place),
        )


def _auc(scores: Floats, signal: NDArray[np.bool_], weights: Floats) -> Interval:
    """Area under the ROC curve with the error of its two independent parts (DeLong)."""
    s, b = scores[signal], scores[~signal]
    ws, wb = weights[signal], weights[~signal]
    above = _below(s, b, wb)
    value = float(np.sum(ws * above) / ws.sum())
    missed = 1.0 - _below(b, s, ws)
    variance = np.sum(ws**2 * (above - value) ** 2) / ws.sum() ** 2
    variance += np.sum(wb**2 * (missed - value) ** 2) / wb.sum() ** 2
    return _interval(value, math.sqrt(variance))


def _below(values: Floats, others: Floats, weights: Floats) -> Floats:
    """Share of the others' weight below each value; equal ones count half."""
    order = np.argsort(others, kind="stable")
    cumulated = np.append(0.0, np.cumsum(weights[order]))
    places = [np.searchsorted(others[order], values, side=side) for side in ("left", "right")]
    return np.asarray(0.5 * (cumulated[places[0]] + cumulated[places[1]]) / cumulated[-1])


def _interval(value: float, error: float) -> Interval:
    return Interval(value=value, low=value - error, high=value + error, error=error)


def _thinned(fpr: Floats) -> NDArray[np.int64]:
    """Points evenly spread in the logarithm of the false-positive rate."""
    positive = np.flatnonzero(fpr > 0)
    if len(positive) <= _POINTS:
        return positive
    wanted = np.geomspace(fpr[positive[0]], 1.0, _POINTS)
    places = np.searchsorted(fpr[positive], wanted).clip(0, len(positive) - 1)
    return np.asarray(positive[np.unique(places)])
