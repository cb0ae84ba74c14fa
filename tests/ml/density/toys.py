"""Gaussian toys whose conditional density is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Correlated, with means and widths that change with the condition.
MIXING = np.array([[1.0, 0.0], [0.7, 0.6]])


def conditions(rows: int, seed: int) -> Array:
    """Conditions of two sidebands about a gap from -0.3 to 0.3."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.3, 1.7, rows) * rng.choice([-1.0, 1.0], rows)


def _parts(condition: Array) -> tuple[Array, Array]:
    mean = np.stack([0.5 * condition, -0.3 * condition], axis=1)
    scale = np.exp(np.stack([0.15 * condition, -0.1 * condition], axis=1))
    return mean, scale


def draw(condition: Array, seed: int) -> Array:
    """Two features for each condition."""
    noise = np.random.default_rng(seed).standard_normal((len(condition), 2))
    mean, scale = _parts(condition)
    return mean + scale * (noise @ MIXING.T)


def truth(z: Array, condition: Array) -> Array:
    """ln of the density that ``draw`` follows."""
    mean, scale = _parts(condition)
    r = np.linalg.solve(MIXING, ((z - mean) / scale).T).T
    size = np.log(np.diag(MIXING)).sum() + np.log(scale).sum(axis=1) + np.log(2 * np.pi)
    return -0.5 * (r**2).sum(axis=1) - size


def closure(data: Array, samples: Array, seed: int = 0) -> float:
    """AUC of trees that tell data from samples, on rows they never saw."""
    import lightgbm
    from sklearn.metrics import roc_auc_score

    x = np.concatenate([data, samples])
    y = np.repeat([1.0, 0.0], [len(data), len(samples)])
    part = np.random.default_rng(seed).integers(0, 2, len(x)) == 1
    settings = {"objective": "binary", "num_leaves": 8, "verbosity": -1, "num_threads": 1}
    trees = lightgbm.train(settings, lightgbm.Dataset(x[part], y[part]), 30)
    return float(roc_auc_score(y[~part], trees.predict(x[~part])))
