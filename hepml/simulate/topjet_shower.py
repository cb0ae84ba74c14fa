"""A parton shower in pT, pseudorapidity and azimuth, ordered in angle."""

from __future__ import annotations

import math
from typing import NamedTuple

from hepml.compiled import compiled

__all__ = ["BOTTOM", "GLUON", "QUARK", "TOP", "Tune", "branch"]

# Kinds of partons; a top radiates before it decays.
GLUON, QUARK, BOTTOM, TOP = 0.0, 1.0, 5.0, 6.0
BOTTOM_MASS, TOP_MASS = 4.8, 172.5  # GeV
Z_MASS = 91.19

# Columns of a parton, and of what waits to branch: also its kind and the largest angle left.
PT, ETA, PHI, KIND, ANGLE = range(5)
DEEPEST = 512  # partons that wait at a time; each emission adds one


class Tune(NamedTuple):
    """Parameters of the simulation of a jet; pT in GeV.

    The defaults were fitted to a Pythia sample, with the same reconstruction: the distributions of
    masses, multiplicities and high-level quantities of tops and of QCD jets, at the same jet pT.

    Attributes
    ----------
    coupling : float
        alpha_s of final-state radiation at the Z mass, one loop.
    cutoff : float
        Least kt of an emission.
    frozen : float
        Largest value of alpha_s.
    widest : float
        Largest angle of the first emission of a jet's parton.
    initial : float
        Mean number of partons above 1 GeV from the initial state, in a jet's area.
    hadron_kt : float
        Width of the transverse momentum that hadrons get.
    charged : float
        Share of charged hadrons.
    largest : float
        Largest share of a parton that its next hadron takes; all shares below are as likely.
    softest : float
        What is left of a parton is one hadron below this pT.
    response : float
        Mean response of towers; jets are not calibrated.
    neutrinos : float
        Share of b quarks that lose momentum to a neutrino.
    """

    coupling: float = 0.118
    cutoff: float = 1.0
    frozen: float = 0.78
    widest: float = 1.16
    initial: float = 0.35
    hadron_kt: float = 0.245
    charged: float = 0.565
    largest: float = 0.7
    softest: float = 0.66
    response: float = 0.82
    neutrinos: float = 0.35


@compiled
def branch(rng, tune, waiting, out, count):  # type: ignore[no-untyped-def]
    """Let one parton radiate, and its daughters, down to the cutoff.

    Emissions follow dtheta^2/theta^2 P(x) dx alpha_s(kt) / 2 pi with kt = x (1 - x) theta pT and
    the splitting functions of QCD at lowest order; after each one the angle only shrinks, for both
    daughters (colour coherence). Quarks with a mass m do not radiate below theta = m / pT. The
    sum of pT and its centre in the plane stay as they were.

    Parameters
    ----------
    rng : numpy.random.Generator
        Random numbers.
    tune : Tune
        Strength of radiation.
    waiting : array, shape (DEEPEST, 5)
        The parton in row 0 (pT, eta, phi, kind, largest angle); the rest is scratch space.
    out : array, shape (room, 4)
        Where final partons are written (pT, eta, phi, kind).
    count : int
        Rows of ``out`` that are taken.

    Returns
    -------
    int
        Rows that are taken now. What would not fit is left out.
    """
    left = 1
    parton = waiting[DEEPEST - 1]
    while left > 0:
        left -= 1
        parton[:] = waiting[left]
        while left < DEEPEST - 1:
            share, angle, splits = _emission(rng, tune, parton)
            if share == 0.0:
                break
            _split(rng, parton, waiting[left], share, angle, splits)
            left += 1
        if count < len(out):
            out[count, :4] = parton[:4]
            count += 1
    return count


@compiled
def _split(rng, hard, soft, share, angle, splits):  # type: ignore[no-untyped-def]
    """Replace a parton by two around it; ``soft`` takes the share."""
    azimuth = 2 * math.pi * rng.random()
    x, y = angle * math.cos(azimuth), angle * math.sin(azimuth)
    soft[PT] = share * hard[PT]
    soft[ETA] = hard[ETA] + (1 - share) * x
    soft[PHI] = hard[PHI] + (1 - share) * y
    hard[PT] -= soft[PT]
    hard[ETA] -= share * x
    hard[PHI] -= share * y
    soft[KIND] = GLUON
    if splits:  # a gluon to a pair of quarks
        soft[KIND] = BOTTOM if rng.random() < 0.2 else QUARK
        hard[KIND] = soft[KIND]
    soft[ANGLE] = angle
    hard[ANGLE] = angle


@compiled
def _emission(rng, tune, parton):  # type: ignore[no-untyped-def]
    """Find the next emission by the veto algorithm: share, angle, and if a gluon splits.

    The share is 0 if there is none.
    """
    pt, kind, angle = parton[PT], parton[KIND], parton[ANGLE]
    dead = 0.0
    if kind == BOTTOM:
        dead = BOTTOM_MASS / pt
    elif kind == TOP:
        dead = TOP_MASS / pt
    # overestimate: x P(x) <= most, alpha_s <= frozen
    most = 6.0 if kind == GLUON else 8.0 / 3.0
    while True:
        least = tune.cutoff / (pt * angle)
        if least >= 0.25 or angle <= dead:
            return 0.0, 0.0, False
        rate = tune.frozen / (2 * math.pi) * most * -math.log(least)
        angle *= math.exp(0.5 * math.log(1 - rng.random()) / rate)
        x = least ** rng.random()
        kt = x * (1 - x) * angle * pt
        if kt < tune.cutoff or angle <= dead:
            continue
        splitting = 0.0
        if kind == GLUON:
            radiated = 3.0 * (2 * (1 - x) + x * x * (1 - x))
            splitting = 2.5 * x * (x * x + (1 - x) ** 2)
        else:
            radiated = 4.0 / 3.0 * (1 + (1 - x) ** 2)
        accepted = rng.random() * tune.frozen * most / _coupling(tune, kt)
        if accepted < radiated + splitting:
            return x, angle, accepted >= radiated


@compiled
def _coupling(tune, kt):  # type: ignore[no-untyped-def]
    """alpha_s with five flavours, at most the frozen value."""
    slope = 23 / (6 * math.pi) * tune.coupling
    running = 1 + slope * math.log(kt / Z_MASS)
    return min(tune.frozen, tune.coupling / running) if running > 0 else tune.frozen
