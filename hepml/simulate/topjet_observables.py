"""The 15 high-level quantities of a jet, computed from its constituents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled
from hepml.simulate.topjet_clusters import ENERGY, KT, PHI, PX, PY, PZ, RAPIDITY, alive, cluster

__all__ = ["OBSERVABLES", "observables"]

OBSERVABLES = (
    "Tau1_wta", "Tau2_wta", "Tau3_wta", "Tau4_wta", "Split12", "Split23", "ECF1", "ECF2", "ECF3",
    "C2", "D2", "Qw", "L2", "L3", "ThrustMaj",
)  # fmt: skip


def observables(
    pt: NDArray[Any], eta: NDArray[Any], phi: NDArray[Any], offsets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Compute the high-level quantities of the published samples.

    N-subjettiness is normalised (R = 1) with winner-takes-all kt axes; splitting scales are those
    of the kt algorithm; energy correlations have angular exponent 1.

    Parameters
    ----------
    pt, eta, phi : array
        Constituents of all jets, one jet after the other, massless [MeV, rad].
    offsets : array of int64, shape (jets + 1,)
        Where each jet begins, and the end.

    Returns
    -------
    array of float64, shape (jets, 15)
        Columns as in ``OBSERVABLES``; powers of the unit of pT. 0 where a jet has too few
        constituents for a quantity.
    """
    found = np.zeros((len(offsets) - 1, len(OBSERVABLES)))
    pt, eta, phi = (np.ascontiguousarray(values, dtype=np.float64) for values in (pt, eta, phi))
    _observe_all(pt, eta, phi, np.ascontiguousarray(offsets, dtype=np.int64), found)
    several = np.diff(offsets) > 0
    if several.any():
        starts = np.concatenate([offsets[:-1][several], offsets[-1:]])
        found[several, 14] = _thrust_major(pt, eta, phi, starts)
    return found


@compiled
def _observe_all(pt, eta, phi, offsets, found):  # type: ignore[no-untyped-def]
    for jet in range(len(offsets) - 1):
        begin, end = offsets[jet], offsets[jet + 1]
        if end > begin:
            _observe(pt[begin:end], eta[begin:end], phi[begin:end], found[jet])


@compiled
def _observe(pt, eta, phi, found):  # type: ignore[no-untyped-def]
    """Fill the quantities of one jet, all but the last one."""
    n = len(pt)
    nodes, steps, _ = cluster(pt, eta, phi, KT, np.inf, True)
    for number in range(1, 5):
        axes = nodes[alive(steps, n, number)]
        found[number - 1] = _subjettiness(pt, eta, phi, axes)
    nodes, steps, scales = cluster(pt, eta, phi, KT, np.inf, False)
    if n > 1:
        found[4] = math.sqrt(scales[n - 2])
    if n > 2:
        found[5] = math.sqrt(scales[n - 3])
        found[11] = _lightest_pair(nodes[alive(steps, n, 3)])
    _correlations(pt, eta, phi, found)


@compiled
def _subjettiness(pt, eta, phi, axes):  # type: ignore[no-untyped-def]
    """Mean distance to the nearest axis, weighted by pT."""
    total, weighted = 0.0, 0.0
    for i in range(len(pt)):
        nearest = np.inf
        for axis in axes:
            turn = abs(phi[i] - axis[PHI])
            if turn > math.pi:
                turn = 2 * math.pi - turn
            rise = eta[i] - axis[RAPIDITY]
            nearest = min(nearest, rise * rise + turn * turn)
        total += pt[i]
        weighted += pt[i] * math.sqrt(nearest)
    return weighted / total


@compiled
def _lightest_pair(subjets):  # type: ignore[no-untyped-def]
    """Smallest mass of a pair."""
    least = np.inf
    for i in range(len(subjets)):
        for j in range(i):
            pair = subjets[i] + subjets[j]
            square = pair[ENERGY] ** 2 - pair[PX] ** 2 - pair[PY] ** 2 - pair[PZ] ** 2
            least = min(least, square)
    return math.sqrt(max(least, 0.0))


@compiled
def _correlations(pt, eta, phi, found):  # type: ignore[no-untyped-def]
    """Energy correlation functions (JHEP 06 (2013) 108; JHEP 12 (2016) 153) and their ratios."""
    n = len(pt)
    apart = np.empty((n, n))
    one, two, three, smallest, square = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        one += pt[i]
        for j in range(i):
            turn = abs(phi[i] - phi[j])
            if turn > math.pi:
                turn = 2 * math.pi - turn
            apart[i, j] = math.sqrt((eta[i] - eta[j]) ** 2 + turn * turn)
            two += pt[i] * pt[j] * apart[i, j]
    for i in range(n):
        for j in range(i):
            first, weight = apart[i, j], pt[i] * pt[j]
            for k in range(j):
                share = weight * pt[k]
                second, third = apart[i, k], apart[j, k]
                three += share * first * second * third
                least = min(first, min(second, third))
                smallest += share * least
                square += share * least * least
    found[6], found[7], found[8] = one, two, three
    if two > 0:
        found[9] = three * one / two**2
        found[10] = three * one**3 / two**3
    if square > 0 and three > 0:
        volume = one**3
        found[12] = three / volume / (square / volume) ** 1.5
        found[13] = smallest / volume / (three / volume) ** (1 / 3)


def _thrust_major(
    pt: NDArray[Any], eta: NDArray[Any], phi: NDArray[Any], offsets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Thrust major in the rest frame of the jet.

    The axes are the eigenvectors of the linear momentum tensor, not those of largest thrust: a
    search for these would cost more than everything else together.
    """
    starts = offsets[:-1]
    vectors = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=1)
    energy = pt * np.cosh(eta)
    total = np.add.reduceat(vectors, starts)
    sums = np.add.reduceat(energy, starts)
    mass = np.sqrt(np.maximum(sums**2 - (total**2).sum(axis=1), 1e-12 * sums**2))
    jet = np.repeat(np.arange(len(starts)), np.diff(offsets))
    along = (vectors * total[jet]).sum(axis=1)
    shift = along / (sums + mass)[jet] - energy
    rest = vectors + total[jet] * (shift / mass[jet])[:, None]
    length = np.maximum(np.linalg.norm(rest, axis=1), 1e-300)
    tensor = np.add.reduceat(rest[:, :, None] * rest[:, None, :] / length[:, None, None], starts)
    axis = np.linalg.eigh(tensor)[1][:, :, 1]
    projected = np.abs((rest * axis[jet]).sum(axis=1))
    return np.asarray(np.add.reduceat(projected, starts) / np.add.reduceat(length, starts))
