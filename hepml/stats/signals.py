"""Signal shapes: one or several peaks, Gaussian or with power-law tails, integrated over bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from hepml.errors import ParameterError
from hepml.windows import RESOLUTION, RESONANCES, Window

__all__ = ["PeakYield", "Peaks", "Shape", "peaks_of"]

Array = NDArray[np.float64]
Shape = Literal["gaussian", "crystal-ball"]

# Where the power-law tails begin, in widths, and their powers: typical of calorimeter photons.
TAIL_START, TAIL_POWER = 1.5, 5.0


@dataclass(frozen=True, slots=True)
class Peaks:
    """Peaks at known distances with known shares of the yield.

    Attributes
    ----------
    masses : tuple of float
        Positions [GeV].
    width : float
        Standard deviation of the core over the mass, the same for all peaks.
    shares : tuple of float
        Share of the yield of each peak; adds up to 1.
    shape : {"gaussian", "crystal-ball"}
        Gaussian, or Gaussian core with a power-law tail on either side.
    start, power : tuple of float
        Where the left and right tails begin [widths], and their powers (crystal-ball only).
    """

    masses: tuple[float, ...]
    width: float = RESOLUTION
    shares: tuple[float, ...] = (1.0,)
    shape: Shape = "gaussian"
    start: tuple[float, float] = (TAIL_START, TAIL_START)
    power: tuple[float, float] = (TAIL_POWER, TAIL_POWER)

    def __post_init__(self) -> None:
        if not self.masses or len(self.masses) != len(self.shares):
            raise ParameterError(
                f"A signal needs as many shares as masses, not {len(self.shares)} and "
                f"{len(self.masses)}."
            )
        if not (min(self.masses) > 0 and 0 < self.width < 1):
            raise ParameterError(
                f"A signal needs masses above 0 GeV and a relative width between 0 and 1, not "
                f"{self.masses} and {self.width}."
            )
        if min(self.shares) < 0 or abs(sum(self.shares) - 1) > 1e-6:
            raise ParameterError(f"Shares must be at least 0 and add up to 1, not {self.shares}.")
        if self.shape not in ("gaussian", "crystal-ball"):
            raise ParameterError(f"A signal is 'gaussian' or 'crystal-ball', not {self.shape!r}.")
        if min(self.start) <= 0 or min(self.power) <= 1:
            raise ParameterError("Tails need a start above 0 widths and a power above 1.")

    def template(self, edges: Array, shift: float = 1.0, stretch: float = 1.0) -> Array:
        """Share of the yield in each bin.

        Parameters
        ----------
        edges : array
            Bin edges [GeV].
        shift, stretch : float
            Factors on all masses and on the width.
        """
        return np.diff(self._sums(edges, shift, stretch)[0])

    def slopes(self, edges: Array, shift: float, stretch: float) -> tuple[Array, Array, Array]:
        """Template and its derivatives by ``shift`` and ``stretch``."""
        total, by_shift, by_stretch = self._sums(edges, shift, stretch)
        return np.diff(total), np.diff(by_shift), np.diff(by_stretch)

    def _sums(self, edges: Array, shift: float, stretch: float) -> tuple[Array, Array, Array]:
        """Cumulative distribution at the edges and its derivatives."""
        total, by_shift, by_stretch = (np.zeros(len(edges)) for _ in range(3))
        for mass, share in zip(self.masses, self.shares, strict=True):
            centre, sigma = mass * shift, mass * shift * self.width * stretch
            z = (edges - centre) / sigma
            cumulative, density = self._unit(z)
            total += share * cumulative
            # the width follows the mass: dz/dshift = -(edge / sigma) / shift
            by_shift -= share * density * edges / (sigma * shift)
            by_stretch -= share * density * z / stretch
        return total, by_shift, by_stretch

    def _unit(self, z: Array) -> tuple[Array, Array]:
        """Cumulative distribution and density of the shape in units of its width."""
        if self.shape == "gaussian":
            return ndtr(z), np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
        return _crystal_ball(z, self.start, self.power)


def _crystal_ball(
    z: Array, start: tuple[float, float], power: tuple[float, float]
) -> tuple[Array, Array]:
    """Double-sided Crystal Ball: cumulative distribution and density, normalised.

    Gaussian between -start[0] and start[1]; beyond, (power/start)^power e^(-start^2/2) /
    (power/start - start + |z|)^power (CDF note CRYSTAL BALL, SLAC-R-236, appendix E, both sides).
    """
    (left, right), (n_left, n_right) = start, power
    core = np.sqrt(2 * np.pi) * (ndtr(right) - ndtr(-left))
    tails = [
        n / (alpha * (n - 1)) * np.exp(-0.5 * alpha**2)
        for alpha, n in ((left, n_left), (right, n_right))
    ]
    norm = core + sum(tails)

    def tail(distance: Array, alpha: float, n: float) -> tuple[Array, Array]:
        """Density and integral from far out up to a distance of at least alpha."""
        reach = 1 + alpha / n * (np.maximum(distance, alpha) - alpha)
        height = np.exp(-0.5 * alpha**2)
        return height * reach**-n, height * n / (alpha * (n - 1)) * reach ** (1 - n)

    low, below = tail(-z, left, n_left)
    high, above = tail(z, right, n_right)
    middle = np.clip(z, -left, right)
    density = np.where(z < -left, low, np.where(z > right, high, np.exp(-0.5 * middle**2)))
    inner = tails[0] + np.sqrt(2 * np.pi) * (ndtr(middle) - ndtr(-left))
    cumulative = np.where(z < -left, below, np.where(z > right, norm - above, inner))
    return cumulative / norm, density / norm


class PeakYield:
    """Peaks as part of a model: the yield, and the position and width where they are free."""

    def __init__(
        self, peaks: Peaks, edges: Array, *, free_mass: bool = False, free_width: bool = False
    ) -> None:
        self._peaks, self._edges = peaks, edges
        self._free = (free_mass, free_width)
        more = [name for name, free in zip(("shift", "stretch"), self._free, strict=True) if free]
        self.names = ("S", *more)
        self._template = None if more else peaks.template(edges)

    def evaluate(self, theta: Array) -> tuple[Array, Array]:
        """Expected counts and derivatives."""
        size = theta[0]
        if self._template is not None:
            return size * self._template, self._template[:, None]
        rest = iter(theta[1:])
        shift, stretch = (float(next(rest)) if free else 1.0 for free in self._free)
        template, *slopes = self._peaks.slopes(self._edges, shift, stretch)
        columns = [size * slope for slope, free in zip(slopes, self._free, strict=True) if free]
        return size * template, np.stack([template, *columns], axis=1)


def peaks_of(window: Window, width: float | None = None, shape: Shape = "gaussian") -> Peaks:
    """The known peaks of a window's signal region.

    Without known resonances it is one peak in the middle of the signal region.
    """
    if not window.peaks:
        masses: tuple[float, ...] = (0.5 * (window.low + window.high),)
    else:
        masses = tuple(RESONANCES[name].mass for name in window.peaks)
    given = window.shares or tuple(1.0 for _ in masses)
    shares = tuple(share / sum(given) for share in given)
    return Peaks(masses, width or window.width, shares, shape)
