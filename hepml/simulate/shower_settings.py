"""What can be asked of the shower simulator: beam, brick, and how the films respond."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from hepml.errors import ParameterError, did_you_mean
from hepml.simulate.shower_medium import FILM, MATERIALS, Medium, medium_of

__all__ = ["HEIGHT", "WIDTH", "Settings"]

# Size of a film [mm]; smaller bricks are cut out of its middle.
WIDTH, HEIGHT = 125.0, 99.0
# Energies [GeV] for which cross sections are tabulated and showers stay affordable.
LOWEST, HIGHEST = 0.2, 100.0

_NUMBER = r"\d+(?:\.\d*)?|\.\d+"


@dataclass(frozen=True, slots=True)
class Settings:
    """One exposure of one brick. Lengths of the brick in mm, of base-tracks in um.

    Attributes
    ----------
    showers : int
        Electrons per brick; 360 in the DESY exposures.
    energy : str
        GeV: ``"6"``, several taken in turns ``"2,4,6"``, or a uniform range ``"1-10"``.
    slope : (float, float)
        dx/dz and dy/dz of the beam.
    margin : float
        Distance of the beam from the edges of the films [mm].
    material : str
        Of the slabs: ``"lead"`` (1 mm) or ``"tungsten"`` (0.9 mm).
    films : int
        Film positions, one more than slabs.
    missing : tuple of int
        Plates without a film, counted from 1, the most upstream one.
    width, height : float
        Of the films [mm].
    noise : float
        Base-tracks per mm^2 and film that belong to no shower.
    bad_noise : float
        Share of the noise that fails the quality cut made on measured data.
    efficiency : float
        Probability that a film shows a particle as a base-track.
    angle_smearing : float
        Gaussian, of each slope.
    position_smearing : float
        Gaussian, of each coordinate [um].
    momentum : float
        Least momentum of a base-track [GeV].
    """

    showers: int = 360
    energy: str = "6"
    slope: tuple[float, float] = (0.0, 0.0)
    margin: float = 5.0
    material: str = "lead"
    films: int = 29
    missing: tuple[int, ...] = ()
    width: float = WIDTH
    height: float = HEIGHT
    noise: float = 40.0
    bad_noise: float = 0.2
    efficiency: float = 1.0
    angle_smearing: float = 0.003
    position_smearing: float = 0.0
    momentum: float = 0.03

    def __post_init__(self) -> None:
        if self.material not in MATERIALS:
            known = did_you_mean(self.material, MATERIALS)
            raise ParameterError(f"There is no material {self.material!r}. {known}")
        _within("showers", self.showers, 1, 100_000)
        _within("films", self.films, 2, 200)
        _within("width", self.width, 1, WIDTH, "mm")
        _within("height", self.height, 1, HEIGHT, "mm")
        _within("margin", self.margin, 0, WIDTH / 2, "mm")
        _within("noise", self.noise, 0, 1_000, "base-tracks per mm^2 and film")
        _within("bad noise", self.bad_noise, 0, 1)
        _within("efficiency", self.efficiency, 0, 1)
        _within("angle smearing", self.angle_smearing, 0, 0.1, "rad")
        _within("position smearing", self.position_smearing, 0, 1_000, "um")
        # below, what the transport leaves out (such as annihilation) would matter
        _within("momentum", self.momentum, 0.01, 1, "GeV")
        for value in self.slope:
            _within("slope", value, -1, 1)
        if 2 * self.margin >= min(self.width, self.height):
            raise ParameterError(
                f"Nothing is left for the beam of a film of {self.width:g} x {self.height:g} mm "
                f"with a margin of {self.margin:g} mm: make the brick larger or the margin smaller."
            )
        for plate in self.missing:
            _within("missing plate", plate, 1, self.films)
        if len(set(self.missing)) == self.films:
            raise ParameterError("No film is left: name fewer missing plates.")
        self.energy_of(np.random.default_rng(0), 0)

    @property
    def medium(self) -> Medium:
        """Constants of the brick for the transport."""
        return medium_of(MATERIALS[self.material], self.films)

    @property
    def pitch(self) -> float:
        """Distance of two films [um]."""
        return FILM + MATERIALS[self.material].slab

    @property
    def area(self) -> tuple[float, float, float, float]:
        """x_low, x_high, y_low, y_high of the films [um], in the middle of a whole one."""
        x, y = 500 * (WIDTH - self.width), 500 * (HEIGHT - self.height)
        return x, x + 1000 * self.width, y, y + 1000 * self.height

    @property
    def plates(self) -> tuple[int, ...]:
        """Plates that hold a film; 1 is the most upstream."""
        return tuple(sorted(set(range(1, self.films + 1)) - set(self.missing)))

    def z(self, plate: int) -> float:
        """Position of a plate along the beam [um]; 0 for the most downstream one."""
        return -self.pitch * (self.films - plate) + 0.0

    def energy_of(self, rng: np.random.Generator, shower: int) -> float:
        """Energy of a shower [GeV]."""
        span = re.fullmatch(rf"({_NUMBER})-({_NUMBER})", self.energy.strip())
        parts = list(span.groups()) if span else self.energy.split(",")
        if any(re.fullmatch(_NUMBER, part.strip()) is None for part in parts):
            raise ParameterError(
                f"Energy {self.energy!r}: give GeV as '6', '2,4,6' (in turns) or '1-10' (uniform)."
            )
        values = [float(part) for part in parts]
        for value in values:
            _within("energy", value, LOWEST, HIGHEST, "GeV")
        if span is None:
            return values[shower % len(values)]
        if values[0] >= values[1]:
            raise ParameterError(f"The range of energies {self.energy!r} is empty.")
        return float(rng.uniform(values[0], values[1]))


def _within(what: str, value: float, low: float, high: float, unit: str = "") -> None:
    """Refuse a number out of range, NaN included."""
    if not low <= value <= high:
        text = f"The {what} must be between {low:g} and {high:,.12g}{' ' * bool(unit)}{unit}"
        raise ParameterError(f"{text}, not {value:g}.")
