"""Fit again near masses that a fit found, on density ratios at masses close to each other.

Resonances are narrower than steps of a grid that can be afforded everywhere: ln L between its nodes
is no spline. The grid finds where a signal is, a window around it says what it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.fit import fit_mixture
from hepml.ml.dijet.fitted import MixtureFit
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.normalise import normalise
from hepml.ml.dijet.objective import Loss
from hepml.ml.dijet.priors import Priors

__all__ = ["STEP", "Window", "refined", "window_nodes"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Masses = tuple[float, float]
Progress = Callable[[str, int, int], None]

STEP = 6.25
"""Distance of the masses in a window [GeV], a few times below the width of a resonance."""

# Half of a window [GeV]: at least, and at most.
_NARROW, _WIDE = 18.75, 37.5
# Minima that are looked at, and how far above the best one they may be.
_MINIMA, _ABOVE = 2, 16.0
# Times that a window follows a minimum at its edge.
_MOVES = 2


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Density ratios around two masses.

    Attributes
    ----------
    data, reference : RatioGrid
        Of the data, and of the reference where the fit has one.
    """

    data: RatioGrid
    reference: RatioGrid | None


def refined(
    priors: Priors,
    coarse: MixtureFit,
    x: Singles,
    x_reference: Singles | None,
    *,
    loss: Loss,
    starts: int,
    progress: Progress | None = None,
) -> tuple[MixtureFit, Window] | None:
    """Fit again in windows around the lowest minima of a fit, with intervals at the best of them.

    Parameters
    ----------
    priors : Priors
        Where density ratios come from.
    coarse : MixtureFit
        On the grid of all masses.
    x, x_reference : array of float32, shape (events, features)
        Data, and reference of the cross-entropy.
    loss : {"likelihood", "cross-entropy"}
        What is minimised.
    starts : int
        Most descents in a window.
    progress : callable, optional
        Told of each window.

    Returns
    -------
    (MixtureFit, Window) or None
        Nothing where there is no signal, or a mass is not free.
    """
    centres = _minima(coarse)
    found = []
    for number, centre in enumerate(centres):
        if progress is not None:
            progress("fit near a minimum", number, len(centres))
        for _ in range(_MOVES + 1):
            window = _window(priors, centre, _half(coarse), x, x_reference)
            fit = fit_mixture(
                window.data, window.reference, loss=loss, starts=starts, intervals=False
            )
            end = fit.descents[0].end[0], fit.descents[0].end[1]
            if not _at_edge(window.data, end, priors.nodes):
                break
            centre = end
        found.append((fit.deviance, window))
    if not found:
        return None
    window = min(found, key=lambda item: item[0])[1]
    return fit_mixture(window.data, window.reference, loss=loss, starts=starts), window


def _minima(fit: MixtureFit) -> list[Masses]:
    """Masses of the lowest minima, none near another."""
    names = [item.name for item in fit.parameters]
    if names[:2] != ["mx", "my"] or not fit["mu"].value:
        return []
    found: list[Masses] = []
    for descent in fit.descents:
        masses = descent.end[0], descent.end[1]
        near = any(math.dist(masses, other) < 2 * _NARROW for other in found)
        if descent.deviance < fit.deviance + _ABOVE and not near and len(found) < _MINIMA:
            found.append(masses)
    return found


def _half(fit: MixtureFit) -> float:
    """Half of a window: two errors of the masses, within limits."""
    errors = [fit[name].error or _NARROW / 2 for name in ("mx", "my")]
    return min(max(2 * max(errors), _NARROW), _WIDE)


def window_nodes(masses: Masses, half: float, low: float, high: float) -> tuple[Floats, Floats]:
    """Masses of a window, along both axes: the same ones where the two windows meet.

    Parameters
    ----------
    masses : (float, float)
        The middle [GeV].
    half : float
        Half of the width [GeV].
    low, high : float
        Limits [GeV].
    """
    ends = [(max(mass - half, low), min(mass + half, high)) for mass in masses]
    if ends[0][0] <= ends[1][1] and ends[1][0] <= ends[0][1]:
        ends = [(min(ends[0][0], ends[1][0]), max(ends[0][1], ends[1][1]))] * 2
    nodes = [np.linspace(a, b, max(math.ceil((b - a) / STEP) + 1, 4)) for a, b in ends]
    return nodes[0], nodes[1]


def _window(
    priors: Priors, masses: Masses, half: float, x: Singles, x_reference: Singles | None
) -> Window:
    nodes = window_nodes(masses, half, float(priors.nodes[0]), float(priors.nodes[-1]))
    kappa = normalise(_grid(priors, priors.rest, nodes), priors.weights, refine=2)
    grids = [
        None if rows is None else _grid(priors, rows, nodes).with_kappa(kappa)
        for rows in (x, x_reference)
    ]
    data = grids[0]
    if data is None:
        raise TypeError("A window needs data.")
    return Window(data, grids[1])


def _grid(priors: Priors, x: Singles, nodes: tuple[Floats, Floats]) -> RatioGrid:
    """ln L, not normalised, at all pairs of masses; once where the axes are the same."""
    symmetric = np.array_equal(*nodes)
    i, j = np.tril_indices(len(nodes[0])) if symmetric else _all_pairs(nodes)
    found = priors.at(x, np.column_stack([nodes[0][i], nodes[1][j]]))
    values = np.empty((len(priors.modes), len(nodes[0]), len(nodes[1]), len(x)), np.float32)
    values[:, i, j] = found
    if symmetric:
        values[:, j, i] = found
    return RatioGrid(
        values, {"mx": nodes[0], "my": nodes[1]}, names=priors.modes, symmetric=symmetric
    )


def _all_pairs(nodes: tuple[Floats, Floats]) -> tuple[Any, Any]:
    i, j = np.indices((len(nodes[0]), len(nodes[1])))
    return i.ravel(), j.ravel()


def _at_edge(grid: RatioGrid, masses: Masses, nodes: Floats) -> bool:
    """Whether a mass is at an end of the window that is none of the grid."""
    for axis, mass in zip(grid.axes, masses, strict=True):
        if mass < axis.low + STEP / 10 and axis.low > nodes[0]:
            return True
        if mass > axis.high - STEP / 10 and axis.high < nodes[-1]:
            return True
    return False
