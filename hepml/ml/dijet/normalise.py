"""Normalise density ratios: their mean over background is 1, at all masses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.kappa import Kappa
from hepml.ml.dijet.kernels import log_means_on_line
from hepml.ml.dijet.splines import Axis

__all__ = ["normalise"]

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]


def normalise(
    grid: RatioGrid,
    weights: Array | None = None,
    *,
    refine: int = 3,
    tolerance: float = 1e-3,
    progress: Progress | None = None,
) -> Kappa:
    """Normalisation that makes the mean of L 1 over the events of a grid, which are background.

    At the nodes and between them, where the mean of a spline of ln L is not 1 by itself.

    Parameters
    ----------
    grid : RatioGrid
        Background events; a normalisation that it has is not looked at.
    weights : array, shape (events,), optional
        Their weights, see `hepml.ml.dijet.bridge`; default: all the same.
    refine : int
        Steps of the normalisation's nodes in each step of the grid's. They are halved, up to
        twice, where the mean is not 1 in between.
    tolerance : float
        Largest distance of the mean from 1.
    progress : callable, optional
        Called with a text, points done and points in all.

    Raises
    ------
    ModelError
        If there are no events, or a weight is not positive.
    """
    if not len(grid):
        raise ModelError("Density ratios are normalised by background, and there are none.")
    used = np.ones(len(grid)) if weights is None else np.asarray(weights, np.float64)
    if len(used) != len(grid) or not (used > 0).all():
        raise ModelError("Weights of background must be positive, one for each event.")
    log_weights = np.log(used / used.sum())
    bare = grid.with_kappa(None)
    for steps in (refine, 2 * refine, 4 * refine):
        axes = tuple(_refined(axis, steps) for axis in grid.axes)
        kappa = _at_nodes(bare, (axes[0], axes[1]), log_weights, progress)
        worst = bare.with_kappa(kappa).worst_mean(used)
        if worst < tolerance:
            break
    return replace(kappa, worst=worst, error=_error(bare, log_weights))


def _refined(axis: Axis, steps: int) -> Axis:
    if not axis.free or steps < 2:
        return axis
    inner = np.arange(steps) / steps
    parts = axis.nodes[:-1, None] + np.diff(axis.nodes)[:, None] * inner
    return Axis(axis.name, np.append(parts.ravel(), axis.nodes[-1]))


def _at_nodes(
    grid: RatioGrid, axes: tuple[Axis, Axis], log_weights: Array, progress: Progress | None
) -> Kappa:
    shape = tuple(len(axis.nodes) for axis in axes)
    values = np.empty((grid.hypotheses, *shape))
    places = [grid.axes[1].at(float(y)) for y in axes[1].nodes]
    firsts = np.array([place[0] for place in places])
    splines = np.stack([place[1] for place in places])
    for i, x in enumerate(axes[0].nodes):
        first, wx, _ = grid.axes[0].at(float(x))
        part = grid.coefficients[:, first : first + len(wx)]
        line = np.einsum("i,kije->kje", wx.astype(np.float32), part)
        # the other half of a symmetric grid is the same
        last = i + 1 if grid.symmetric else shape[1]
        found = np.empty((grid.hypotheses, last))
        log_means_on_line(line, log_weights, firsts[:last], splines[:last], found)
        values[:, i, :last] = -found
        if grid.symmetric:
            values[:, :last, i] = -found
        if progress is not None:
            progress("normalisation", i + 1, shape[0])
    return Kappa.from_nodes(axes, values, len(grid))


def _error(grid: RatioGrid, log_weights: Array) -> float:
    """Largest relative error of the mean of L, at the nodes."""
    worst = 0.0
    for i, x in enumerate(grid.axes[0].nodes):
        for y in grid.axes[1].nodes[: i + 1 if grid.symmetric else None]:
            z = grid.log_ratios(float(x), float(y)) + log_weights
            scaled = np.exp(z - z.max(axis=1, keepdims=True))
            share = np.sum(scaled**2, axis=1) / scaled.sum(axis=1) ** 2
            worst = max(worst, float(np.sqrt(share.max())))
    return worst
