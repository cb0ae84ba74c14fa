"""Background under a peak out of the data beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.stats.backgrounds import Background
from hepml.stats.fit import fit_model
from hepml.stats.likelihood import Likelihood
from hepml.stats.rows import Rows, bin_rows
from hepml.windows import Binning

__all__ = ["Continuum", "Region", "fit_continuum"]

Floats = NDArray[np.float64]

# Sideband rows from which the exponential of a polynomial of that degree is fitted.
_ENOUGH = {2: 1_000, 1: 50}
_STEP = 1.0  # GeV


@dataclass(frozen=True, slots=True)
class Region:
    """A mass window between two sidebands: [left, low) and [high, right), in GeV."""

    left: float
    low: float
    high: float
    right: float

    def __post_init__(self) -> None:
        if not self.left < self.low < self.high < self.right:
            raise ParameterError(
                f"The window {self.low:g} to {self.high:g} GeV has to lie inside the range of "
                f"masses, {self.left:g} to {self.right:g} GeV, with a sideband on each side."
            )

    def inside(self, mass: Floats) -> NDArray[np.bool_]:
        """Which masses lie in the window."""
        return np.asarray((mass >= self.low) & (mass < self.high))

    def beside(self, mass: Floats) -> NDArray[np.bool_]:
        """Which masses lie in a sideband."""
        known = (mass >= self.left) & (mass < self.right)
        return np.asarray(known & ~self.inside(mass))


@dataclass(frozen=True, slots=True)
class Continuum:
    """Background in the window.

    Attributes
    ----------
    sideband : int
        Rows in the sidebands.
    expected, error : float
        Events in the window, and the standard error.
    ratio, ratio_error : float
        Events in the window per event in the sidebands, as the shape has it.
    shape : str
        Where that comes from: ``degree 2``, ``degree 1``, ``inclusive`` or ``flat``.
    """

    sideband: int
    expected: float
    error: float
    ratio: float
    ratio_error: float
    shape: str

    def scaled(self, factor: float) -> Continuum:
        """The background of so many times the luminosity, known no better than it is."""
        return replace(self, expected=factor * self.expected, error=factor * self.error)


def fit_continuum(mass: Floats, region: Region, inclusive: Continuum | None = None) -> Continuum:
    """Estimate the background in a window from its sidebands.

    The exponential of a polynomial is fitted to the sidebands in bins of about 1 GeV (binned
    Poisson likelihood): of degree 2 with at least 1,000 rows, of degree 1 with at least 50. With
    fewer, the rows are scaled by the ratio of window to sidebands of the inclusive shape, and
    without one by that of their widths; a sideband without rows then counts as one row.

    Parameters
    ----------
    mass : array of float64
        Masses of data [GeV]; those outside the sidebands are not looked at.
    region : Region
        Window and sidebands.
    inclusive : Continuum, optional
        The same of all categories together.
    """
    beside = mass[region.beside(mass)]
    rows = len(beside)
    degree = next((item for item, least in _ENOUGH.items() if rows >= least), None)
    if degree is not None:
        return _fitted(beside, region, degree)
    if inclusive is not None:
        ratio, wide, shape = inclusive.ratio, inclusive.ratio_error, "inclusive"
    else:
        width = region.high - region.low
        ratio, wide, shape = width / (region.right - region.left - width), 0.0, "flat"
    counted = max(rows, 1)
    error = float(np.hypot(np.sqrt(counted) * ratio, counted * wide))
    return Continuum(rows, counted * ratio, error, ratio, wide, shape)


def _fitted(mass: Floats, region: Region, degree: int) -> Continuum:
    """Background, and its ratio to the sidebands, by a fit."""
    background = Background("exponential", degree, region.left, region.right)
    sides = _edges(region.left, region.low), _edges(region.high, region.right)
    counts = np.concatenate([np.histogram(mass, edges)[0] for edges in sides]).astype(np.float64)
    rows = _joined(*(_rows(edges) for edges in sides))
    fitted = fit_model(background, rows, Likelihood(counts, counts))
    (expected,), (error,) = fitted.integral(_rows(np.array([region.low, region.high])))
    # the likelihood's fit keeps the number of events in the sidebands
    ratio = float(expected) / len(mass)
    own = float(expected) ** 2 / len(mass)
    wide = float(np.sqrt(max(float(error) ** 2 - own, 0.0))) / len(mass)
    shape = f"degree {degree}"
    return Continuum(len(mass), float(expected), float(error), ratio, wide, shape)


def _edges(low: float, high: float) -> Floats:
    return np.linspace(low, high, max(round((high - low) / _STEP), 1) + 1)


def _rows(edges: Floats) -> Rows:
    return bin_rows(Binning(tuple(edges.tolist()), 0, len(edges) - 1))


def _joined(first: Rows, second: Rows) -> Rows:
    return Rows(
        np.concatenate([first.nodes, second.nodes]),
        np.concatenate([first.weights, second.weights]),
        np.concatenate([first.starts, second.starts + len(first.nodes)]),
    )
