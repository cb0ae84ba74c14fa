"""The course of a mixture fit: starts, descents, intervals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, did_you_mean
from hepml.ml.dijet.descent import Stop, descend
from hepml.ml.dijet.diagonal import descend_ordered, ordered_covariance
from hepml.ml.dijet.objective import LARGEST, MixtureObjective
from hepml.ml.dijet.profile import End, find_end
from hepml.ml.dijet.starts import scan_masses

__all__ = ["NONE", "Search", "held_parameters"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

NONE = 1e-9
"""mu up to which there is no signal to have masses."""


def held_parameters(objective: MixtureObjective, fixed: dict[str, float]) -> tuple[Mask, Array]:
    """Which parameters are given, and their values."""
    held, values = np.zeros(len(objective.names), bool), np.zeros(len(objective.names))
    for name, value in fixed.items():
        if name not in objective.names:
            raise ParameterError(
                f"The mixture has no parameter {name!r}. {did_you_mean(name, objective.names)}"
            )
        place = objective.names.index(name)
        low, high = objective.lower[place], objective.upper[place]
        if not low <= value <= high:
            raise ParameterError(f"{name} = {value:g} lies outside {low:g} to {high:g}.")
        held[place], values[place] = True, value
    return held, values


@dataclass(slots=True, eq=False)
class Search:
    """A fit on its way: what is held, and what a reader must know."""

    objective: MixtureObjective
    held: Mask
    values: Array
    flags: list[str] = field(default_factory=list)

    @property
    def mu(self) -> int:
        """Place of mu among the parameters."""
        return self.objective.masses

    @property
    def ordered(self) -> tuple[int, int] | None:
        """The two masses whose order is a convention."""
        return (0, 1) if self.objective.data.symmetric and not self.held[:2].any() else None

    def descend(self, start: Array) -> Stop:
        """One descent; on a symmetric grid the first mass comes out larger."""
        start = np.where(self.held, self.values, start)
        if self.ordered:
            return descend_ordered(self.objective, start, self.ordered, held=self.held)
        return descend(self.objective, start, held=self.held)

    def descents(self, most: int) -> list[tuple[Array, Stop]]:
        """Descents from the lowest nodes, the best first."""
        axes = self.objective.data.axes
        names = [axis.name for axis in axes]
        nodes: list[Array | None] = [None, None]
        for place, name in enumerate(self.objective.names[: self.mu]):
            if self.held[place]:
                nodes[names.index(name)] = self.values[place : place + 1]
        found = scan_masses(self.objective, *nodes)
        symmetric = self.ordered is not None
        stops = []
        for i, j in found.minima(most, symmetric=symmetric):
            pair = [float(found.x[i]), float(found.y[j])]
            masses = [mass for mass, axis in zip(pair, axes, strict=True) if axis.free]
            start = np.array([*masses, *_mixed(found.yields[i, j])])
            stops.append((start, self.descend(start)))
            if symmetric and i == j:
                # equal masses may be a minimum, and the lowest be beside it
                apart = start + np.array([1, -1, *np.zeros(len(start) - 2)]) * _apart(found.x, i)
                stops.append((apart, self.descend(apart)))
        return sorted(stops, key=lambda pair: pair[1].deviance)

    def moving(self, theta: Array) -> Mask:
        """Parameters that the data determine and that are at no limit."""
        low, high = self.objective.lower, self.objective.upper
        margin = 1e-9 * (high - low)
        free = ~self.held & (theta > low + margin) & (theta < high - margin)
        if theta[self.mu] <= NONE:
            free &= np.arange(len(theta)) == self.mu
        return np.asarray(free)

    def errors(self, theta: Array) -> tuple[Array, Array, Mask]:
        """What the information matrix says.

        Parameters
        ----------
        theta : array
            Parameters of the best fit.

        Returns
        -------
        errors : array
            NaN where there is none: at limits, wider than the limits, and of two masses that
            cannot be told from equal ones, where it says nothing.
        correlation : array, shape (correlated, correlated)
            Correlations.
        correlated : array of bool
            Of which parameters.
        """
        free = self.moving(theta)
        matrix, tied = ordered_covariance(self.objective, theta, free, self.ordered)
        errors = np.sqrt(np.diag(matrix))
        if self.ordered and free[:2].all():
            apart = matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1]
            if (theta[0] - theta[1]) ** 2 <= apart or tied.any():
                errors[:2] = np.nan
        errors[~free | (errors > self.objective.upper - self.objective.lower)] = np.nan
        used = free & ~tied
        part = matrix[np.ix_(used, used)]
        size = np.sqrt(np.diag(part))
        return errors, part / np.outer(size, size), used

    def intervals(self, best: Stop, level: float) -> dict[str, tuple[End, End]]:
        """Both ends of each parameter's interval."""
        from scipy.stats import chi2

        rise = float(chi2.ppf(level, 1))
        ends = {}
        for place, name in enumerate(self.objective.names):
            nothing = best.theta[self.mu] <= NONE and place != self.mu
            if self.held[place] or nothing:
                continue
            low, high = (
                find_end(self.objective, best, place, side, rise, self.held, ordered=self.ordered)
                for side in (-1, 1)
            )
            ends[name] = (low, high)
        return ends


def _apart(nodes: Array, place: int) -> float:
    """A third of the way to the next node."""
    return float(nodes[min(place + 1, len(nodes) - 1)] - nodes[max(place - 1, 0)]) / 6


def _mixed(yields: Array) -> list[float]:
    """mu and alphas of yields, away from the limits, where slopes may vanish."""
    mu = float(yields.sum())
    left, alphas = mu, []
    for part in yields[:-1].tolist():
        alphas.append(min(max(1 - part / left, 0.05), 0.95) if left > 0 else 0.5)
        left -= part
    return [min(max(mu, 1e-5), LARGEST / 2), *alphas]
