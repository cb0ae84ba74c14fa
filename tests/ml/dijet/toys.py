"""Toys whose densities are known: one feature, two masses with two hypotheses, ordered pairs."""

from __future__ import annotations

from typing import Any

import numpy as np

from hepml.ml.dijet.grid import RatioGrid

Rows = np.ndarray[Any, Any]
NODES = np.arange(100.0, 501.0, 50.0)


def gaussians(background: int, mu: float, rng: np.random.Generator) -> Rows:
    """Background N(6, 1) and signal N(3, 1) of one feature, as many as mu says."""
    signal = int(background * mu / (1 - mu))
    return np.concatenate([rng.normal(6, 1, background), rng.normal(3, 1, signal)])


def exact(x: Rows) -> RatioGrid:
    """Their true density ratio."""
    return RatioGrid((((x - 6) ** 2 - (x - 3) ** 2) / 2)[None])


def background(size: int, rng: np.random.Generator) -> Rows:
    """Two features, exponential."""
    return np.column_stack([rng.exponential(200, size), rng.exponential(120, size)])


def signal(size: int, x: float, y: float, wide: int, rng: np.random.Generator) -> Rows:
    """Normal at two masses; the second hypothesis is twice as wide in the first."""
    return np.column_stack([rng.normal(x, 30.0 * (1 + wide), size), rng.normal(y, 25.0, size)])


def ratios(rows: Rows, x: float, y: float, wide: int) -> Rows:
    """True density ratio."""
    width = 30.0 * (1 + wide)
    top = -(((rows[:, 0] - x) / width) ** 2 + ((rows[:, 1] - y) / 25.0) ** 2) / 2
    below = -rows[:, 0] / 200 - rows[:, 1] / 120 - np.log(200 * 120)
    return np.asarray(top - np.log(2 * np.pi * width * 25.0) - below)


def planes(rows: Rows, hypotheses: int = 2) -> RatioGrid:
    """True density ratios at all nodes."""
    values = np.array(
        [[[ratios(rows, x, y, wide) for y in NODES] for x in NODES] for wide in range(hypotheses)]
    )
    names = ("two_prong", "three_prong")[:hypotheses]
    return RatioGrid(values, {"mx": NODES, "my": NODES}, names=names)


def mixed(size: int, each: tuple[int, int], seed: int, at: tuple[float, float]) -> Rows:
    """Background with signal of both hypotheses."""
    rng = np.random.default_rng(seed)
    parts = [background(size, rng)]
    parts += [signal(count, *at, wide, rng) for wide, count in enumerate(each)]
    return np.concatenate(parts)


PAIR_NODES = np.arange(25.0, 476.0, 25.0)
WIDTHS = (30.0, 50.0)


def pairs(background: int, signal: int, at: tuple[float, float], rng: np.random.Generator) -> Rows:
    """Two measured masses, the larger first: which is of which resonance no one knows.

    Numbers of events fluctuate; 40 % of the signal are of the second, wider hypothesis.
    """
    parts = [rng.normal(200.0, 200.0, (rng.poisson(background), 2))]
    for share, width in zip((0.6, 0.4), WIDTHS, strict=True):
        parts.append(rng.normal(at, width, (rng.poisson(share * signal), 2)))
    return -np.sort(-np.concatenate(parts), axis=1)


def paired(rows: Rows) -> RatioGrid:
    """Their true density ratios at all nodes: even functions of the masses' difference."""

    def log_normal(values: Rows, mean: float, width: float) -> Rows:
        return np.asarray(-(((values - mean) / width) ** 2) / 2 - np.log(width))

    below = log_normal(rows, 200.0, 200.0).sum(axis=1)
    size = len(PAIR_NODES)
    values = np.empty((2, size, size, len(rows)), np.float32)
    for k, width in enumerate(WIDTHS):
        each = np.array([log_normal(rows, mass, width) for mass in PAIR_NODES])
        for i in range(size):
            for j in range(i + 1):
                both = np.logaddexp(each[i, :, 0] + each[j, :, 1], each[j, :, 0] + each[i, :, 1])
                values[k, i, j] = values[k, j, i] = both - np.log(2) - below
    nodes = {"mx": PAIR_NODES, "my": PAIR_NODES}
    return RatioGrid(values, nodes, names=("two_prong", "three_prong"), symmetric=True)
