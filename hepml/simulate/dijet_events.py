"""Simulated dijet events: QCD with a falling mass spectrum, and W' to two resonances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.simulate.dijet_jets import Jets, qcd_jets, resonance_jets

__all__ = ["SIGNAL_REGION", "Events", "qcd_events", "signal_events"]

Floats = NDArray[np.float64]

SIGNAL_REGION = (3300.0, 3700.0)
"""Dijet mass [GeV] of the published extra background."""

# trigger of the published samples, and where their jets are
_LEADING_PT, _ETA = 1200.0, 2.4
_COLLISION = 13_000.0
_RESONANCE = 3500.0
# masses [GeV] that QCD is simulated at
_RANGE = (2000.0, 9500.0)


@dataclass(frozen=True, slots=True)
class Events:
    """Pairs of jets, the one of larger pT first.

    Attributes
    ----------
    px, py, pz : array of float64, shape (2, events)
        GeV.
    jets : tuple of Jets
        Mass and substructure of each.
    """

    px: Floats
    py: Floats
    pz: Floats
    jets: tuple[Jets, Jets]

    def __len__(self) -> int:
        return int(self.px.shape[1])


def qcd_events(
    rng: np.random.Generator, size: int, region: tuple[float, float] | None = None
) -> Events:
    """Draw QCD events.

    Parameters
    ----------
    rng : numpy Generator
        Source of the numbers.
    size : int
        Events.
    region : (float, float), optional
        Only dijet masses between these [GeV].
    """

    low, high = region or _RANGE
    # what is radiated off takes mass from the pair: draw from above the region too
    above = _RANGE[1] if region is None else min(high / 0.6, _RANGE[1])

    def propose(number: int) -> Events:
        mass, rapidity = _spectrum(rng, number, low, above)
        imbalance = _imbalance(rng, number, 0.034, 1.3)
        mass = mass * np.sqrt(1 - imbalance[0])
        found = _pair(
            rng,
            mass,
            rapidity,
            imbalance,
            lambda pt: (qcd_jets(rng, pt[0], 0), qcd_jets(rng, pt[1], 1)),
        )
        return found if region is None else _kept(found, (mass > low) & (mass < high))

    return _drawn(propose, size)


def signal_events(rng: np.random.Generator, mx: Floats, my: Floats, prongs: int) -> Events:
    """Draw W' (3.5 TeV) to X and Y, one for each pair of masses [GeV].

    Parameters
    ----------
    rng : numpy Generator
        Source of the numbers.
    mx, my : array
        Masses of the resonances; either may be the leading jet.
    prongs : {2, 3}
        Partons that each of them decays to.
    """
    done: list[Events] = []
    left = np.arange(len(mx))
    places: list[NDArray[np.int64]] = []
    while len(left):
        swap = rng.random(len(left)) < 0.5
        one, two = np.where(swap, my[left], mx[left]), np.where(swap, mx[left], my[left])
        found = _resonant(rng, one, two, prongs)
        good = _accepted(found)
        done.append(_kept(found, good))
        places.append(left[good])
        left = left[~good]
    if not done:
        return _resonant(rng, mx, my, prongs)
    return _kept(_joined(done), np.argsort(np.concatenate(places)))


def _resonant(rng: np.random.Generator, one: Floats, two: Floats, prongs: int) -> Events:
    size = len(one)
    # flat in the cosine of the angle of the decay
    rapidity = np.arctanh(rng.uniform(-0.75, 0.75, size))
    imbalance = _imbalance(rng, size, 0.023, 1.25)
    kind = rng.random(size)
    mass = _RESONANCE * rng.normal(1.004, 0.007, size)
    # radiation from the final state is lost to the pair, some of the initial state gets into it
    mass *= np.where(kind < 0.55, np.sqrt(1 - imbalance[0]), 1.0)
    mass *= np.where(kind > 0.85, 1 + rng.exponential(0.06, size), 1.0)
    jets = resonance_jets(rng, one, prongs), resonance_jets(rng, two, prongs)
    return _pair(rng, np.maximum(mass, 1000.0), rapidity, imbalance, lambda _: jets)


def _drawn(propose: Callable[[int], Events], size: int) -> Events:
    """Propose events until enough are inside the acceptance."""
    parts, found = [], 0
    while found < size:
        # as many whatever is left, so that the numbers do not depend on rounding
        events = propose(max(size, 16))
        parts.append(_kept(events, _accepted(events)))
        found += len(parts[-1])
    if not parts:
        return propose(0)
    return _kept(_joined(parts), np.arange(size))


def _spectrum(
    rng: np.random.Generator, size: int, low: float, high: float
) -> tuple[Floats, Floats]:
    """Masses [GeV] and half the rapidity gap: QCD's angles under a falling spectrum."""
    half = np.linspace(0, 2.4, 481)
    cosine = np.tanh(half)
    # exchange of a gluon, over the rapidity (Ellis, Stirling, Webber, sec. 7.2)
    density = (3 + cosine**2) ** 2 * np.cosh(half) ** 2
    below = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(half))])
    mass = np.linspace(low, high, 2001)
    widest = np.arccosh(np.maximum(mass / (2 * 0.97 * _LEADING_PT), 1.0))
    open_ = np.interp(widest, half, below)
    part = (1 - mass / _COLLISION) ** 8 * (mass / 3000) ** -5.0 * open_
    total = np.concatenate([[0], np.cumsum((part[1:] + part[:-1]) / 2)])
    drawn = np.interp(rng.random(size), total / total[-1], mass)
    upper = np.interp(np.interp(drawn, mass, widest), half, below)
    rapidity = np.interp(rng.random(size) * upper, below, half)
    return drawn, rapidity * rng.choice([-1.0, 1.0], size)


def _imbalance(rng: np.random.Generator, size: int, median: float, spread: float) -> Floats:
    """Share of pT that the second jet lacks, and how far it is from back to back [rad]."""
    both = rng.normal(size=(2, size))
    both[1] = 0.5 * both[0] + np.sqrt(0.75) * both[1]
    return np.asarray(np.minimum(median * np.exp(spread * both), [[0.8], [1.3]]))


def _pair(
    rng: np.random.Generator,
    mass: Floats,
    rapidity: Floats,
    imbalance: Floats,
    make: Callable[[Floats], tuple[Jets, Jets]],
) -> Events:
    """Give two jets the momenta that make the pair's mass what it is to be."""
    size = len(mass)
    boost = rng.normal(0, 0.45, size) * np.sqrt(np.log(_COLLISION / mass) / 1.4)
    eta = np.stack([boost + rapidity, boost - rapidity])
    phi = rng.uniform(-np.pi, np.pi, size)
    side = np.where(rng.random(size) < 0.5, -1.0, 1.0)
    azimuth = np.stack([phi, phi + np.pi + side * imbalance[1]])
    ratio = np.stack([np.ones(size), 1 - imbalance[0]])
    pt = mass / (2 * np.cosh(rapidity) * np.sqrt(ratio[1])) * ratio
    jets = make(pt)
    own = np.stack([jets[0].mass, jets[1].mass])
    for _ in range(4):
        pt *= mass / _mass(pt, eta, azimuth, own)
    azimuth = np.where(azimuth > np.pi, azimuth - 2 * np.pi, azimuth)
    return Events(pt * np.cos(azimuth), pt * np.sin(azimuth), pt * np.sinh(eta), jets)


def _mass(pt: Floats, eta: Floats, phi: Floats, own: Floats) -> Floats:
    """Mass of each pair."""
    momentum = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)])
    energy = np.sqrt((momentum**2).sum(0) + own**2).sum(0)
    square = energy**2 - (momentum.sum(1) ** 2).sum(0)
    return np.asarray(np.sqrt(np.maximum(square, 1.0)))


def _accepted(events: Events) -> NDArray[np.bool_]:
    pt = np.hypot(events.px, events.py)
    return np.asarray(
        (pt[0] > _LEADING_PT) & (np.abs(np.arcsinh(events.pz / pt)) < _ETA).all(axis=0)
    )


def _kept(events: Events, which: NDArray[np.generic]) -> Events:
    return _each([events], lambda parts: parts[0][..., which])


def _joined(parts: list[Events]) -> Events:
    return _each(parts, lambda arrays: np.concatenate(arrays, axis=-1))


def _each(parts: list[Events], work: Callable[[list[Floats]], Floats]) -> Events:
    """Do the same to every array of the events."""
    jets = [
        Jets(*(work([getattr(part.jets[n], name) for part in parts]) for name in Jets.__slots__))
        for n in range(2)
    ]
    px, py, pz = (work([getattr(part, name) for part in parts]) for name in ("px", "py", "pz"))
    return Events(px, py, pz, (jets[0], jets[1]))
