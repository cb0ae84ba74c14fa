"""The mass spectrum of the background: how many events, and masses to draw samples at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtr

from hepml.errors import StatisticsError
from hepml.stats.backgrounds import Background
from hepml.stats.fit import Fitted

__all__ = ["MassModel"]

Array = NDArray[np.float64]

# Points at which the spectrum is integrated; linear in between to a relative 1e-6.
POINTS = 4001


@dataclass(frozen=True, eq=False)
class MassModel:
    """A spectrum, from a fit to the sidebands or from a kernel density.

    Attributes
    ----------
    mass, cumulative : array
        Masses [GeV], and expected events below each.
    source : dict
        Where this comes from, as JSON values.
    """

    mass: Array
    cumulative: Array
    source: dict[str, Any]

    @classmethod
    def from_background(
        cls, background: Background, coefficients: Array, width: float = 1.0
    ) -> Self:
        """The spectrum of a background of ``hepml.stats``.

        Parameters
        ----------
        background : Background
            Family and window.
        coefficients : array
            Fitted coefficients: a density per GeV.
        width : float
            Events per ``width`` GeV where the fit was one to events per bin.

        Raises
        ------
        StatisticsError
            If it is negative somewhere in the window: no density.
        """
        theta = np.asarray(coefficients, dtype=np.float64)
        mass = np.linspace(background.left, background.right, POINTS)
        density = background.density(mass, theta) / width
        if density.min() < -1e-9 * max(float(density.max()), 1e-300):
            raise StatisticsError(
                f"The fitted background is negative at {mass[int(density.argmin())]:.2f} GeV, so "
                "no masses can be drawn from it. Use a lower degree, or the family 'exponential'."
            )
        source = {
            "family": background.family,
            "degree": background.degree,
            "window": [background.left, background.right],
            "coefficients": theta.tolist(),
        }
        return cls._integrated(mass, density, source)

    @classmethod
    def from_fit(cls, fitted: Fitted) -> Self:
        """The spectrum of a fitted background."""
        return cls.from_background(fitted.background, fitted.coefficients)

    @classmethod
    def from_kernel(
        cls,
        mass: Array,
        low: float,
        high: float,
        *,
        bandwidth: float | None = None,
        weight: Array | None = None,
    ) -> Self:
        """Kernel density of masses [GeV] inside an interval, reflected at its ends.

        Parameters
        ----------
        mass : array
            Masses; the integral over the interval is their sum of weights.
        low, high : float
            The interval [GeV].
        bandwidth : float, optional
            Standard deviation of the kernel [GeV]; default: Silverman's.
        weight : array, optional
            Weights of the masses.

        Raises
        ------
        StatisticsError
            If fewer than two masses are inside.
        """
        inside = (mass >= low) & (mass < high)
        values = np.asarray(mass, dtype=np.float64)[inside]
        shares = np.ones(len(values)) if weight is None else np.asarray(weight)[inside]
        if len(values) < 2 or not np.ptp(values) > 0 or not shares.sum() > 0:
            raise StatisticsError(
                f"{len(values):,} masses between {low:g} and {high:g} GeV are too few for a "
                "kernel density."
            )
        size = shares.sum() ** 2 / (shares**2).sum()
        width = 0.9 * values.std() * size**-0.2 if bandwidth is None else bandwidth
        # twenty points a kernel: linear in between to a relative 1e-3 of a kernel
        count = int(np.clip(20 * (high - low) / width, 200, POINTS))
        points = np.linspace(low, high, count)
        # integrals of the kernels, and of their reflections at both ends
        below = np.zeros(count)
        for start in range(0, len(values), 2000):
            part, by = values[start : start + 2000], shares[start : start + 2000]
            for image in (part, 2 * low - part, 2 * high - part):
                below += ndtr((points[:, None] - image) / width) @ by
        below -= below[0]
        source = {"family": "kernel", "window": [low, high], "bandwidth": float(width)}
        return cls(points, below * (shares.sum() / below[-1]), source)

    @classmethod
    def _integrated(cls, mass: Array, density: Array, source: dict[str, Any]) -> Self:
        """Integrate a density that is smooth on the grid."""
        exact = PchipInterpolator(mass, np.maximum(density, 0.0)).antiderivative()(mass)
        cumulative = np.maximum.accumulate(exact - exact[0])
        if not cumulative[-1] > 0:
            raise StatisticsError("The background is zero in the whole window.")
        return cls(mass, cumulative, source)

    def expected(self, low: float, high: float) -> float:
        """Expected events between two masses [GeV]."""
        below = np.interp([low, high], self.mass, self.cumulative)
        return float(below[1] - below[0])

    def sample(self, number: int, low: float, high: float, random_state: int = 0) -> Array:
        """Masses [GeV] between two edges, by the inverse of the cumulative spectrum.

        Raises
        ------
        StatisticsError
            If the edges are not inside the window, or no events are expected between them.
        """
        first, last = float(self.mass[0]), float(self.mass[-1])
        if not first - 1e-9 <= low < high <= last + 1e-9:
            raise StatisticsError(
                f"Masses between {low:g} and {high:g} GeV were asked of a spectrum that is known "
                f"from {first:g} to {last:g} GeV."
            )
        if not self.expected(low, high) > 0:
            raise StatisticsError(f"No background is expected between {low:g} and {high:g} GeV.")
        ends = np.interp([low, high], self.mass, self.cumulative)
        u = np.random.default_rng(random_state).uniform(ends[0], ends[1], number)
        # flat stretches have no inverse, and no events either
        rising = np.concatenate([[True], np.diff(self.cumulative) > 0])
        found = np.interp(u, self.cumulative[rising], self.mass[rising])
        # half-open, like every region
        return np.asarray(np.clip(found, low, np.nextafter(high, low)))

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "mass": self.mass.tolist(),
            "cumulative": self.cumulative.tolist(),
            "source": self.source,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """What ``to_json`` gave, again."""
        return cls(
            np.asarray(found["mass"], dtype=np.float64),
            np.asarray(found["cumulative"], dtype=np.float64),
            dict(found["source"]),
        )
