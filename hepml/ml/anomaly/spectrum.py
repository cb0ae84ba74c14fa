"""Mass spectrum of the background, interpolated from the sidebands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.stats.backgrounds import Background
from hepml.stats.excess import SignalTest
from hepml.windows import Window

__all__ = ["Spectrum", "fit_spectrum"]

Floats = NDArray[np.float64]

# Points of the cumulative distribution.
_POINTS = 2001


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A fitted background.

    Attributes
    ----------
    background : Background
        Its family.
    coefficients : array
        Its coefficients.
    """

    background: Background
    coefficients: Floats

    def expected(self, low: float, high: float) -> float:
        """Events between two masses [GeV]."""
        return float(self._cumulative(low, high)[1][-1])

    def sample(self, count: int, low: float, high: float, random_state: int = 0) -> Floats:
        """Masses [GeV] between two, by the inverse of the cumulative distribution."""
        masses, total = self._cumulative(low, high)
        if not total[-1] > 0:
            raise ModelError(f"The sideband fit has no background from {low:g} to {high:g} GeV.")
        uniform = np.random.default_rng(random_state).random(count)
        return np.asarray(np.interp(uniform * total[-1], total, masses), np.float64)

    def _cumulative(self, low: float, high: float) -> tuple[Floats, Floats]:
        masses = np.linspace(low, high, _POINTS)
        density = np.maximum(self.background.density(masses, self.coefficients), 0.0)
        steps = 0.5 * (density[1:] + density[:-1]) * np.diff(masses)
        return masses, np.append(0.0, np.cumsum(steps))


def fit_spectrum(mass: Floats, window: Window, degree: int, bins: int) -> Spectrum:
    """Fit the sidebands as the count of a hunt does (published: degree 5, 11 bins).

    Raises
    ------
    StatisticsError
        If they cannot be fitted.
    """
    binning = window.binning(bins)
    background = Background("polynomial", degree, window.left, window.right)
    test = SignalTest(binning, background)
    outcome = test.run(*binning.count(mass))
    return Spectrum(background, np.asarray(outcome.free.coefficients, np.float64))
