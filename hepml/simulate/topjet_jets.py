"""Jets as a detector sees them: hadrons, tracks and towers, anti-kt, soft drop, selection."""

from __future__ import annotations

import math

import numpy as np

from hepml.compiled import compiled
from hepml.simulate.topjet_clusters import (
    ANTI_KT,
    CAMBRIDGE,
    ENERGY,
    KT,
    PX,
    PY,
    PZ,
    cluster,
    distance,
    leading_jet,
    soft_drop,
)
from hepml.simulate.topjet_decays import shower_top
from hepml.simulate.topjet_shower import ANGLE, DEEPEST, ETA, GLUON, KIND, PHI, PT, TOP, branch

__all__ = ["SLOTS", "make_jets"]

SLOTS = 200  # constituents a jet may have
ROOM = 1000  # particles of an event
RADIUS, ZCUT, BETA = 1.0, 0.1, 1.0
# Selection of the published samples [GeV]; the detector covers more than jets may lie in.
LEAST_PT, LEAST_MASS, MOST_ETA, FEWEST = 350.0, 40.0, 2.0, 3
TOP_MASS, MATCHED = 140.0, 0.75
# Response: momenta of tracks and towers [GeV], size of a tower.
TRACK, TOWER, CELL = 0.5, 0.3, 0.1
CHARGED, NEUTRAL, COMBINED = 0, 1, 2
RELABELLED = 0.3  # share of charged constituents that are called combined


@compiled
def make_jets(rng, tune, partons, wanted, lists, taste, counts, jets):  # type: ignore[no-untyped-def]
    """Simulate a jet for each parton until enough pass the selection.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random numbers.
    tune : Tune
        Radiation and hadrons.
    partons : array, shape (n, 4)
        pT [GeV], eta, phi, kind of what starts a jet; a top becomes a signal jet.
    wanted : int
        Jets to make at most.
    lists : array, shape (wanted, SLOTS, 3)
        Filled with pT, eta, phi of constituents by descending pT.
    taste, counts : array
        Filled with the kind of each constituent, and their number.
    jets : array, shape (wanted, 4)
        Filled with pT, eta, phi, mass after grooming.

    Returns
    -------
    made, used : int
        Jets, and partons that it took.
    """
    waiting = np.zeros((DEEPEST, 5))
    out, hadrons = np.zeros((ROOM, 4)), np.zeros((ROOM, 4))
    made = 0
    for used in range(len(partons)):
        if made == wanted:
            return made, used
        waiting[0, :4] = partons[used]
        waiting[0, ANGLE] = tune.widest
        if partons[used, KIND] == TOP:
            count, prongs = shower_top(rng, tune, waiting, out, 0)
        else:
            count, prongs = branch(rng, tune, waiting, out, 0), np.zeros((0, 3))
        count = _initial_state(rng, tune, partons[used], waiting, out, count)
        count = _hadrons(rng, tune, out, count, hadrons)
        if _mass(hadrons[:count]) < LEAST_MASS:
            continue  # grooming and detector only take from it
        seen = _detector(rng, tune, hadrons, count, out)
        found = _select(out, seen, prongs, lists[made], taste[made], jets[made])
        if found > 0:
            counts[made] = found
            made += 1
    return made, len(partons)


@compiled
def _initial_state(rng, tune, parton, waiting, out, count):  # type: ignore[no-untyped-def]
    """Add radiation that knows nothing of the jet: uniform in its area, like 1/pT above 1 GeV."""
    most = max(0.2 * parton[PT], 2.0)
    for _ in range(rng.poisson(tune.initial)):
        radius = 1.2 * math.sqrt(rng.random())
        azimuth = 2 * math.pi * rng.random()
        waiting[0, PT] = most ** rng.random()
        waiting[0, ETA] = parton[ETA] + radius * math.cos(azimuth)
        waiting[0, PHI] = parton[PHI] + radius * math.sin(azimuth)
        waiting[0, KIND], waiting[0, ANGLE] = GLUON, 0.7
        count = branch(rng, tune, waiting, out, count)
    return count


@compiled
def _hadrons(rng, tune, partons, number, hadrons):  # type: ignore[no-untyped-def]
    """Break partons to hadrons, each taking a random share of what is left."""
    count = 0
    for place in range(number):
        left = partons[place, PT]
        while count < len(hadrons):
            share = tune.largest * rng.random()
            last = left * (1 - share) < tune.softest
            pt = left if last else left * share
            hadron = hadrons[count]
            hadron[PT] = pt
            width = min(tune.hadron_kt / pt, 0.5)
            hadron[ETA] = partons[place, ETA] + width * rng.normal()
            hadron[PHI] = partons[place, PHI] + width * rng.normal()
            count += 1
            left -= pt
            if last:
                break
    return count


@compiled
def _mass(particles):  # type: ignore[no-untyped-def]
    px, py, pz, energy = 0.0, 0.0, 0.0, 0.0
    for item in particles:
        px += item[PT] * math.cos(item[PHI])
        py += item[PT] * math.sin(item[PHI])
        pz += item[PT] * math.sinh(item[ETA])
        energy += item[PT] * math.cosh(item[ETA])
    return math.sqrt(max(energy**2 - px**2 - py**2 - pz**2, 0.0))


@compiled
def _detector(rng, tune, hadrons, count, seen):  # type: ignore[no-untyped-def]
    """Measure charged hadrons as tracks, others as towers: sums in cells of 0.1 x 0.1.

    Fills pT, eta, phi and taste, sorted by descending pT; returns how many there are.
    """
    cells = np.empty(count, np.int64)
    sums = np.zeros((count, 3))
    tracks, towers = 0, 0
    for hadron in hadrons[:count]:
        phi = hadron[PHI] - 2 * math.pi * math.floor((hadron[PHI] + math.pi) / (2 * math.pi))
        if rng.random() < tune.charged:
            width = min(0.01 + 1e-4 * hadron[PT], 0.1)
            pt = hadron[PT] * (1 + width * rng.normal())
            if pt > TRACK:
                combined = rng.random() < RELABELLED
                _fill(seen[tracks], pt, hadron[ETA], phi, COMBINED if combined else CHARGED)
                tracks += 1
            continue
        cell = math.floor(hadron[ETA] / CELL) * 10_000 + math.floor(phi / CELL)
        place = 0
        while place < towers and cells[place] != cell:
            place += 1
        if place == towers:
            cells[place] = cell
            towers += 1
        sums[place, 0] += hadron[PT]
        sums[place, 1] += hadron[PT] * hadron[ETA]
        sums[place, 2] += hadron[PT] * phi
    for place in range(towers):
        total = sums[place, 0]
        eta, phi = sums[place, 1] / total, sums[place, 2] / total
        energy = total * math.cosh(eta)
        width = math.hypot(0.3 / math.sqrt(energy), 0.03)
        pt = total * tune.response * (1 + width * rng.normal())
        if pt > TOWER:
            _fill(seen[tracks], pt, eta, phi, NEUTRAL)
            tracks += 1
    order = np.argsort(-seen[:tracks, PT])
    seen[:tracks] = seen[:tracks][order]
    return tracks


@compiled
def _fill(row, pt, eta, phi, taste):  # type: ignore[no-untyped-def]
    row[0], row[1], row[2], row[3] = pt, eta, phi, taste


@compiled
def _select(seen, count, prongs, rows, taste, jet):  # type: ignore[no-untyped-def]
    """Cluster, groom and select; returns the number of constituents, 0 for a rejected jet."""
    if count < FEWEST:
        return 0
    nodes, steps, _ = _clustered(seen[:count], ANTI_KT, RADIUS)
    inside, axis = leading_jet(nodes, steps)
    node = nodes[axis]
    if node[PT] < LEAST_PT or _invariant(node) < LEAST_MASS or inside.sum() < FEWEST:
        return 0
    whole = seen[:count][inside]
    if len(prongs) and not _is_top(whole, node, prongs):
        return 0
    nodes, steps, _ = _clustered(whole, CAMBRIDGE, np.inf)
    kept = whole[soft_drop(nodes, steps, ZCUT, BETA)]
    if len(kept) < FEWEST:
        return 0
    sums = np.zeros(4)
    number = min(len(kept), SLOTS)
    for place in range(number):
        pt, eta, phi = kept[place, 0], kept[place, 1], kept[place, 2]
        rows[place, 0], rows[place, 1], rows[place, 2] = pt, eta, phi
        taste[place] = kept[place, 3]
        sums[0] += pt * math.cos(phi)
        sums[1] += pt * math.sin(phi)
        sums[2] += pt * math.sinh(eta)
        sums[3] += pt * math.cosh(eta)
    jet[0] = math.hypot(sums[0], sums[1])
    jet[1] = math.asinh(sums[2] / jet[0])
    jet[2] = math.atan2(sums[1], sums[0])
    square = sums[3] ** 2 - sums[0] ** 2 - sums[1] ** 2 - sums[2] ** 2
    jet[3] = math.sqrt(max(square, 0.0))
    return number if jet[3] > LEAST_MASS and abs(jet[1]) < MOST_ETA else 0


@compiled
def _clustered(rows, power, radius):  # type: ignore[no-untyped-def]
    """Cluster with 4-vectors; copies, so that one kind of array is compiled for."""
    return cluster(rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2].copy(), power, radius, False)


@compiled
def _invariant(node):  # type: ignore[no-untyped-def]
    square = node[ENERGY] ** 2 - node[PX] ** 2 - node[PY] ** 2 - node[PZ] ** 2
    return math.sqrt(max(square, 0.0))


@compiled
def _is_top(particles, node, prongs):  # type: ignore[no-untyped-def]
    """Whether a jet holds the top, its W and its b, and looks like it: the published matching."""
    eta = math.asinh(node[PZ] / node[PT])
    for place in range(3):
        limit = RADIUS if place == 2 else MATCHED
        if distance(eta, node[PHI], prongs[place, 1], prongs[place, 2]) > limit:
            return False
    if _invariant(node) < TOP_MASS:
        return False
    _, _, scales = _clustered(particles, KT, np.inf)
    split23 = math.sqrt(scales[len(particles) - 3])
    return split23 > math.exp(3.3 - 6.98e-4 * node[PT])
