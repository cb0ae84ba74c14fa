"""Bins of a score that have the largest expected significance together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.ml.categories import expected_significance

__all__ = ["score_bins"]

Floats = NDArray[np.float64]


def score_bins(
    score: Floats,
    weights: Floats,
    background: Floats,
    background_weights: Floats | None = None,
    *,
    bins: int = 3,
    candidates: int = 40,
    least: int = 10,
) -> Floats:
    """Choose edges by trying every combination (dynamic programming).

    Choose them on other rows than those that the significance is then taken from: the best of
    many is too good.

    Parameters
    ----------
    score, weights : array of float64
        Scores of signal rows in the window, and their expected events.
    background : array of float64
        Scores of background rows (the sidebands of data).
    background_weights : array of float64, optional
        Their expected events in the window; default: 1.
    bins : int
        Most bins.
    candidates : int
        Edges tried: quantiles of signal scores.
    least : int
        Fewest background rows in a bin, so that its background is known.

    Returns
    -------
    array of float64
        Inner edges, rising, fewer than ``bins``: for ``np.digitize``.

    Raises
    ------
    ParameterError
        If there are no bins to make.
    """
    if bins < 1 or candidates < 1:
        raise ParameterError(f"At least 1 bin and 1 edge are needed, not {bins}, {candidates}.")
    if not len(score):
        return np.empty(0)
    quantiles = np.quantile(score, np.linspace(0, 1, candidates + 2)[1:-1])
    inner = np.unique(quantiles)
    used = np.ones(len(background)) if background_weights is None else background_weights
    edges = np.concatenate([[-np.inf], inner, [np.inf]])
    signals = np.append(0.0, np.cumsum(_sums(score, weights, inner)))
    backgrounds = np.append(0.0, np.cumsum(_sums(background, used, inner)))
    rows = np.append(0.0, np.cumsum(_sums(background, np.ones(len(background)), inner)))
    size = len(edges)
    gain = np.full((size, size), -np.inf)
    for i in range(size):
        for j in range(i + 1, size):
            if rows[j] - rows[i] >= least or (i, j) == (0, size - 1):
                s, b = signals[j] - signals[i], backgrounds[j] - backgrounds[i]
                gain[i, j] = expected_significance(float(s), max(float(b), 0.0)) ** 2
    return edges[_best(gain, bins)]


def _sums(values: Floats, weights: Floats, inner: Floats) -> Floats:
    found = np.bincount(np.digitize(values, inner), weights, len(inner) + 1)
    return np.asarray(found, np.float64)


def _best(gain: Floats, bins: int) -> list[int]:
    """Inner edges of the chain from the first to the last edge with the largest sum."""
    last = len(gain) - 1
    # best[k][j]: largest sum of k + 1 bins that end at edge j; before: where the last one began
    best, before = [gain[0]], [np.zeros(len(gain), dtype=np.int64)]
    for _ in range(bins - 1):
        chains = best[-1][:, None] + gain
        before.append(chains.argmax(axis=0))
        best.append(chains.max(axis=0))
    totals = [float(item[last]) for item in best]
    count = totals.index(max(totals))
    found = [last]
    for k in range(count, 0, -1):
        found.append(int(before[k][found[-1]]))
    chain = [0, *found[::-1]]
    return [edge for edge, _ in pairwise(chain[1:])]
