"""Rows ordered by score: ROC, precision and recall, the best threshold, bootstrap intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ranking", "bootstrap", "draws", "rates", "spread"]

Floats = NDArray[np.float64]

# Bins of the score in a bootstrap.
_BINS = 1_000


class Ranking:
    """Rows in falling order of score; rows of one score stay together.

    Parameters
    ----------
    scores : array
        Larger for signal.
    truth : array of bool
        Which rows are signal.
    weights : array, optional
        Weights with their sign; default: 1.
    """

    def __init__(
        self, scores: NDArray[Any], truth: NDArray[np.bool_], weights: NDArray[Any] | None = None
    ) -> None:
        values = np.asarray(scores, np.float64)
        self.order = np.argsort(-values, kind="stable")
        ordered = values[self.order]
        # where each run of equal scores ends
        self.ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], bool(len(ordered))))
        self.thresholds = ordered[self.ends]
        self.truth = np.asarray(truth, np.bool_)[self.order]
        used = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
        self.weights = used[self.order]

    def passing(self, factors: Floats | None = None) -> tuple[Floats, Floats]:
        """Sums of weights of signal and background at or above each threshold.

        Parameters
        ----------
        factors : array, optional
            Multiplies the weights, in the order in which rows were given.
        """
        weights = self.weights if factors is None else self.weights * factors[self.order]
        signal = np.cumsum(np.where(self.truth, weights, 0.0))[self.ends]
        everything = np.cumsum(weights)[self.ends]
        return signal, everything - signal

    def roc(self) -> tuple[Floats, Floats]:
        """False-positive and true-positive rates, from (0, 0) to (1, 1)."""
        signal, background = self.passing()
        return (
            np.append(0.0, background) / background[-1],
            np.append(0.0, signal) / signal[-1],
        )

    def auc(self) -> float:
        """Area under the ROC curve; NaN where a class has no weight."""
        return _areas(*self.passing())["auc"]

    def average_precision(self) -> float:
        """Mean precision over recall, without interpolation; NaN without signal."""
        return _areas(*self.passing())["ap"]

    def precision_recall(self) -> tuple[Floats, Floats]:
        """Recall and precision at each threshold."""
        signal, background = self.passing()
        total = signal + background
        return signal / signal[-1], np.divide(
            signal, total, out=np.ones_like(signal), where=total > 0
        )

    def best_threshold(self) -> float:
        """Score above which F1 is largest, half-way to the next score below."""
        signal, background = self.passing()
        f1 = 2 * signal / (signal[-1] + signal + background)
        best = int(f1.argmax())
        below = self.thresholds[best + 1] if best + 1 < len(self.thresholds) else 0.0
        return float(0.5 * (self.thresholds[best] + below))


def bootstrap(
    ranking: Ranking,
    group: NDArray[np.int64],
    groups: int,
    counts: Floats | None = None,
    *,
    repeats: int = 200,
    seed: int = 0,
) -> dict[str, tuple[float, float, float]]:
    """Intervals of 68 % by drawing whole groups with replacement.

    Rows of a group (a shower) resemble each other, so that drawing rows would understate errors.
    With many rows the curves of a draw are made of a thousand bins of the score; what the bins
    change in the figure itself is taken off again.

    Parameters
    ----------
    ranking : Ranking
        The rows.
    group : array of int64
        Group of each row, in the order in which the ranking got them.
    groups : int
        How many there are.
    counts : array, shape (groups, 4), optional
        Sums of weights of a threshold by group: true positives, false positives, false
        negatives, true negatives.

    Returns
    -------
    dict of str to (low, high, deviation)
        For ``auc`` and ``ap``; with counts also ``accuracy``, ``precision``, ``recall``, ``f1``.
    """
    found = draws(ranking, group, groups, counts, repeats=repeats, seed=seed)
    summaries = {name: spread(values) for name, values in found.items()}
    return {name: values for name, values in summaries.items() if values is not None}


def spread(values: Floats) -> tuple[float, float, float] | None:
    """Interval of 68 % and standard deviation of draws; ``None`` with fewer than two of them."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return None
    low, high = np.quantile(known, [0.16, 0.84]).tolist()
    return low, high, float(np.std(known))


def draws(
    ranking: Ranking,
    group: NDArray[np.int64],
    groups: int,
    counts: Floats | None = None,
    *,
    repeats: int = 200,
    seed: int = 0,
) -> dict[str, Floats]:
    """Figures of every draw; the arguments are those of :func:`bootstrap`.

    One seed and one number of groups give the same draws, so that figures of several scores of
    the same groups vary together. A figure that is not defined in a draw is NaN.
    """
    rng = np.random.default_rng(seed)
    binned = _binned(ranking, group, groups)
    shift = {"auc": 0.0, "ap": 0.0}
    if binned is not None:
        whole = _areas(*np.cumsum(binned.sum(axis=0), axis=1))
        shift = {
            "auc": ranking.auc() - whole["auc"],
            "ap": ranking.average_precision() - whole["ap"],
        }
    drawn: dict[str, list[float]] = {}
    for _ in range(repeats):
        times = np.bincount(rng.integers(0, groups, groups), minlength=groups).astype(np.float64)
        if binned is not None:
            found = _areas(*np.cumsum(np.tensordot(times, binned, axes=1), axis=1))
        else:
            found = _areas(*ranking.passing(times[group]))
        found = {name: value + shift[name] for name, value in found.items()}
        if counts is not None:
            found |= rates(*(times @ counts))
        for name, value in found.items():
            drawn.setdefault(name, []).append(value)
    return {name: np.array(values) for name, values in drawn.items()}


def _binned(ranking: Ranking, group: NDArray[np.int64], groups: int) -> Floats | None:
    """Sums of weights by group, class and bin of the score, if that is less than the rows."""
    if 2 * _BINS * groups > 4 * len(group) or not len(group):
        return None
    signal, background = ranking.passing()
    if not (signal[-1] > 0 and background[-1] > 0):
        return None
    # as many bins for the signal's scores as for the background's; ties stay together
    place = 0.5 * (signal / signal[-1] + background / background[-1])
    of_run = np.clip((place * _BINS).astype(np.int64), 0, _BINS - 1)
    runs = np.diff(ranking.ends, prepend=-1)
    bins = np.repeat(of_run, runs)
    cell = (group[ranking.order] * 2 + ~ranking.truth) * _BINS + bins
    sums = np.bincount(cell, ranking.weights, groups * 2 * _BINS)
    return np.asarray(sums.reshape(groups, 2, _BINS), np.float64)


def _areas(signal: Floats, background: Floats) -> dict[str, float]:
    """Area under the ROC curve and average precision; NaN where a class has no weight."""
    if not len(signal) or not signal[-1] > 0:
        return {"auc": float("nan"), "ap": float("nan")}
    total = signal + background
    precision = np.divide(signal, total, out=np.ones_like(signal), where=total > 0)
    ap = float(np.sum(np.diff(signal, prepend=0.0) * precision) / signal[-1])
    if not background[-1] > 0:
        return {"auc": float("nan"), "ap": ap}
    area = np.trapezoid(np.append(0.0, signal), np.append(0.0, background))
    return {"auc": float(area / signal[-1] / background[-1]), "ap": ap}


def rates(tp: float, fp: float, fn: float, tn: float) -> dict[str, float]:
    """Accuracy, precision, recall and F1; NaN where there is nothing to divide by."""

    def share(part: float, whole: float) -> float:
        return float(part / whole) if whole else float("nan")

    return {
        "accuracy": share(tp + tn, tp + fp + fn + tn),
        "precision": share(tp, tp + fp),
        "recall": share(tp, tp + fn),
        "f1": share(2 * tp, 2 * tp + fp + fn),
    }
