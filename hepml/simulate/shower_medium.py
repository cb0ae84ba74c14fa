"""What a brick is made of: the constants of films and passive slabs that showers depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

__all__ = ["FILM", "MATERIALS", "Material", "Medium", "medium_of"]

# Thickness of a film [um]: 70 um of emulsion, 175 um of plastic, 70 um of emulsion.
FILM = 315.0
# Radiation length of a film [um]; a film is 0.0031 radiation lengths thick.
FILM_RADIATION_LENGTH = FILM / 0.0031

AVOGADRO = 6.02214076e23  # 1/mol
CLASSICAL_RADIUS = 2.8179403e-13  # of the electron [cm]
ELECTRON_MASS = 0.51099895  # MeV


@dataclass(frozen=True, slots=True)
class Material:
    """A passive material.

    Attributes
    ----------
    charge, mass : float
        Atomic number and mass [g/mol].
    density : float
        g/cm^3.
    radiation_length : float
        um.
    ionisation : float
        Mean energy loss of electrons of 0.03 to 10 GeV by ionisation [MeV/cm].
    slab : float
        Thickness of the slabs of the DESY exposures [um].
    """

    charge: float
    mass: float
    density: float
    radiation_length: float
    ionisation: float
    slab: float

    @property
    def electrons(self) -> float:
        """Electrons per cm^3."""
        return AVOGADRO * self.charge / self.mass * self.density


# Atomic data: Particle Data Group. Radiation lengths: depth script of the DESY exposures.
# Ionisation: lead as tuned to the published profile; tungsten scaled by the minimum ionisation
# of the two metals (22.10 and 12.73 MeV/cm, Particle Data Group).
MATERIALS = {
    "lead": Material(82, 207.2, 11.35, 5612.0, 14.5, 1000.0),
    "tungsten": Material(74, 183.84, 19.3, 3504.0, 14.5 * 22.10 / 12.73, 900.0),
}


class Medium(NamedTuple):
    """The numbers a kernel needs, in um and MeV.

    Attributes
    ----------
    films : int
        Film positions, one more than slabs.
    film, slab : float
        Thickness [um].
    radiation_length : float
        Of the slab's material [um], shortened by what the film in front of it adds.
    ionisation : float
        MeV/um.
    compton : float
        Electrons per volume times the classical radius squared [1/um].
    knock_on : float
        The constant K of d(rate)/dT = K / T^2 for knock-on electrons [MeV/um].
    slab_scattering, film_scattering : float
        Projected scattering angle times energy per square root of path [MeV/um^(1/2)].
    """

    films: int
    film: float
    slab: float
    radiation_length: float
    ionisation: float
    compton: float
    knock_on: float
    slab_scattering: float
    film_scattering: float


def medium_of(material: Material, films: int) -> Medium:
    """Constants of a brick with a number of films and a slab of a material between any two."""
    area = material.electrons * CLASSICAL_RADIUS**2  # 1/cm
    return Medium(
        films=films,
        film=FILM,
        slab=material.slab,
        # Particles radiate and convert in slabs only, so a film's share is moved there: without
        # it showers start 2 % too slowly for the published profile.
        radiation_length=material.slab
        / (material.slab / material.radiation_length + FILM / FILM_RADIATION_LENGTH),
        ionisation=material.ionisation * 1e-4,
        compton=area * 1e-4,
        knock_on=2 * np.pi * area * ELECTRON_MASS * 1e-4,
        slab_scattering=_scattering(material.slab, material.radiation_length),
        # The logarithm of Highland's formula is left out: it holds above 0.001 radiation
        # lengths only, and films matter little beside slabs 60 times as thick.
        film_scattering=float(13.6 / np.sqrt(FILM_RADIATION_LENGTH)),
    )


def _scattering(thickness: float, radiation_length: float) -> float:
    """Highland's formula, with the logarithm of the whole slab, so that steps add up to it.

    Source: V.L. Highland, NIM 129 (1975) 497, as in the Particle Data Group's review.
    """
    logarithm = 1 + 0.038 * np.log(thickness / radiation_length)
    return float(13.6 * logarithm / np.sqrt(radiation_length))
