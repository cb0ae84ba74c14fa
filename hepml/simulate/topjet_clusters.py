"""Sequential clustering of a jet's particles: kt, Cambridge/Aachen, anti-kt, and soft drop."""

from __future__ import annotations

import math

import numpy as np

from hepml.compiled import compiled

__all__ = ["ANTI_KT", "CAMBRIDGE", "KT", "alive", "cluster", "distance", "leading_jet", "soft_drop"]

# Power of pT^2 in the distance min(pT_i^2p, pT_j^2p) dR^2 / R^2.
KT, CAMBRIDGE, ANTI_KT = 1.0, 0.0, -1.0
# Columns of a node: what recombination adds up, and where the node is seen.
PT, RAPIDITY, PHI, PX, PY, PZ, ENERGY = range(7)


@compiled
def cluster(pt, eta, phi, power, radius, winner):  # type: ignore[no-untyped-def]
    """Merge massless particles until one is left (Cacciari, Salam, PLB 641 (2006) 57).

    Nearest neighbours are remembered, so that it takes of the order of n^2 steps.

    Parameters
    ----------
    pt, eta, phi : array, shape (n,)
        At least one particle.
    power : float
        ``KT``, ``CAMBRIDGE`` or ``ANTI_KT``.
    radius : float
        R; what lies further from all others ends as a jet. Infinite: everything is merged.
    winner : bool
        A merged node lies where the harder one was (winner takes all), else 4-vectors add.

    Returns
    -------
    nodes : array, shape (2n, 7)
        Particles, then merged nodes: pT, rapidity, phi, px, py, pz, E.
    steps : array of int64, shape (n or less, 2)
        The two nodes that each step merged to node n, n + 1, ...; -1 second: an end as a jet,
        for which a node is counted too.
    scales : array
        Distance at each step.
    """
    n = len(pt)
    nodes = np.zeros((2 * n, 7))
    for i in range(n):
        _set_particle(nodes[i], pt[i], eta[i], phi[i])
    steps = np.full((n, 2), -1, np.int64)
    scales = np.zeros(n)
    node = np.arange(n)
    factor = np.empty(n)
    near, gap = np.full(n, -1, np.int64), np.full(n, radius * radius)
    for i in range(n):
        factor[i] = _factor(nodes[i, PT], power)
        for j in range(i):
            apart = _apart(nodes[i], nodes[j])
            if apart < gap[i]:
                gap[i], near[i] = apart, j
            if apart < gap[j]:
                gap[j], near[j] = apart, i
    beam = 1.0 if math.isinf(radius) else 1.0 / (radius * radius)
    left = n
    for step in range(n):
        if left == 1 and math.isinf(radius):
            break
        i = 0
        for slot in range(1, left):
            if factor[slot] * gap[slot] < factor[i] * gap[i]:
                i = slot
        scales[step] = factor[i] * gap[i] * beam
        j = near[i]
        steps[step, 0] = node[i]
        if j >= 0:
            steps[step, 1] = node[j]
            i, j = min(i, j), max(i, j)
            _merge(nodes[n + step], nodes[node[i]], nodes[node[j]], winner)
            node[i] = n + step
            factor[i] = _factor(nodes[n + step, PT], power)
        else:
            i, j = -1, i
        left = _remove(nodes, node, factor, near, gap, left, j)
        _refresh(nodes, node, near, gap, left, i, j, radius * radius)
    return nodes, steps, scales


@compiled
def _remove(nodes, node, factor, near, gap, left, gone):  # type: ignore[no-untyped-def]
    """Fill the slot of a node that is gone with the last one; neighbours of it are marked -2."""
    last = left - 1
    for slot in range(left):
        if near[slot] == gone:
            near[slot] = -2
    if gone != last:
        node[gone], factor[gone] = node[last], factor[last]
        near[gone], gap[gone] = near[last], gap[last]
    for slot in range(last):
        if near[slot] == last:
            near[slot] = gone
    return last


@compiled
def _refresh(nodes, node, near, gap, left, new, gone, limit):  # type: ignore[no-untyped-def]
    """Find neighbours again where they moved or vanished."""
    for slot in range(left):
        if slot == new or near[slot] == new or near[slot] == -2:
            if slot == new or new < 0 or near[slot] != -1:
                near[slot], gap[slot] = -1, limit
                for other in range(left):
                    if other != slot:
                        apart = _apart(nodes[node[slot]], nodes[node[other]])
                        if apart < gap[slot]:
                            gap[slot], near[slot] = apart, other
        elif new >= 0:
            apart = _apart(nodes[node[slot]], nodes[node[new]])
            if apart < gap[slot]:
                gap[slot], near[slot] = apart, new


@compiled
def _factor(pt, power):  # type: ignore[no-untyped-def]
    if power == 0.0:
        return 1.0
    return pt * pt if power > 0 else 1.0 / (pt * pt)


@compiled
def _set_particle(node, pt, eta, phi):  # type: ignore[no-untyped-def]
    node[PT], node[RAPIDITY], node[PHI] = pt, eta, phi
    node[PX], node[PY] = pt * math.cos(phi), pt * math.sin(phi)
    node[PZ], node[ENERGY] = pt * math.sinh(eta), pt * math.cosh(eta)


@compiled
def _merge(merged, first, second, winner):  # type: ignore[no-untyped-def]
    for place in range(PX, ENERGY + 1):
        merged[place] = first[place] + second[place]
    if winner:
        harder = first if first[PT] >= second[PT] else second
        merged[PT] = first[PT] + second[PT]
        merged[RAPIDITY], merged[PHI] = harder[RAPIDITY], harder[PHI]
    else:
        merged[PT] = math.hypot(merged[PX], merged[PY])
        ratio = (merged[ENERGY] + merged[PZ]) / (merged[ENERGY] - merged[PZ])
        merged[RAPIDITY] = 0.5 * math.log(ratio)
        merged[PHI] = math.atan2(merged[PY], merged[PX])


@compiled
def _apart(first, second):  # type: ignore[no-untyped-def]
    """Squared distance of two nodes."""
    turn = abs(first[PHI] - second[PHI])
    if turn > math.pi:
        turn = 2 * math.pi - turn
    rise = first[RAPIDITY] - second[RAPIDITY]
    return rise * rise + turn * turn


@compiled
def distance(eta, phi, eta2, phi2):  # type: ignore[no-untyped-def]
    """Distance in pseudorapidity and azimuth; azimuths within 2 pi of each other."""
    turn = abs(phi - phi2)
    if turn > math.pi:
        turn = 2 * math.pi - turn
    return math.hypot(eta - eta2, turn)


@compiled
def alive(steps, n, number):  # type: ignore[no-untyped-def]
    """Nodes that are left when clustering stops at ``number`` of them (at most n)."""
    last = max(n - number, 0)
    there = np.zeros(2 * n, np.bool_)
    there[:n] = True
    for step in range(last):
        there[steps[step, 0]] = False
        if steps[step, 1] >= 0:
            there[steps[step, 1]] = False
            there[n + step] = True
    return np.flatnonzero(there)


@compiled
def leading_jet(nodes, steps):  # type: ignore[no-untyped-def]
    """Particles of the jet with the highest pT, and its node."""
    n = len(steps)
    best = -1
    for step in range(n):
        if steps[step, 1] < 0 and (best < 0 or nodes[steps[step, 0], PT] > nodes[best, PT]):
            best = steps[step, 0]
    return _below(steps, n, best), best


@compiled
def _below(steps, n, top):  # type: ignore[no-untyped-def]
    """Particles that became a node, as a mask."""
    inside = np.zeros(2 * n, np.bool_)
    inside[top] = True
    for node in range(top, n - 1, -1):
        if inside[node]:
            inside[steps[node - n, 0]] = True
            inside[steps[node - n, 1]] = True
    return inside[:n]


@compiled
def soft_drop(nodes, steps, cut, beta):  # type: ignore[no-untyped-def]
    """Groom a jet clustered with Cambridge/Aachen (Larkoski et al., JHEP 05 (2014) 146); R = 1.

    Returns the particles that are kept, as a mask.
    """
    n = len(steps)
    top = 2 * n - 2
    while top >= n:
        one, two = steps[top - n, 0], steps[top - n, 1]
        if nodes[one, PT] < nodes[two, PT]:
            one, two = two, one
        share = nodes[two, PT] / (nodes[one, PT] + nodes[two, PT])
        if share > cut * _apart(nodes[one], nodes[two]) ** (beta / 2):
            break
        top = one
    return _below(steps, n, top)
