"""What a model loses when it no longer knows a feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.ranking import Ranking

__all__ = ["permutation_importance"]


def permutation_importance(
    score: Callable[[NDArray[np.float32]], NDArray[Any]],
    x: NDArray[np.float32],
    truth: NDArray[np.bool_],
    weights: NDArray[np.float64] | None = None,
    *,
    rows: int = 10_000,
    repeats: int = 3,
    seed: int = 0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Loss of average precision when a feature is shuffled among rows (Breiman, 2001).

    Parameters
    ----------
    score : callable
        From inputs to scores.
    x : array of float32, shape (rows, features)
        Rows that the model was not trained on.
    truth : array of bool
        Which are signal.
    weights : array of float64, optional
        Their weights.
    rows : int
        Most rows to use, drawn at random.
    repeats : int
        How often each feature is shuffled.
    seed : int
        Seed.

    Returns
    -------
    (array, array)
        Mean loss by feature, and its standard deviation.
    """
    rng = np.random.default_rng(seed)
    chosen = np.arange(len(x))
    if len(x) > rows:
        chosen = np.sort(rng.choice(len(x), rows, replace=False))
    part, known = x[chosen].copy(), truth[chosen]
    used = None if weights is None else weights[chosen]
    before = Ranking(score(part), known, used).average_precision()
    losses = np.empty((part.shape[1], repeats))
    for place in range(part.shape[1]):
        kept = part[:, place].copy()
        for repeat in range(repeats):
            part[:, place] = rng.permutation(kept)
            after = Ranking(score(part), known, used).average_precision()
            losses[place, repeat] = before - after
        part[:, place] = kept
    return losses.mean(axis=1), losses.std(axis=1)
