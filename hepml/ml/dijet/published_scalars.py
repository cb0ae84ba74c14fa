"""What the published optimiser moves: scalars for masses, ln mu and alpha, with soft limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.mixture import alpha_names
from hepml.ml.dijet.objective import LARGEST
from hepml.ml.dijet.published_settings import Optimiser

__all__ = ["MASS", "Scalars"]

Array = NDArray[np.float64]

MASS = 100.0
"""Mass of a scalar of 1 [GeV]."""


@dataclass(frozen=True, slots=True, eq=False)
class Scalars:
    """Masses in 100 GeV, ln mu, and alpha as it is.

    Attributes
    ----------
    names : tuple of str
        Of the parameters that they stand for.
    masses : int
        How many of them are masses; they come first.
    low, high, strength : array
        Soft limits, and how hard they push back.
    first : array
        Where trials begin, but for masses.
    """

    names: tuple[str, ...]
    masses: int
    low: Array
    high: Array
    strength: Array
    first: Array

    @classmethod
    def of(cls, grid: RatioGrid, settings: Optimiser) -> Self:
        """Those of a grid: masses lie within it, which are 50 to 600 GeV on the published one."""
        axes = [axis for axis in grid.axes if axis.free]
        alphas = alpha_names(grid.hypotheses)
        none = len(alphas)
        return cls(
            (*(axis.name for axis in axes), "mu", *alphas),
            len(axes),
            np.array([*(axis.low / MASS for axis in axes), settings.log_mu[0], *[0.0] * none]),
            np.array([*(axis.high / MASS for axis in axes), settings.log_mu[1], *[1.0] * none]),
            np.array([settings.strength] * (len(axes) + 1) + [settings.alpha_strength] * none),
            np.array([*[0.0] * len(axes), math.log(settings.mu), *[settings.alpha] * none]),
        )

    def start(self, rng: np.random.Generator) -> Array:
        """Masses at random, the rest where all trials begin."""
        found = self.first.copy()
        found[: self.masses] = rng.uniform(self.low[: self.masses], self.high[: self.masses])
        return found

    def parameters(self, scalars: Array) -> tuple[Array, Array]:
        """Masses [GeV], mu and alphas, and the slope of each by its scalar.

        Masses stay on the grid, mu below 1 and alphas between 0 and 1: beyond that the slope is
        0, and only the penalty moves a scalar.
        """
        low, high = self.low.copy(), self.high.copy()
        # mu may become as small as it likes
        low[self.masses], high[self.masses] = -np.inf, math.log(LARGEST)
        inside = np.clip(scalars, low, high)
        slopes = np.where(inside == scalars, 1.0, 0.0)
        values = inside.copy()
        values[: self.masses] *= MASS
        slopes[: self.masses] *= MASS
        values[self.masses] = math.exp(inside[self.masses])
        slopes[self.masses] *= values[self.masses]
        return values, slopes

    def penalty(self, scalars: Array) -> tuple[float, Array]:
        """Growing like an exponential outside the limits, and its slopes."""
        below = np.exp(np.maximum(self.low - scalars, 0.0))
        above = np.exp(np.maximum(scalars - self.high, 0.0))
        value = float(self.strength @ (below + above - 2))
        outside = np.where(scalars > self.high, above, np.where(scalars < self.low, -below, 0.0))
        return value, self.strength * outside
