"""Compiled analogue transport of one electromagnetic shower through a brick, down to base-tracks.

Electrons, positrons and photons above a cut of about 30 MeV, below which nothing leaves a visible
base-track: bremsstrahlung, pair production, Compton scattering, knock-on electrons, ionisation and
multiple scattering in the slabs; drift and scattering in the films. Everything is in um and MeV.
All compiled functions share this file, because machine code kept on disk is renewed only when the
file of the function itself changes, not when that of a function it calls does.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled
from hepml.simulate.shower_medium import ELECTRON_MASS as MASS
from hepml.simulate.shower_medium import Medium

__all__ = ["HIT", "PARTICLE", "trace"]

# A particle on its way: z is counted from the slab's upstream face, slab k follows film k.
PARTICLE = np.dtype(
    [(name, "f8") for name in ("x", "y", "z", "u", "v", "w", "energy")]
    + [(name, "i8") for name in ("slab", "charge", "track")]
)
# A charged particle entering a film; film 0 is the most upstream one.
HIT = np.dtype(
    [(name, "f8") for name in ("x", "y", "tx", "ty", "momentum")]
    + [(name, "i8") for name in ("film", "charge", "track")]
)

STEP = 100.0  # longest step of a charged particle [um]
SOFT = 5.0  # photons below this energy [MeV] are part of the continuous loss
STEEPEST = 0.02  # cosine of the steepest direction that is followed
LARGEST_ANGLE = 1.0  # of a base-track to the film's normal [rad]

# Bremsstrahlung in lead relative to the formula of complete screening, against energy [MeV].
BREMS_ENERGY = np.log(np.array([5.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 10000.0]))
BREMS_RATIO = np.array([0.76, 0.80, 0.86, 0.92, 0.96, 0.985, 1.0])
# Pair production in lead relative to 7/9 per radiation length, against energy [MeV]. Both tables
# are taken for tungsten too, whose charge is 10 % smaller.
PAIR_ENERGY = np.log(
    np.array([1.022, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 3000, 10000], dtype=np.float64)
)
PAIR_RATIO = np.array(
    [0, 0.018, 0.064, 0.16, 0.295, 0.446, 0.63, 0.745, 0.82, 0.885, 0.92, 0.95, 0.98]
)


def trace(
    rng: np.random.Generator,
    medium: Medium,
    energy: float,
    position: tuple[float, float],
    slope: tuple[float, float],
    cut: float,
) -> NDArray[Any]:
    """Follow one electron that enters the first film, and everything that comes of it.

    Parameters
    ----------
    rng : numpy.random.Generator
        The same state gives the same shower.
    medium : Medium
        The brick.
    energy : float
        Of the electron [MeV].
    position : (float, float)
        x and y at the first film [um].
    slope : (float, float)
        dx/dz and dy/dz.
    cut : float
        Energy [MeV] below which particles are dropped; also the least momentum of a hit.

    Returns
    -------
    array of HIT, shape (n,)
        Entries of charged particles into films, at most 1 rad to the normal. Track 0 is the
        electron itself, others count up in order of birth.
    """
    length = math.sqrt(1 + slope[0] ** 2 + slope[1] ** 2)
    direction = (slope[0] / length, slope[1] / length, 1 / length)
    # Energy is conserved (but for the masses of freed electrons), so no more particles than
    # this can wait at a time.
    waiting = np.zeros(64 + int(1.5 * energy / cut), dtype=PARTICLE)
    room, state = 1024, rng.bit_generator.state
    while True:
        # Film 0 has no slab in front: the electron stands at the end of slab -1.
        waiting[0] = (*position, medium.slab, *direction, energy, -1, -1, 0)
        hits = np.empty(room, dtype=HIT)
        number = _follow_all(rng, medium, cut, waiting, hits)
        if number >= 0:
            return hits[:number].copy()
        room *= 4
        rng.bit_generator.state = state


@compiled
def _follow_all(rng, medium, cut, waiting, hits):  # type: ignore[no-untyped-def]
    """Follow particles until none waits; returns the number of hits, -1 if room ran out."""
    count, found = 1, 0
    born = np.zeros(1, np.int64)
    current = np.empty(1, dtype=waiting.dtype)
    while count > 0:
        count -= 1
        current[0] = waiting[count]
        particle = current[0]
        while True:
            if particle.charge == 0:
                count = _photon_in_slab(rng, medium, cut, particle, waiting, count, born)
            else:
                count = _electron_in_slab(rng, medium, cut, particle, waiting, count, born)
            particle.slab += 1
            if particle.energy < cut or particle.slab == medium.films:
                break
            if found == len(hits):
                return -1
            if particle.charge != 0:
                found = _record(particle, cut, hits, found)
            _cross_film(rng, medium, particle)
    return found


@compiled
def _record(particle, cut, hits, found):  # type: ignore[no-untyped-def]
    """Note a charged particle at a film's upstream face, if it would be seen."""
    momentum = math.sqrt(max(particle.energy**2 - MASS**2, 0.0))
    if momentum <= cut or math.acos(particle.w) >= LARGEST_ANGLE:
        return found
    hit = hits[found]
    hit.x, hit.y = particle.x, particle.y
    hit.tx, hit.ty = particle.u / particle.w, particle.v / particle.w
    hit.momentum = momentum
    hit.film, hit.charge, hit.track = particle.slab, particle.charge, particle.track
    return found + 1


@compiled
def _cross_film(rng, medium, particle):  # type: ignore[no-untyped-def]
    """Drift through a film and scatter behind it; its 0.3 % of a radiation length do no more."""
    path = medium.film / particle.w
    particle.x += particle.u * path
    particle.y += particle.v * path
    particle.z = 0.0
    if particle.charge != 0:
        width = medium.film_scattering * math.sqrt(path) / particle.energy
        _deflect(particle, width * rng.normal(), width * rng.normal(), 0.0, 0.0)


@compiled
def _electron_in_slab(rng, medium, cut, particle, waiting, count, born):  # type: ignore[no-untyped-def]
    """Carry an electron or positron to the slab's end; energy 0 says that it was dropped."""
    while particle.z < medium.slab:
        energy = particle.energy
        if energy < cut or particle.w < STEEPEST:
            particle.energy = 0.0
            break
        # Bremsstrahlung, complete screening: dn/dy = (4/3 - 4y/3 + y^2) / y per radiation
        # length (Particle Data Group, passage of particles through matter), integrated over y
        # above SOFT; below, its energy is lost continuously.
        y = min(SOFT / energy, 1.0)
        strength = np.interp(math.log(energy), BREMS_ENERGY, BREMS_RATIO) / medium.radiation_length
        hard = strength * (-4 / 3 * math.log(y) - 4 / 3 * (1 - y) + 0.5 * (1 - y * y))
        soft = strength * energy * (4 / 3 * y - 2 / 3 * y**2 + y**3 / 3)
        # Knock-on electrons: the leading term 1/T^2 of Moller's formula, T from cut to half.
        knock = max(medium.knock_on * (1 / cut - 2 / energy), 0.0)
        distance = -math.log(1 - rng.random()) / (hard + knock) if hard + knock > 0 else np.inf
        step = min(distance, STEP)
        remaining = (medium.slab - particle.z) / particle.w
        leaves = step >= remaining
        step = min(step, remaining)
        _step(rng, medium, particle, step)
        particle.energy -= (medium.ionisation + soft) * step
        if leaves:
            break
        if distance <= STEP and rng.random() * (hard + knock) < knock:
            count = _knock_on(rng, cut, particle, waiting, count, born)
        elif distance <= STEP:
            count = _radiate(rng, cut, particle, waiting, count)
    return count


@compiled
def _step(rng, medium, particle, step):  # type: ignore[no-untyped-def]
    """Move a charged particle, with correlated Gaussian deflection and lateral shift.

    Angle and shift are correlated as the Particle Data Group's review gives it (passage of
    particles through matter, multiple scattering through small angles).
    """
    particle.x += particle.u * step
    particle.y += particle.v * step
    particle.z += particle.w * step
    width = medium.slab_scattering * math.sqrt(step) / particle.energy
    g1, g2 = rng.normal(), rng.normal()
    shift1 = step * width * (rng.normal() / math.sqrt(12.0) + g1 / 2)
    shift2 = step * width * (rng.normal() / math.sqrt(12.0) + g2 / 2)
    _deflect(particle, width * g1, width * g2, shift1, shift2)


@compiled
def _radiate(rng, cut, particle, waiting, count):  # type: ignore[no-untyped-def]
    """Emit a photon above SOFT; it is followed if it is above the cut."""
    if particle.energy <= SOFT:
        return count
    least = SOFT / particle.energy
    while True:
        y = least ** rng.random()
        if rng.random() < 1 - y + 0.75 * y * y:
            break
    energy = y * particle.energy
    if energy > cut:
        photon = waiting[count]
        _born(photon, particle, energy, 0, -1)
        _turn(photon, _emission_angle(rng, particle.energy), 2 * math.pi * rng.random())
        count += 1
    particle.energy -= energy
    return count


@compiled
def _knock_on(rng, cut, particle, waiting, count, born):  # type: ignore[no-untyped-def]
    """Free an electron of kinetic energy T, at its kinematic angle tan^2 = 2m/T (T << E)."""
    if particle.energy <= 2 * cut:
        return count
    kinetic = 1 / (1 / cut - rng.random() * (1 / cut - 2 / particle.energy))
    born[0] += 1
    _born(waiting[count], particle, kinetic + MASS, -1, born[0])
    angle = math.atan(math.sqrt(2 * MASS / kinetic))
    _turn(waiting[count], angle, 2 * math.pi * rng.random())
    particle.energy -= kinetic
    return count + 1


@compiled
def _photon_in_slab(rng, medium, cut, particle, waiting, count, born):  # type: ignore[no-untyped-def]
    """Carry a photon to the slab's end; energy 0 says that it was dropped or converted."""
    while True:
        energy = particle.energy
        if energy < cut or particle.w < STEEPEST:
            particle.energy = 0.0
            break
        ratio = np.interp(math.log(energy), PAIR_ENERGY, PAIR_RATIO)
        pairs = 7 / 9 / medium.radiation_length * ratio
        compton = medium.compton * _klein_nishina(energy / MASS)
        step = -math.log(1 - rng.random()) / (pairs + compton)
        remaining = (medium.slab - particle.z) / particle.w
        leaves = step >= remaining
        step = min(step, remaining)
        particle.x += particle.u * step
        particle.y += particle.v * step
        particle.z += particle.w * step
        if leaves:
            break
        if rng.random() * (pairs + compton) < pairs:
            count = _convert(rng, cut, particle, waiting, count, born)
            particle.energy = 0.0
            break
        count = _compton(rng, cut, particle, waiting, count, born)
    return count


@compiled
def _convert(rng, cut, photon, waiting, count, born):  # type: ignore[no-untyped-def]
    """Replace a photon by an electron and a positron; x is shared like 1 - 4/3 x (1 - x)."""
    while True:
        share = rng.random()
        if rng.random() < 1 - 4 / 3 * share * (1 - share):
            break
    energy = MASS + share * (photon.energy - 2 * MASS)
    for charge in (-1, 1):
        if energy > cut:
            born[0] += 1
            _born(waiting[count], photon, energy, charge, born[0])
            _turn(waiting[count], _emission_angle(rng, energy), 2 * math.pi * rng.random())
            count += 1
        energy = photon.energy - energy
    return count


@compiled
def _klein_nishina(a):  # type: ignore[no-untyped-def]
    """Total Compton cross section over the classical radius squared; a is energy over mass."""
    logarithm = math.log(1 + 2 * a)
    first = (1 + a) / a**2 * (2 * (1 + a) / (1 + 2 * a) - logarithm / a)
    return 2 * math.pi * (first + logarithm / (2 * a) - (1 + 3 * a) / (1 + 2 * a) ** 2)


@compiled
def _compton(rng, cut, photon, waiting, count, born):  # type: ignore[no-untyped-def]
    """Scatter a photon; the share e it keeps falls like (1/e + e)(1 - e sin^2 / (1 + e^2))."""
    least = 1 / (1 + 2 * photon.energy / MASS)
    inverse, linear = -math.log(least), 0.5 * (1 - least**2)
    while True:
        if rng.random() * (inverse + linear) < inverse:
            share = least ** rng.random()
        else:
            share = math.sqrt(least**2 + (1 - least**2) * rng.random())
        t = MASS * (1 - share) / (photon.energy * share)  # 1 - cos
        if rng.random() < 1 - share * t * (2 - t) / (1 + share**2):
            break
    kinetic = photon.energy * (1 - share)
    momentum = math.sqrt(kinetic * (kinetic + 2 * MASS))
    azimuth = 2 * math.pi * rng.random()
    electron = waiting[count]
    _born(electron, photon, kinetic + MASS, -1, born[0] + 1)
    # momentum is conserved: cos = (E - E' cos') / p, on the other side of the plane
    along = photon.energy * (1 - share * (1 - t)) / max(momentum, 1e-9)
    _turn(electron, math.acos(min(max(along, -1.0), 1.0)), azimuth + math.pi)
    if kinetic + MASS > cut:
        born[0] += 1
        count += 1
    _turn(photon, math.acos(min(max(1 - t, -1.0), 1.0)), azimuth)
    photon.energy *= share
    return count


@compiled
def _emission_angle(rng, energy):  # type: ignore[no-untyped-def]
    """Polar angle of bremsstrahlung and pairs, about m/E (Tsai's distribution as in Geant4)."""
    scale = 0.625 if rng.random() < 0.25 else 1.875
    u = -math.log((1 - rng.random()) * (1 - rng.random())) / scale
    return min(u * MASS / energy, 1.0)


@compiled
def _born(child, parent, energy, charge, track):  # type: ignore[no-untyped-def]
    """Start a particle where its parent is, in the same direction."""
    child.x, child.y, child.z = parent.x, parent.y, parent.z
    child.u, child.v, child.w = parent.u, parent.v, parent.w
    child.energy, child.slab, child.charge, child.track = energy, parent.slab, charge, track


@compiled
def _turn(particle, polar, azimuth):  # type: ignore[no-untyped-def]
    """Turn a direction by a polar angle, towards an azimuth around the old direction."""
    u, v, w = particle.u, particle.v, particle.w
    across = math.sqrt(u * u + v * v)
    sine, cosine = math.sin(polar), math.cos(polar)
    a, b = sine * math.cos(azimuth), sine * math.sin(azimuth)
    if across < 1e-9:
        particle.u, particle.v, particle.w = a, b, math.copysign(cosine, w)
    else:
        particle.u = u * cosine + (a * u * w - b * v) / across
        particle.v = v * cosine + (a * v * w + b * u) / across
        particle.w = w * cosine - a * across


@compiled
def _deflect(particle, angle1, angle2, shift1, shift2):  # type: ignore[no-untyped-def]
    """Small deflections [rad] and shifts [um] along two axes across the direction.

    The shift along z is left out: it is second order in the angles.
    """
    u, v, w = particle.u, particle.v, particle.w
    across = math.sqrt(u * u + v * v)
    cosine, sine = (u / across, v / across) if across > 1e-9 else (1.0, 0.0)
    # axes (cosine w, sine w, -across) and (-sine, cosine, 0)
    particle.x += shift1 * cosine * w - shift2 * sine
    particle.y += shift1 * sine * w + shift2 * cosine
    u += angle1 * cosine * w - angle2 * sine
    v += angle1 * sine * w + angle2 * cosine
    w -= angle1 * across
    length = math.sqrt(u * u + v * v + w * w)
    particle.u, particle.v, particle.w = u / length, v / length, w / length
