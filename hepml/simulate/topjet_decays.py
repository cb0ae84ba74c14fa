"""Decays of tops: three prongs with the masses of W and top, also after their showers."""

from __future__ import annotations

import math

import numpy as np

from hepml.compiled import compiled
from hepml.simulate.topjet_shower import ANGLE, BOTTOM, ETA, KIND, PHI, PT, QUARK, TOP, branch

__all__ = ["shower_top"]

MASS, WIDTH = 172.5, 1.4  # GeV, of the top
W_MASS, W_WIDTH = 80.4, 2.1
LONGITUDINAL = 0.7  # share of W bosons with helicity 0, the others have -1


@compiled
def shower_top(rng, tune, waiting, out, count):  # type: ignore[no-untyped-def]
    """Let the top in ``waiting[0]`` radiate, decay hadronically, and its quarks radiate.

    Returns
    -------
    count : int
        Rows of ``out`` that are taken.
    prongs : array, shape (3, 3)
        pT, eta, phi of top, W and b.
    """
    waiting[0, KIND] = TOP
    start = count
    count = branch(rng, tune, waiting, out, count)
    top = start
    for place in range(start, count):
        if out[place, KIND] == TOP:
            top = place
    prongs = np.zeros((3, 3))
    prongs[0] = out[top, :3]
    mass = _breit_wigner(rng, MASS, WIDTH)
    w_mass = _breit_wigner(rng, W_MASS, W_WIDTH)
    parent = _vector(out[top, PT], out[top, ETA], out[top, PHI], mass)
    # gluons that the top emitted radiate as well: they did so in the same cascade
    out[top] = out[count - 1]
    count -= 1
    momentum = (mass * mass - w_mass * w_mass) / (2 * mass)
    x, y, z = _direction(rng, 2 * rng.random() - 1)
    w_rest = _four(momentum * x, momentum * y, momentum * z, w_mass)
    bottom = _boosted(_four(-momentum * x, -momentum * y, -momentum * z, 0.0), parent)
    boson = _boosted(w_rest, parent)
    one, two = _w_decay(rng, boson, w_mass, bottom)
    prongs[1], prongs[2] = _seen(boson), _seen(bottom)
    first = count
    opening = _gap(_seen(one), _seen(two))
    for quark in (one, two):
        count = _radiate(rng, tune, waiting, out, count, quark, QUARK, opening)
    _restore(out[first:count], boson, w_mass)
    wide = _gap(prongs[1], prongs[2])
    count = _radiate(rng, tune, waiting, out, count, bottom, BOTTOM, wide)
    _restore(out[first:count], parent, mass)
    if rng.random() < tune.neutrinos:
        for place in range(first, count):
            if out[place, KIND] == BOTTOM:
                out[place, PT] *= 1 - 0.5 * rng.random()
                break
    return count, prongs


@compiled
def _radiate(rng, tune, waiting, out, count, quark, kind, angle):  # type: ignore[no-untyped-def]
    waiting[0, :3] = _seen(quark)
    waiting[0, KIND], waiting[0, ANGLE] = kind, angle
    return branch(rng, tune, waiting, out, count)


@compiled
def _w_decay(rng, boson, mass, bottom):  # type: ignore[no-untyped-def]
    """Quarks of the W; cosine of the angle to the b, reversed, in the rest frame of the W."""
    if rng.random() < LONGITUDINAL:
        while True:
            cosine = 2 * rng.random() - 1
            if rng.random() < 1 - cosine * cosine:
                break
    else:  # (1 - cos)^2 for one of the quarks
        cosine = 1 - 2 * rng.random() ** (1 / 3)
    axis = _to_rest(bottom, boson)[:3]
    axis /= -math.sqrt((axis * axis).sum())
    azimuth = 2 * math.pi * rng.random()
    side = np.array([axis[1], -axis[0], 0.0])
    side /= max(math.sqrt((side * side).sum()), 1e-12)
    other = np.array(
        [
            axis[1] * side[2] - axis[2] * side[1],
            axis[2] * side[0] - axis[0] * side[2],
            axis[0] * side[1] - axis[1] * side[0],
        ]
    )
    sine = math.sqrt(max(1 - cosine * cosine, 0.0))
    aim = axis * cosine + sine * (side * math.cos(azimuth) + other * math.sin(azimuth))
    aim *= mass / 2
    one = _boosted(_four(aim[0], aim[1], aim[2], 0.0), boson)
    two = _boosted(_four(-aim[0], -aim[1], -aim[2], 0.0), boson)
    return one, two


@compiled
def _restore(partons, target, mass):  # type: ignore[no-untyped-def]
    """Give massless partons the four-momentum of what they come from, in its rest frame.

    Radiation in pT, eta and phi adds mass; scaling all momenta in the rest frame takes it away.
    """
    total = np.zeros(4)
    for parton in partons:
        total += _vector(parton[PT], parton[ETA], parton[PHI], 0.0)
    square = total[3] ** 2 - total[0] ** 2 - total[1] ** 2 - total[2] ** 2
    if square <= 0:
        return
    scale = mass / math.sqrt(square)
    for parton in partons:
        rest = _to_rest(_vector(parton[PT], parton[ETA], parton[PHI], 0.0), total)
        parton[:3] = _seen(_boosted(rest * scale, target))


@compiled
def _breit_wigner(rng, mass, width):  # type: ignore[no-untyped-def]
    """Mass within 10 widths [GeV]."""
    limit = math.atan(20.0)
    return mass + 0.5 * width * math.tan(limit * (2 * rng.random() - 1))


@compiled
def _direction(rng, cosine):  # type: ignore[no-untyped-def]
    azimuth = 2 * math.pi * rng.random()
    sine = math.sqrt(1 - cosine * cosine)
    return sine * math.cos(azimuth), sine * math.sin(azimuth), cosine


@compiled
def _four(x, y, z, mass):  # type: ignore[no-untyped-def]
    return np.array([x, y, z, math.sqrt(x * x + y * y + z * z + mass * mass)])


@compiled
def _vector(pt, eta, phi, mass):  # type: ignore[no-untyped-def]
    return _four(pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta), mass)


@compiled
def _seen(vector):  # type: ignore[no-untyped-def]
    """Return pT, pseudorapidity, azimuth."""
    pt = max(math.hypot(vector[0], vector[1]), 1e-9)
    return np.array([pt, math.asinh(vector[2] / pt), math.atan2(vector[1], vector[0])])


@compiled
def _gap(one, two):  # type: ignore[no-untyped-def]
    turn = abs(one[2] - two[2])
    return math.hypot(one[1] - two[1], min(turn, 2 * math.pi - turn))


@compiled
def _boosted(vector, frame):  # type: ignore[no-untyped-def]
    """A vector of the rest frame of ``frame``, in the laboratory."""
    mass = math.sqrt(frame[3] ** 2 - frame[0] ** 2 - frame[1] ** 2 - frame[2] ** 2)
    dot = vector[0] * frame[0] + vector[1] * frame[1] + vector[2] * frame[2]
    shift = (dot / (frame[3] + mass) + vector[3]) / mass
    moved = np.empty(4)
    moved[:3] = vector[:3] + shift * frame[:3]
    moved[3] = (vector[3] * frame[3] + dot) / mass
    return moved


@compiled
def _to_rest(vector, frame):  # type: ignore[no-untyped-def]
    """Take a vector of the laboratory to the rest frame of ``frame``."""
    mass = math.sqrt(max(frame[3] ** 2 - frame[0] ** 2 - frame[1] ** 2 - frame[2] ** 2, 1e-12))
    dot = vector[0] * frame[0] + vector[1] * frame[1] + vector[2] * frame[2]
    shift = (dot / (frame[3] + mass) - vector[3]) / mass
    moved = np.empty(4)
    moved[:3] = vector[:3] + shift * frame[:3]
    moved[3] = (vector[3] * frame[3] - dot) / mass
    return moved
