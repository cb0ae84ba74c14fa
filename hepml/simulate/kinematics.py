"""Four-vectors and random samplers that the simulators share; numpy arrays, GeV and radians."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "FloatArray",
    "IntArray",
    "around_axis",
    "boosted",
    "breit_wigner",
    "decayed",
    "falling_pt",
    "four_vector",
    "from_grid",
    "invariant_mass",
    "isotropic",
    "pseudorapidity",
    "transverse_momentum",
    "wrapped",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def wrapped(phi: FloatArray) -> FloatArray:
    """Bring an azimuth [rad] into [-pi, pi)."""
    return np.asarray((phi + np.pi) % (2.0 * np.pi) - np.pi, np.float64)


def four_vector(px: FloatArray, py: FloatArray, y: FloatArray, mass: FloatArray) -> FloatArray:
    """Build momenta from transverse components, rapidity and mass.

    Parameters
    ----------
    px, py, mass : array, shape (n,)
        In GeV.
    y : array, shape (n,)
        Rapidity.

    Returns
    -------
    array, shape (n, 4)
        px, py, pz, E [GeV].
    """
    transverse = np.sqrt(px**2 + py**2 + mass**2)
    return np.stack([px, py, transverse * np.sinh(y), transverse * np.cosh(y)], axis=-1)


def transverse_momentum(p4: FloatArray) -> FloatArray:
    """Transverse momentum [GeV] of momenta (..., 4)."""
    return np.hypot(p4[..., 0], p4[..., 1])


def pseudorapidity(p4: FloatArray) -> FloatArray:
    """Pseudorapidity of momenta (..., 4); 0 where the momentum is zero."""
    pt = transverse_momentum(p4)
    return np.asarray(np.arcsinh(p4[..., 2] / np.maximum(pt, 1e-12)), np.float64)


def invariant_mass(p4: FloatArray) -> FloatArray:
    """Invariant mass [GeV] of momenta (..., 4)."""
    square = p4[..., 3] ** 2 - (p4[..., :3] ** 2).sum(axis=-1)
    return np.asarray(np.sqrt(np.maximum(square, 0.0)), np.float64)


def isotropic(rng: np.random.Generator, n: int) -> FloatArray:
    """Unit vectors (n, 3) uniform on the sphere."""
    return around_axis(rng, rng.uniform(-1.0, 1.0, n))


def around_axis(rng: np.random.Generator, z: FloatArray) -> FloatArray:
    """Unit vectors (n, 3) of given cosine to the beam and uniform azimuth."""
    phi = rng.uniform(-np.pi, np.pi, len(z))
    rho = np.sqrt(1.0 - z**2)
    return np.stack([rho * np.cos(phi), rho * np.sin(phi), z], axis=-1)


def boosted(p4: FloatArray, frame: FloatArray) -> FloatArray:
    """Take momenta (n, 4) from the rest frame of ``frame`` (n, 4) to where ``frame`` is given."""
    mass = invariant_mass(frame)
    along = (frame[:, :3] * p4[:, :3]).sum(axis=-1)
    energy = (frame[:, 3] * p4[:, 3] + along) / mass
    factor = (energy + p4[:, 3]) / (frame[:, 3] + mass)
    return np.column_stack([p4[:, :3] + factor[:, None] * frame[:, :3], energy])


def decayed(
    parent: FloatArray, mass1: FloatArray, mass2: FloatArray, direction: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Decay momenta (n, 4) into two bodies along a direction in their rest frame.

    Parameters
    ----------
    parent : array, shape (n, 4)
        Heavier than ``mass1 + mass2``.
    mass1, mass2 : array, shape (n,)
        Masses of the daughters [GeV].
    direction : array, shape (n, 3)
        Unit vectors of the first daughter in the rest frame (axes parallel to the laboratory's).
    """
    mass = invariant_mass(parent)
    energy1 = (mass**2 + mass1**2 - mass2**2) / (2.0 * mass)
    momentum = np.sqrt(np.maximum(energy1**2 - mass1**2, 0.0))
    first = boosted(np.column_stack([momentum[:, None] * direction, energy1]), parent)
    return first, parent - first


def falling_pt(
    rng: np.random.Generator,
    n: int,
    scale: float,
    power: float,
    limit: float = 1000.0,
    start: float | FloatArray = 0.0,
) -> FloatArray:
    """Sample a transverse-momentum spectrum pT / (1 + (pT / scale)^2)^power up to ``limit``.

    It rises linearly, peaks near ``scale / sqrt(2 power - 1)`` and falls as a power law, which
    is the shape of every inclusive boson spectrum (soft radiation below, hard jets above).

    Parameters
    ----------
    scale, limit : float
        In GeV.
    power : float
        Above 1.
    start : float or array, shape (n,)
        Lowest value [GeV], below ``limit``.
    """
    bottom = np.log1p((start / scale) ** 2)
    top = -np.expm1((1.0 - power) * (np.log1p((limit / scale) ** 2) - bottom))
    exponent = bottom + np.log1p(-rng.random(n) * top) / (1.0 - power)
    return np.asarray(scale * np.sqrt(np.expm1(exponent)), np.float64)


def breit_wigner(rng: np.random.Generator, n: int, mass: float, width: float) -> FloatArray:
    """Sample a resonance's mass [GeV] within five widths of its pole."""
    edge = np.arctan(10.0)
    return np.asarray(mass + 0.5 * width * np.tan(rng.uniform(-edge, edge, n)), np.float64)


def from_grid(
    rng: np.random.Generator, n: int, points: FloatArray, density: FloatArray
) -> FloatArray:
    """Sample a density given on a grid, linear between the points of its integral."""
    cumulative = np.concatenate(
        [[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(points))]
    )
    return np.asarray(np.interp(rng.random(n) * cumulative[-1], cumulative, points), np.float64)
