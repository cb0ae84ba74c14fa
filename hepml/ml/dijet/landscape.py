"""Likelihood of the data over planes of two parameters: masses, or signal fraction and mixture."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError, ParameterError
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.objective import MixtureObjective
from hepml.ml.dijet.results import Landscape
from hepml.ml.dijet.splines import Axis
from hepml.ml.dijet.starts import cut_for, scan_masses
from hepml.ml.dijet.yields import along

__all__ = ["mass_landscape", "yield_landscape"]

Floats = NDArray[np.float64]

# Largest step of a mass, and what is near the best masses, where it is a quarter of that [GeV];
# steps of a mass at least: contours are smooth.
_STEP, _NEAR, _STEPS = 17.0, 30.0, 30


def mass_landscape(
    data: RatioGrid,
    x: NDArray[Any] | None = None,
    y: NDArray[Any] | None = None,
    *,
    reference: RatioGrid | None = None,
    truth: Mapping[str, float] | None = None,
    best: tuple[float, float] | None = None,
    closer: bool = True,
) -> Landscape:
    """Likelihood over both masses; all yields are the most likely ones at each point.

    Parameters
    ----------
    data : RatioGrid
        Density ratios of the data, with two masses.
    x, y : array, optional
        Masses [GeV]; default: the nodes of the grid and points between them, at most 17 GeV
        apart and 31 at least.
    reference : RatioGrid, optional
        Density ratios of the reference: q is of the cross-entropy then, which is the likelihood of
        what is data and what is reference.
    truth : mapping of str to float, optional
        What was put into the data, by the names of the masses.
    best : (float, float), optional
        Masses that a fit found; default: the best point of the plane.
    closer : bool
        Whether points are closer near ``best``.

    Raises
    ------
    ParameterError
        If the grid does not have two masses.
    ModelError
        If there are no events.
    """
    names = [axis.name for axis in data.axes if axis.free]
    if len(names) != 2:
        raise ParameterError(
            f"A landscape over masses needs density ratios at two of them, not {len(names)}."
        )
    if not len(data):
        raise ModelError("A likelihood needs events, and there are none.")
    xs, ys = (
        _fine(axis, (best or ()) if closer else ())
        if values is None
        else np.asarray(values, np.float64)
        for axis, values in zip(data.axes, (x, y), strict=True)
    )
    found = scan_masses(_objective(data, reference), xs, ys)
    place = np.unravel_index(int(found.deviance.argmin()), found.deviance.shape)
    lowest = (float(found.x[place[0]]), float(found.y[place[1]]))
    here = _truth(truth, names)
    return Landscape(
        x_name=names[0],
        y_name=names[1],
        x=tuple(found.x.tolist()),
        y=tuple(found.y.tolist()),
        # rows of y, columns of x
        q=_from_lowest(found.deviance.T),
        profiled=("mu",) if data.hypotheses == 1 else ("mu", "alpha"),
        best=best or lowest,
        truth=here,
        mirrored=None if here is None or here[0] == here[1] else (here[1], here[0]),
    )


def yield_landscape(
    data: RatioGrid,
    masses: tuple[float, float],
    mu: NDArray[Any],
    alpha: NDArray[Any],
    *,
    reference: RatioGrid | None = None,
    truth: Mapping[str, float] | None = None,
    best: tuple[float, float] | None = None,
) -> Landscape:
    """Likelihood over signal fraction and share of the second mode, at fixed masses.

    Parameters
    ----------
    data : RatioGrid
        Density ratios of the data under two hypotheses.
    masses : (float, float)
        Where the masses are held [GeV].
    mu, alpha : array
        Points of the plane.
    reference : RatioGrid, optional
        See :func:`mass_landscape`.
    truth : mapping of str to float, optional
        What was put into the data: ``mu`` and ``alpha``.
    best : (float, float), optional
        What a fit found; default: the best point of the plane.

    Raises
    ------
    ParameterError
        If there are not two hypotheses.
    ModelError
        If there are no events.
    """
    if data.hypotheses != 2:
        raise ParameterError(
            f"alpha mixes two hypotheses of the signal, and there are {data.hypotheses}."
        )
    if not len(data):
        raise ModelError("A likelihood needs events, and there are none.")
    xs, ys = np.asarray(mu, np.float64), np.asarray(alpha, np.float64)
    cut = cut_for(len(data), float(xs.max()))
    (point,) = along(_objective(data, reference), masses[0], np.array([masses[1]]), cut=cut)
    deviance = np.array(
        [[point.deviance(np.array([m * (1 - a), m * a])) for m in xs.tolist()] for a in ys.tolist()]
    )
    row, column = np.unravel_index(int(deviance.argmin()), deviance.shape)
    return Landscape(
        x_name="mu",
        y_name="alpha",
        x=tuple(xs.tolist()),
        y=tuple(ys.tolist()),
        q=_from_lowest(deviance),
        fixed={axis.name: mass for axis, mass in zip(data.axes, masses, strict=True) if axis.free},
        best=best or (float(xs[column]), float(ys[row])),
        truth=_truth(truth, ("mu", "alpha")),
    )


def _objective(data: RatioGrid, reference: RatioGrid | None) -> MixtureObjective:
    return MixtureObjective(
        data, reference, loss="likelihood" if reference is None else "cross-entropy"
    )


def _fine(axis: Axis, best: Sequence[float]) -> Floats:
    """Nodes, and points between them; more of them near masses, on both axes alike."""

    def divided(edges: Floats, most: Callable[[float], float]) -> Floats:
        parts = [
            np.linspace(low, high, math.ceil((high - low) / most((low + high) / 2)), endpoint=False)
            for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        ]
        return np.concatenate([*parts, edges[-1:]])

    most = min(_STEP, (axis.high - axis.low) / _STEPS)

    def step(centre: float) -> float:
        return most / 4 if any(abs(centre - mass) < _NEAR for mass in best) else most

    return divided(divided(axis.nodes, lambda _: most), step)


def _truth(truth: Mapping[str, float] | None, names: Any) -> tuple[float, float] | None:
    if truth is None or not all(name in truth for name in names):
        return None
    first, second = (float(truth[name]) for name in names)
    return first, second


def _from_lowest(deviance: Floats) -> tuple[tuple[float | None, ...], ...]:
    """Distance from the best point; where the likelihood vanishes, nothing."""
    finite = np.isfinite(deviance)
    lowest = float(deviance[finite].min()) if finite.any() else 0.0
    return tuple(
        tuple(float(value - lowest) if np.isfinite(value) else None for value in row)
        for row in deviance
    )
