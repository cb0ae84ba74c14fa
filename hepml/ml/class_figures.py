"""Figures of a classifier of several classes that are made of its probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from hepml.ml.class_results import ClassScores, PairAuc
from hepml.ml.evaluation import reliability, thinned
from hepml.ml.ranking import Ranking, draws, spread
from hepml.ml.results import Curve, Interval, Reliability
from hepml.ml.sample import Sample

__all__ = ["Judged", "roc_curve"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BINS = 40
# A probability of zero for what then happens would make the log loss infinite.
_LEAST = 1e-15


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Rows and probabilities that figures are made of."""

    probabilities: Floats
    sample: Sample
    prior: Floats
    repeats: int
    seed: int

    def rankings(self) -> list[Ranking]:
        """Rows by the probability of each class."""
        y, weights = self.sample.labels, self.sample.weights
        return [
            Ranking(self.probabilities[:, k], y == k, weights)
            for k in range(len(self.sample.classes))
        ]

    def areas(self, rankings: Sequence[Ranking]) -> tuple[dict[str, Interval], Interval]:
        """Area of each class against the rest, and their mean."""
        return self._summary(*self.drawn_areas(rankings))

    def drawn_areas(self, rankings: Sequence[Ranking]) -> tuple[Floats, Floats]:
        """Areas by class, and those of every draw, shape (classes, repeats)."""
        rows = np.arange(len(self.sample))
        drawn = np.array([self._draws(item, rows) for item in rankings])
        return np.array([item.auc() for item in rankings]), drawn

    def _summary(self, values: Floats, drawn: Floats) -> tuple[dict[str, Interval], Interval]:
        found = {
            str(name): _interval(float(value), each)
            for name, value, each in zip(self.sample.classes, values, drawn, strict=True)
        }
        known = np.isfinite(values)
        if not known.any():
            return found, Interval(value=None)
        return found, _interval(float(values[known].mean()), drawn[known].mean(axis=0))

    def less(self, other: Judged) -> tuple[dict[str, Interval], Interval]:
        """Areas minus those of another model on the same rows, and the difference of the means."""
        mine, drawn = self.drawn_areas(self.rankings())
        theirs, drawn_too = other.drawn_areas(other.rankings())
        return self._summary(mine - theirs, drawn - drawn_too)

    def guess(self) -> float:
        """Log loss of probabilities that are the prior in every row."""
        return float(-np.sum(self.prior * np.log(np.maximum(self.prior, _LEAST))))

    def pairs(self) -> tuple[PairAuc, ...]:
        """Area of each two classes, by the ratio of their probabilities."""
        y, names = self.sample.labels, [str(item) for item in self.sample.classes]
        found = []
        for i, j in combinations(range(len(names)), 2):
            rows = np.flatnonzero((y == i) | (y == j))
            first, second = self.probabilities[rows, i], self.probabilities[rows, j]
            both = first + second
            score = np.divide(first, both, out=np.full(len(rows), 0.5), where=both > 0)
            ranking = Ranking(score, y[rows] == i, self.sample.weights[rows])
            drawn = self._draws(ranking, rows) if len(rows) else np.empty(0)
            auc = _interval(ranking.auc(), drawn)
            found.append(PairAuc(first=names[i], second=names[j], auc=auc))
        return tuple(found)

    def _draws(self, ranking: Ranking, rows: Ints) -> Floats:
        group = self.sample.group[rows]
        found = draws(ranking, group, self.sample.groups, repeats=self.repeats, seed=self.seed)
        return found.get("auc", np.empty(0))

    def shares(self, predicted: Ints) -> dict[str, Interval]:
        """Accuracies and log loss, with intervals from the same draws as the areas."""
        sums = self._sums(predicted)
        whole = _figures(sums.sum(axis=0), self.prior)
        rng = np.random.default_rng(self.seed)
        groups, drawn = len(sums), []
        for _ in range(self.repeats):
            times = np.bincount(rng.integers(0, groups, groups), minlength=groups)
            drawn.append(_figures(times.astype(np.float64) @ sums, self.prior))
        return {
            name: _interval(value, np.array([item[name] for item in drawn]))
            for name, value in whole.items()
        }

    def _sums(self, predicted: Ints) -> Floats:
        """What `_figures` is made of, by group."""
        sample, size = self.sample, len(self.sample.classes)
        y, weights = sample.labels, sample.weights
        chance = np.maximum(self.probabilities[np.arange(len(y)), y], _LEAST)
        right = (predicted == y).astype(np.float64)
        by_class = [
            np.bincount(sample.group * size + y, part, sample.groups * size)
            for part in (weights, weights * right, -weights * np.log(chance))
        ]
        counts = [np.bincount(sample.group, part, sample.groups) for part in (1 + 0 * right, right)]
        return np.hstack([*(part.reshape(-1, size) for part in by_class), np.stack(counts, axis=1)])

    def reliabilities(self) -> dict[str, Reliability]:
        """Probability against share, class by class."""
        y = self.sample.labels
        sums = np.bincount(y, self.sample.weights, len(self.prior))
        factor = np.divide(self.prior, sums, out=np.zeros_like(sums), where=sums > 0)
        weights = self.sample.weights * factor[y]
        if not weights.sum() > 0:
            return {}
        return {
            str(name): reliability(self.probabilities[:, k], y == k, weights)
            for k, name in enumerate(self.sample.classes)
        }

    def histograms(self) -> tuple[ClassScores, ...]:
        """Each class's probability by true class."""
        y, weights, size = self.sample.labels, self.sample.weights, len(self.sample.classes)
        found = []
        for k, name in enumerate(self.sample.classes):
            place = np.clip((self.probabilities[:, k] * _BINS).astype(np.int64), 0, _BINS - 1)
            cell = y * _BINS + place
            parts = [
                np.bincount(cell, part, size * _BINS).reshape(size, _BINS)
                for part in (np.ones(len(y)), weights, weights**2)
            ]
            found.append(
                ClassScores(
                    score=str(name),
                    edges=tuple(np.linspace(0, 1, _BINS + 1).tolist()),
                    events=tuple(map(tuple, parts[0].astype(np.int64).tolist())),
                    weights=tuple(map(tuple, parts[1].tolist())),
                    squares=tuple(map(tuple, parts[2].tolist())),
                )
            )
        return tuple(found)


def _figures(sums: Floats, prior: Floats) -> dict[str, float]:
    """Accuracies and log loss from sums by class: weights, right ones, losses; rows, right ones."""
    size = len(prior)
    weights, right, losses = sums[:size], sums[size : 2 * size], sums[2 * size : 3 * size]
    rows, rows_right = sums[3 * size :]
    used = (weights > 0) & (prior > 0)
    shares = prior[used] / prior[used].sum()
    nothing = float("nan")
    total = weights.sum()
    return {
        "accuracy": float(rows_right / rows) if rows else nothing,
        "balanced_accuracy": float(np.mean(right[used] / weights[used])) if used.any() else nothing,
        "weighted_accuracy": float(right.sum() / total) if total > 0 else nothing,
        "log_loss": float(np.sum(shares * losses[used] / weights[used])) if used.any() else nothing,
    }


def _interval(value: float, drawn: Floats) -> Interval:
    if not math.isfinite(value):
        return Interval(value=None)
    found = spread(drawn)
    if found is None:
        return Interval(value=float(value))
    low, high, error = found
    return Interval(value=float(value), low=low, high=high, error=error)


def roc_curve(ranking: Ranking) -> Curve | None:
    """Efficiency of the rest against that of a class, ``None`` where either has no weight."""
    if not math.isfinite(ranking.auc()):
        return None
    rest, chosen = ranking.roc()
    return thinned(chosen, rest)
