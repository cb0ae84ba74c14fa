"""What the dimuon simulator can put into a file: its components, their spectra and shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from hepml.errors import ParameterError, did_you_mean
from hepml.simulate.kinematics import FloatArray, breit_wigner, falling_pt, from_grid

__all__ = ["COMPONENTS", "Component", "component_yields"]

# Lowest transverse mass of a generated pair [GeV]: muons above 17 and 8 GeV need 25.
THRESHOLD = 23.0

Sampler = Callable[[np.random.Generator, int], FloatArray]


@dataclass(frozen=True, slots=True)
class Component:
    """One source of muon pairs.

    Attributes
    ----------
    number : int
        Part of the seed of its events: never used twice, never changed.
    share : float
        Share of the data events by default; normalised over all components.
    efficiency : float
        Share of generated pairs that a trigger keeps (measured).
    mass : callable
        Samples masses [GeV] from a generator and a number.
    scale, power : float
        Spectrum of the pair's pT (see :func:`falling_pt`).
    opposite : bool
        Whether the charges are opposite.
    in_jet : bool
        Whether hadrons surround the pair; they always do where it is displaced.
    displaced : str
        ``"no"``, ``"together"`` (one decay vertex) or ``"apart"`` (each muon from its hadron).
    state : str
        For an Upsilon ``"1S"``, ``"2S"`` or ``"3S"``.
    """

    number: int
    share: float
    efficiency: float
    mass: Sampler
    scale: float
    power: float
    opposite: bool = True
    in_jet: bool = False
    displaced: str = "no"
    state: str = ""

    def kinematics(self, rng: np.random.Generator, n: int) -> tuple[FloatArray, FloatArray]:
        """Sample mass and transverse momentum [GeV] of pairs above the generation threshold."""
        mass = self.mass(rng, n)
        start = np.sqrt(np.maximum(THRESHOLD**2 - mass**2, 0.0))
        return mass, falling_pt(rng, n, self.scale, self.power, start=start)


def _line(mass: float) -> Sampler:
    """A resonance much narrower than the detector's resolution."""
    return lambda rng, n: np.full(n, mass)


def _continuum(density: Callable[[FloatArray], FloatArray], low: float, high: float) -> Sampler:
    """A smooth spectrum between two masses [GeV]."""
    points = np.geomspace(low, high, 400)
    values = density(points)
    return lambda rng, n: from_grid(rng, n, points, values)


def _heavy_flavour(mass: FloatArray) -> FloatArray:
    """A power law in 5-16 GeV, bent over below and above."""
    return np.asarray(mass**-1.2 / (1 + (3.0 / mass) ** 4) / (1 + (mass / 23.0) ** 4))


def _drell_yan(mass: FloatArray) -> FloatArray:
    return np.asarray(mass**0.4 / (1 + (mass / 19.0) ** 4))


def _z_boson(rng: np.random.Generator, n: int) -> FloatArray:
    return breit_wigner(rng, n, 91.1880, 2.4955)


_HEAVY = _continuum(_heavy_flavour, 0.8, 80.0)

# Shares: thousands of events at which the published selection of 8.7 fb^-1 is reproduced.
COMPONENTS: dict[str, Component] = {
    "heavy_flavour_os": Component(21, 52.2, 0.594, _HEAVY, 38.0, 3.3, displaced="apart"),
    "heavy_flavour_ss": Component(
        22, 30.7, 0.605, _HEAVY, 38.0, 3.3, opposite=False, displaced="apart"
    ),
    "drell_yan": Component(31, 34.4, 0.574, _continuum(_drell_yan, 0.3, 250.0), 20.0, 2.3),
    "z": Component(32, 5.0, 0.805, _z_boson, 18.0, 2.1),
    "jpsi_prompt": Component(41, 2.2, 0.581, _line(3.0969), 25.0, 3.0),
    "jpsi_displaced": Component(42, 1.5, 0.601, _line(3.0969), 30.0, 3.0, displaced="together"),
    "psi_prime_prompt": Component(43, 0.4, 0.581, _line(3.6861), 25.0, 3.0),
    "psi_prime_displaced": Component(
        44, 0.3, 0.599, _line(3.6861), 30.0, 3.0, displaced="together"
    ),
    "upsilon_1s": Component(1, 2.49, 0.575, _line(9.4604), 35.0, 3.3, state="1S"),
    "upsilon_2s": Component(2, 1.43, 0.572, _line(10.0234), 35.0, 3.3, state="2S"),
    "upsilon_3s": Component(3, 0.86, 0.571, _line(10.3551), 35.0, 3.3, state="3S"),
    "upsilon_1s_in_jets": Component(
        11, 0.167, 0.634, _line(9.4604), 45.0, 3.0, in_jet=True, state="1S"
    ),
    "upsilon_2s_in_jets": Component(
        12, 0.096, 0.632, _line(10.0234), 45.0, 3.0, in_jet=True, state="2S"
    ),
    "upsilon_3s_in_jets": Component(
        13, 0.058, 0.632, _line(10.3551), 45.0, 3.0, in_jet=True, state="3S"
    ),
}


def component_yields(events: int, changes: Mapping[str, int]) -> dict[str, int]:
    """Events of each component: the default shares of ``events``, with some numbers replaced.

    Parameters
    ----------
    events : int
        Data events if nothing is changed.
    changes : dict of str to int
        Events of a component, or of each component that a pattern (``"upsilon_*"``) matches;
        later ones win.

    Raises
    ------
    ParameterError
        If a number is negative or no component has such a name.
    """
    shares = np.array([component.share for component in COMPONENTS.values()])
    ends = np.round(events * np.cumsum(shares) / shares.sum()).astype(int)
    yields = dict(zip(COMPONENTS, np.diff(ends, prepend=0).tolist(), strict=True))
    for pattern, number in changes.items():
        names = [name for name in COMPONENTS if fnmatchcase(name, pattern)]
        if not names:
            raise ParameterError(
                f"There is no component {pattern!r} to simulate. "
                + did_you_mean(pattern, tuple(COMPONENTS))
            )
        if number < 0:
            raise ParameterError(f"The yield of {pattern!r} must not be negative: {number}.")
        yields |= dict.fromkeys(names, number)
    return yields
