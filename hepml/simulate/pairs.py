"""Muon pairs of one component of the dimuon simulator: decay, acceptance, resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hepml.simulate.components import Component
from hepml.simulate.kinematics import (
    FloatArray,
    IntArray,
    decayed,
    four_vector,
    isotropic,
    pseudorapidity,
    transverse_momentum,
    wrapped,
)

__all__ = ["MUON_MASS", "Pairs", "generated_pairs", "pair_mass"]

# Particle Data Group, 2022 [GeV].
MUON_MASS = 0.1056583755
ACCEPTANCE = 2.4
# Every trigger path needs at least this much [GeV].
LEAD_PT, TRAIL_PT = 10.0, 3.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Reconstructed pairs; the first muon is the one of higher pT.

    Attributes
    ----------
    pt, eta, phi : array, shape (n, 2)
        Measured muons [GeV, rad].
    charge : array of int, shape (n, 2)
    total : array, shape (n,)
        Transverse momentum of the pair [GeV].
    """

    pt: FloatArray
    eta: FloatArray
    phi: FloatArray
    charge: IntArray
    total: FloatArray

    def __len__(self) -> int:
        return len(self.total)


def generated_pairs(
    rng: np.random.Generator, component: Component, n: int
) -> tuple[Pairs, IntArray]:
    """Generate pairs and keep those whose two muons are reconstructed.

    Parameters
    ----------
    component : Component
        What to generate.
    n : int
        Number of generated pairs.

    Returns
    -------
    pairs : Pairs
        The kept ones: muons above 10 and 3 GeV in abs(eta) < 2.4.
    kept : array of int
        Their numbers among the generated ones, rising.
    """
    mass, total = component.kinematics(rng, n)
    azimuth, rapidity = rng.uniform(-np.pi, np.pi, n), rng.normal(0.0, 1.2, n)
    parent = four_vector(total * np.cos(azimuth), total * np.sin(azimuth), rapidity, mass)
    muon = np.full(n, MUON_MASS)
    daughters = np.stack(decayed(parent, muon, muon, isotropic(rng, n)), axis=1)
    pt, eta = transverse_momentum(daughters), pseudorapidity(daughters)
    visible = (np.abs(eta) < ACCEPTANCE).all(axis=1)
    visible &= (pt.max(axis=1) > 0.9 * LEAD_PT) & (pt.min(axis=1) > 0.9 * TRAIL_PT)
    seen = np.flatnonzero(visible)
    pt, eta, daughters = pt[seen], eta[seen], daughters[seen]
    pt = pt * rng.normal(1.0, _resolution(eta))
    phi = np.arctan2(daughters[..., 1], daughters[..., 0])
    phi = wrapped(phi + rng.normal(0.0, 2e-4, pt.shape))
    charge = rng.choice(np.array([-1, 1]), len(seen))
    charges = np.stack([charge, -charge if component.opposite else charge], axis=1)
    # columns change places where the second muon came out harder
    order = np.where((pt[:, 1] > pt[:, 0])[:, None], [1, 0], [0, 1])
    pt, eta, phi, charges = (
        np.take_along_axis(values, order, axis=1) for values in (pt, eta, phi, charges)
    )
    good = np.flatnonzero((pt[:, 0] > LEAD_PT) & (pt[:, 1] > TRAIL_PT))
    kept = seen[good]
    return Pairs(pt[good], eta[good], phi[good], charges[good], total[kept]), kept


def pair_mass(pt: FloatArray, eta: FloatArray, phi: FloatArray) -> FloatArray:
    """Mass [GeV] of pairs of muons (n, 2), in double precision."""
    pt, eta, phi = (values.astype(np.float64) for values in (pt, eta, phi))
    energy = np.sqrt(MUON_MASS**2 + (pt * np.cosh(eta)) ** 2).sum(axis=1)
    momentum = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]).sum(axis=2)
    return np.asarray(np.sqrt(np.maximum(energy**2 - (momentum**2).sum(axis=0), 0.0)))


def _resolution(eta: FloatArray) -> FloatArray:
    """Relative pT resolution: 0.8 % in the barrel, 1.2 % at the end: 65 MeV at the Upsilon."""
    return np.asarray(np.sqrt(0.0083**2 + (0.0038 * eta) ** 2))
