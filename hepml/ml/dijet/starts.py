"""Where fits begin: at each node of the masses the best yields, which are a convex problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.grid import RatioGrid

__all__ = ["Landscape", "best_yields", "scan_masses"]

Array = NDArray[np.float64]

# ln L below which an event counts as pure background, and above which as pure signal; this
# decides where fits begin, not where they end.
_NEGLIGIBLE = -6.0
_CERTAIN = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class Landscape:
    """Deviance of the data on a grid of masses, the yields being the best at each.

    Attributes
    ----------
    x, y : array
        Masses [GeV].
    deviance : array, shape (x, y)
        -2 ln of the likelihood over that of background; 0 where signal does not help.
    yields : array, shape (x, y, hypotheses)
        Shares of the hypotheses in the data.
    """

    x: Array
    y: Array
    deviance: Array
    yields: Array

    def minima(self, most: int, *, symmetric: bool = False) -> list[tuple[int, int]]:
        """Nodes that are lower than their neighbours, the lowest first; at least one."""
        padded = np.pad(self.deviance, 1, constant_values=np.inf)
        rows, columns = self.deviance.shape
        around = [
            padded[1 + i : 1 + i + rows, 1 + j : 1 + j + columns]
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
        ]
        lowest = self.deviance <= np.min(around, axis=0)
        if symmetric:
            lowest &= np.tri(rows, columns, dtype=bool)
        order = np.argsort(self.deviance, axis=None, kind="stable")
        nodes = [divmod(int(place), columns) for place in order]
        return [node for node in nodes if lowest[node]][:most]


def scan_masses(grid: RatioGrid, x: Array | None = None, y: Array | None = None) -> Landscape:
    """Best yields and deviance at masses, by default the nodes of the grid.

    Parameters
    ----------
    grid : RatioGrid
        Density ratios of the data.
    x, y : array, optional
        Masses [GeV].
    """
    xs = grid.axes[0].nodes if x is None else np.asarray(x, np.float64)
    ys = grid.axes[1].nodes if y is None else np.asarray(y, np.float64)
    deviance = np.zeros((len(xs), len(ys)))
    yields = np.zeros((len(xs), len(ys), grid.hypotheses))
    mirrored = grid.symmetric and np.array_equal(xs, ys)
    for i, first in enumerate(xs):
        for j, second in enumerate(ys):
            if mirrored and j > i:
                continue
            found, value = best_yields(grid.log_ratios(float(first), float(second)))
            deviance[i, j], yields[i, j] = value, found
            if mirrored:
                deviance[j, i], yields[j, i] = value, found
    return Landscape(xs, ys, deviance, yields)


def best_yields(log_ratios: NDArray[Any]) -> tuple[Array, float]:
    """Most likely yields at fixed masses, by Newton's method: the likelihood has one maximum.

    Parameters
    ----------
    log_ratios : array, shape (hypotheses, events)
        ln L.

    Returns
    -------
    yields : array, shape (hypotheses,)
        None below 0.
    deviance : float
        Of the likelihood over that of background.
    """
    kept = (log_ratios > _NEGLIGIBLE).any(axis=0)
    excess = np.expm1(np.minimum(log_ratios[:, kept], _CERTAIN).astype(np.float64))
    rest = log_ratios.shape[1] - int(kept.sum())
    found = np.full(len(excess), 1e-3 / len(excess))
    value = _value(found, excess, rest)
    for _ in range(12):
        step = _step(found, excess, rest)
        size = 1.0
        while size > 1e-4:
            tried = np.maximum(found + size * step, 0.0)
            if tried.sum() < 0.999 and (new := _value(tried, excess, rest)) >= value:
                break
            size /= 2
        else:
            break
        gain, found, value = new - value, tried, new
        if gain < 1e-3:
            break
    return (found, -2 * value) if value > 0 else (np.zeros(len(excess)), 0.0)


def _value(yields: Array, excess: Array, rest: int) -> float:
    return float(np.log1p(yields @ excess).sum() + rest * np.log1p(-yields.sum()))


def _step(yields: Array, excess: Array, rest: int) -> Array:
    """Newton's step of those yields that are free to move."""
    slopes = excess / (1 + yields @ excess)
    other = -1 / (1 - yields.sum())
    gradient = slopes.sum(axis=1) + rest * other
    curvature = slopes @ slopes.T + rest * other**2
    free = (yields > 0) | (gradient > 0)
    step = np.zeros(len(yields))
    part = curvature[np.ix_(free, free)]
    if free.any():
        # two hypotheses may be alike
        part = part + 1e-9 * np.trace(part) * np.eye(len(part))
        step[free] = np.linalg.solve(part, gradient[free])
    return step
