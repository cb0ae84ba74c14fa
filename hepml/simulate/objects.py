"""What every simulated detector object needs: flat collections, isolation, distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hepml.simulate.kinematics import FloatArray, IntArray, wrapped

__all__ = ["MEV", "Collection", "flattened", "isolation", "massless", "separated"]

MEV = 1000.0


@dataclass(frozen=True, slots=True)
class Collection:
    """Objects of ``n`` events one after the other.

    Attributes
    ----------
    counts : array, shape (n,)
        Objects per event.
    columns : dict of str to array, shape (counts.sum(),)
        Branch name without the collection's prefix to values; MeV and radians.
    """

    counts: IntArray
    columns: dict[str, npt.NDArray[Any]]


def flattened(slots: list[tuple[FloatArray, IntArray]]) -> tuple[IntArray, FloatArray, IntArray]:
    """Turn slots into flat objects: event number, momentum (m, 4) and identifier."""
    if not slots:
        return np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0, np.int64)
    present = [np.flatnonzero(p4[:, 3] > 0) for p4, _ in slots]
    p4 = np.concatenate([p4[at] for (p4, _), at in zip(slots, present, strict=True)])
    code = np.concatenate([code[at] for (_, code), at in zip(slots, present, strict=True)])
    return np.concatenate(present), p4, code


def isolation(
    rng: np.random.Generator, activity: FloatArray, faked: npt.NDArray[np.bool_]
) -> dict[str, FloatArray]:
    """Track and calorimeter sums around an object [MeV].

    Tracks: a Poisson number of at least 1 GeV each, so that most objects have exactly 0.
    Calorimeter: pedestal-subtracted noise (about half is negative) and the same neighbours.
    """
    n = len(activity)
    tracks = rng.poisson(0.20 + 0.03 * activity + np.where(faked, 0.7, 0.0))
    ptcone = np.where(tracks > 0, tracks + rng.gamma(np.maximum(tracks, 1), 1.0), 0.0)
    near = 0.35 * ptcone * rng.random(n)
    etcone = rng.normal(-0.1, 1.1, n) + near + np.where(faked, rng.exponential(2.2, n), 0.0)
    return {"ptcone30": ptcone * MEV, "etcone20": etcone * MEV}


def massless(counts: IntArray, columns: dict[str, Any]) -> Collection:
    """Add E = pT cosh(eta), computed from the stored single-precision values."""
    pt, eta = columns["pt"].astype(np.float32), columns["eta"].astype(np.float32)
    return Collection(counts, columns | {"E": pt * np.cosh(eta.astype(np.float64))})


def separated(
    event: IntArray, eta: FloatArray, phi: FloatArray, others: Collection
) -> npt.NDArray[np.bool_]:
    """Whether each object is at least dR = 0.4 from every object of another collection."""
    clear = np.ones(len(event), bool)
    first = np.cumsum(others.counts) - others.counts
    for slot in range(int(others.counts.max(initial=0))):
        here = np.flatnonzero(others.counts[event] > slot)
        other = first[event[here]] + slot
        away = wrapped(phi[here] - others.columns["phi"][other])
        distance = np.hypot(eta[here] - others.columns["eta"][other], away)
        clear[here] &= distance > 0.4
    return clear
