"""Where fits begin: at each node of the masses the best yields, a small problem."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.objective import MixtureObjective
from hepml.ml.dijet.yields import CUT, along

__all__ = ["Landscape", "cut_for", "scan_masses"]

Array = NDArray[np.float64]

# Of the deviance.
_ACCURACY = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Landscape:
    """Deviance on a grid of masses, the yields being the best at each.

    Attributes
    ----------
    x, y : array
        Masses [GeV].
    deviance : array, shape (x, y)
        Less that without signal; 0 where signal does not help.
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


def scan_masses(
    objective: MixtureObjective, x: Array | None = None, y: Array | None = None
) -> Landscape:
    """Best yields and deviance at masses, by default the nodes of the grid.

    Parameters
    ----------
    objective : MixtureObjective
        Data, and reference where it has one.
    x, y : array, optional
        Masses [GeV].
    """
    grid = objective.data
    xs = grid.axes[0].nodes if x is None else np.asarray(x, np.float64)
    ys = grid.axes[1].nodes if y is None else np.asarray(y, np.float64)
    found = _scan(objective, xs, ys, CUT)
    cut = cut_for(len(grid), float(found.yields.sum(axis=2).max(initial=0.0)))
    return found if cut >= CUT else _scan(objective, xs, ys, cut)


def cut_for(events: int, largest: float) -> float:
    """ln L below which events may count by sums alone, up to the largest sum of yields."""
    # what the third power of yields x L may add up to over all events
    return min(math.log((3 * _ACCURACY / events) ** (1 / 3) / max(largest, 1e-9)), CUT)


def _scan(objective: MixtureObjective, xs: Array, ys: Array, cut: float) -> Landscape:
    grid = objective.data
    deviance = np.zeros((len(xs), len(ys)))
    yields = np.zeros((len(xs), len(ys), grid.hypotheses))
    mirrored = grid.symmetric and np.array_equal(xs, ys)
    for i, first in enumerate(xs.tolist()):
        seconds = ys[: i + 1] if mirrored else ys
        near: Array | None = None
        for j, point in enumerate(along(objective, first, seconds, cut=cut)):
            near, deviance[i, j] = point.best(near)
            yields[i, j] = near
            if mirrored:
                yields[j, i], deviance[j, i] = yields[i, j], deviance[i, j]
    return Landscape(xs, ys, deviance, yields)
