"""Area under the ROC curve within folds: scores of different classifiers are not compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hepml.ml.ranking import Ranking
from hepml.ml.results import Interval

__all__ = ["FoldRanking"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class FoldRanking:
    """Rows of two classes, scored by the classifiers of their folds.

    Pairs of rows of one fold are counted, over all folds. Rows of several folds together would
    give less than 0.5 without any difference: where a fold has more data than its share, the
    others, which train its classifiers, have less.

    Parameters
    ----------
    scores : array
        Larger for data.
    truth : array of bool
        Which rows are data.
    fold : array of int64
        Fold of each row.
    """

    def __init__(self, scores: Floats, truth: NDArray[np.bool_], fold: Integers) -> None:
        self._rows = [np.flatnonzero(fold == number) for number in np.unique(fold)]
        self._rankings = [Ranking(scores[rows], truth[rows]) for rows in self._rows]

    def auc(self, factors: Floats | None = None) -> float:
        """Share of pairs in order; NaN without pairs."""
        area, pairs = 0.0, 0.0
        for rows, ranking in zip(self._rows, self._rankings, strict=True):
            signal, background = ranking.passing(None if factors is None else factors[rows])
            area += float(np.trapezoid(np.append(0.0, signal), np.append(0.0, background)))
            pairs += float(signal[-1] * background[-1])
        return area / pairs if pairs > 0 else float("nan")

    def interval(self, group: Integers, *, repeats: int = 200, seed: int = 0) -> Interval:
        """The area with its error by drawing whole groups of rows.

        Parameters
        ----------
        group : array of int64
            Group of each row: an event with its samples.
        repeats, seed : int
            Draws, and their seed.
        """
        value = self.auc()
        if not np.isfinite(value):
            return Interval(value=None)
        rng = np.random.default_rng(seed)
        of_row = np.unique(group, return_inverse=True)[1].reshape(-1)
        count = int(of_row.max()) + 1
        drawn = []
        for _ in range(repeats):
            times = np.bincount(rng.integers(0, count, count), minlength=count)
            drawn.append(self.auc(times[of_row].astype(np.float64)))
        finite = np.asarray(drawn)[np.isfinite(drawn)]
        if len(finite) < 2:
            return Interval(value=value)
        low, high = np.quantile(finite, [0.16, 0.84]).tolist()
        return Interval(value=value, low=low, high=high, error=float(finite.std()))
