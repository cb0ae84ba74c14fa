"""Mass windows to hunt in: sidebands, signal region, their bins, and the scan over all masses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, did_you_mean

__all__ = [
    "RESOLUTION",
    "RESONANCES",
    "WINDOWS",
    "Binning",
    "Resonance",
    "Window",
    "find_window",
    "geometric_edges",
    "scan_binnings",
]

# Relative dimuon mass resolution of the scan's bins (the published study's value).
RESOLUTION = 0.011


@dataclass(frozen=True, slots=True)
class Resonance:
    """A known resonance: mass [GeV] (Particle Data Group) and how figures write its name.

    ``peak`` is false where it is too broad or too rarely goes to two muons to be seen as a peak.
    """

    name: str
    mass: float
    label: str
    peak: bool = True


RESONANCES: dict[str, Resonance] = {
    item.name: item
    for item in (
        Resonance("eta", 0.547862, r"$\eta$"),
        Resonance("rho", 0.77526, r"$\rho$"),
        Resonance("omega", 0.78266, r"$\omega$"),
        Resonance("phi", 1.019461, r"$\phi$"),
        Resonance("jpsi", 3.0969, r"J/$\psi$"),
        Resonance("psi_prime", 3.6861, r"$\psi(2S)$"),
        Resonance("upsilon_1s", 9.4604, r"$\Upsilon(1S)$"),
        Resonance("upsilon_2s", 10.0234, r"$\Upsilon(2S)$"),
        Resonance("upsilon_3s", 10.3551, r"$\Upsilon(3S)$"),
        Resonance("upsilon_4s", 10.5794, r"$\Upsilon(4S)$", peak=False),
        Resonance("z", 91.1880, "Z"),
    )
}


@dataclass(frozen=True, slots=True)
class Window:
    """A signal region between two sidebands, all edges in GeV.

    Attributes
    ----------
    name : str
        Name on the command line.
    left, low, high, right : float
        The sidebands are [left, low) and [high, right), the signal region [low, high).
    peaks : tuple of str
        Known resonances inside the signal region, for a hunt with a signal shape.
    shares : tuple of float
        Their relative yields; empty for equal ones.
    width : float
        Their standard deviation over their mass.
    degree : int
        Degree that describes the background here, unless another one is wanted.
    doc : str
        One line for people.
    """

    name: str
    left: float
    low: float
    high: float
    right: float
    peaks: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    width: float = RESOLUTION
    degree: int = 5
    doc: str = ""

    def __post_init__(self) -> None:
        edges = (self.left, self.low, self.high, self.right)
        if not all(math.isfinite(edge) for edge in edges) or not (
            0 <= self.left < self.low < self.high < self.right
        ):
            raise ParameterError(
                f"The window {self.name!r} needs four rising masses in GeV (left sideband, low and "
                f"high edge of the signal region, right sideband), not {edges}."
            )

    def binning(self, bins: int) -> Binning:
        """Bins of equal width: ``bins`` in the signal region, as many as fit on either side.

        The width continues outward from the signal region; what is left at the window's ends is
        not fitted (as in the published study).
        """
        if bins < 1:
            raise ParameterError(f"The signal region needs at least 1 bin, not {bins}.")
        width = (self.high - self.low) / bins
        # a remainder that is a whole bin but for rounding counts as one
        below = math.floor((self.low - self.left) / width + 1e-9)
        above = math.floor((self.right - self.high) / width + 1e-9)
        if below < 1 or above < 1:
            raise ParameterError(
                f"{bins} bins in the signal region of {self.name!r} are {width:g} GeV wide: no bin "
                "fits into a sideband. Use more bins."
            )
        inner = np.linspace(self.low, self.high, bins + 1)
        left = self.low - width * np.arange(below, 0, -1)
        right = self.high + width * np.arange(1, above + 1)
        # the outermost edge never passes the window, not even by rounding
        left[0], right[-1] = max(left[0], self.left), min(right[-1], self.right)
        edges = np.concatenate([left, inner, right])
        return Binning(tuple(edges.tolist()), below, below + bins)


@dataclass(frozen=True, slots=True)
class Binning:
    """Bins of a window.

    Attributes
    ----------
    edges : tuple of float
        All bin edges [GeV], rising.
    start, stop : int
        The signal region is bins ``start`` to ``stop`` (excluded).
    """

    edges: tuple[float, ...]
    start: int
    stop: int

    @property
    def low(self) -> float:
        """Lower edge of the signal region [GeV]."""
        return self.edges[self.start]

    @property
    def high(self) -> float:
        """Upper edge of the signal region [GeV]."""
        return self.edges[self.stop]

    @property
    def bins(self) -> int:
        """Number of bins of the signal region."""
        return self.stop - self.start

    def count(
        self, masses: NDArray[np.float64], weights: NDArray[np.float64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sum of weights and of squared weights in each bin; masses in GeV, upper edges open."""
        edges = np.asarray(self.edges)
        place = np.searchsorted(edges, masses, side="right") - 1
        inside = (place >= 0) & (place < len(edges) - 1)
        used = np.ones(len(masses)) if weights is None else np.asarray(weights, dtype=np.float64)
        size = len(edges) - 1
        sums = np.bincount(place[inside], used[inside], size)
        squares = np.bincount(place[inside], used[inside] ** 2, size)
        return sums.astype(np.float64), squares.astype(np.float64)


# Yields and width fitted to the published data before anti-isolation.
UPSILON = Window(
    "upsilon",
    5,
    9,
    10.6,
    16,
    ("upsilon_1s", "upsilon_2s", "upsilon_3s"),
    (1521, 870, 524),
    0.012,
    doc="Upsilon(1S) to (3S), the published window",
)

WINDOWS: dict[str, Window] = {
    item.name: item
    for item in (
        UPSILON,
        # sidebands end before the psi(2S); degrees by an F-test on 8 TeV open data
        Window("jpsi", 2.2, 2.9, 3.25, 3.55, ("jpsi",), degree=3, doc="J/psi"),
        Window("psi_prime", 3.17, 3.51, 3.85, 5, ("psi_prime",), doc="psi(2S)"),
        Window("z", 60, 75, 110, 150, ("z",), width=0.025, degree=3, doc="Z boson"),
        Window("eta", 0.3, 0.525, 0.569, 0.72, ("eta",), doc="eta"),
        Window("rho", 0.57, 0.7, 0.86, 0.95, ("rho", "omega"), doc="rho and omega"),
        Window("phi", 0.82, 0.95, 1.05, 1.5, ("phi",), doc="phi(1020)"),
        # the published signal region; below 2.9 TeV the jets' pT shapes the spectrum
        Window("dijet", 2900, 3300, 3700, 5000, width=0.03, degree=3, doc="W' of the LHC Olympics"),
        Window("upsilon_shifted", 11, 12, 13.6, 17, doc="no resonance: a null test"),
        Window("eta_shifted", 0.57, 0.625, 0.665, 0.72, doc="no resonance: a null test"),
    )
}


def find_window(text: str) -> Window:
    """A window by name, or from its four edges in GeV: ``5,9,10.6,16``.

    Raises
    ------
    ParameterError
        If there is no such window (near misses are named), or the edges do not rise.
    """
    if text in WINDOWS:
        return WINDOWS[text]
    words = text.split(",")
    if len(words) == 4:
        try:
            left, low, high, right = (float(word) for word in words)
        except ValueError:
            raise ParameterError(f"--window {text!r}: not four numbers.") from None
        peaks = tuple(
            item.name for item in RESONANCES.values() if item.peak and low <= item.mass < high
        )
        return Window(text, left, low, high, right, peaks)
    raise ParameterError(
        f"There is no window {text!r}; give four masses in GeV (5,9,10.6,16), or a name. "
        + did_you_mean(text, WINDOWS)
    )


def geometric_edges(
    low: float = 0.3, high: float = 20.0, step: float = RESOLUTION
) -> NDArray[np.float64]:
    """Edges in GeV of which each is ``1 + step`` times the one before, from low up to high."""
    if not (0 < low < high < math.inf and step > 0):
        raise ParameterError(
            f"Scan edges need 0 < low < high and step > 0, not {low}, {high}, {step}."
        )
    count = math.floor(math.log(high / low) / math.log1p(step) + 1e-9)
    return np.asarray(low * (1 + step) ** np.arange(count + 1), dtype=np.float64)


def scan_binnings(
    edges: Sequence[float] | NDArray[np.float64],
    *,
    sideband: int = 17,
    region: int = 5,
    advance: int = 2,
) -> list[Binning]:
    """Windows that slide over the edges: ``sideband + region + sideband`` bins each.

    With the default edges these are the 173 windows of the published study's scan.
    """
    if min(sideband, region, advance) < 1:
        raise ParameterError("Scan windows need at least one bin in each part, and a step.")
    width = 2 * sideband + region
    values = [float(edge) for edge in edges]
    if len(values) <= width:
        raise ParameterError(
            f"{len(values) - 1} bins are too few for a scan window of {width} bins."
        )
    return [
        Binning(tuple(values[first : first + width + 1]), sideband, sideband + region)
        for first in range(0, len(values) - width, advance)
    ]
