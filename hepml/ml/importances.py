"""What a model loses when it no longer knows a feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.ranking import Ranking

__all__ = ["draw_rows", "permutation_importance", "permutation_losses"]


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
    chosen = draw_rows(len(x), rows, rng)
    known = truth[chosen]
    used = None if weights is None else weights[chosen]
    return permutation_losses(
        lambda part: Ranking(score(part), known, used).average_precision(),
        x[chosen],
        repeats=repeats,
        rng=rng,
    )


def draw_rows(size: int, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Numbers of at most so many rows, drawn without replacement, rising."""
    if size <= most:
        return np.arange(size)
    return np.sort(rng.choice(size, most, replace=False))


def permutation_losses(
    measure: Callable[[NDArray[np.float32]], float],
    x: NDArray[np.float32],
    *,
    repeats: int = 3,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a figure of merit loses when a feature is shuffled among rows.

    Parameters
    ----------
    measure : callable
        From inputs of the rows, in their order, to the figure of merit.
    x : array of float32, shape (rows, features)
        Rows that the model was not trained on; left as they are.
    repeats : int
        How often each feature is shuffled.
    rng : numpy Generator
        Shuffles.

    Returns
    -------
    (array, array)
        Mean loss by feature, and its standard deviation.
    """
    part = x.copy()
    before = measure(part)
    losses = np.empty((part.shape[1], repeats))
    for place in range(part.shape[1]):
        kept = part[:, place].copy()
        for repeat in range(repeats):
            part[:, place] = rng.permutation(kept)
            losses[place, repeat] = before - measure(part)
        part[:, place] = kept
    return losses.mean(axis=1), losses.std(axis=1)
