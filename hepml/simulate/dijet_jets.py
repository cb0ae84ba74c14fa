"""Jets of simulated dijet events: mass, N-subjettiness and constituents, of QCD and resonances.

Shapes were read off Pythia 8 events with anti-kT jets of R = 1; nothing here is a shower. tau21 and
tau32 are normal in the logit, around a mean that depends on the mass and correlated with each
other; means were then moved to those of the published simulation that this stands in for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Jets", "qcd_jets", "resonance_jets"]

Floats = NDArray[np.float64]
Table = tuple[float, ...]

# ln(m/pT) of QCD: a beta distribution between these ends, of the leading and the other jet
_LOW, _HIGH = -4.4, -0.35
_MASS = ((5.10, 4.00), (5.50, 3.90))

# Residuals beyond which a jet of three constituents would be.
_TAILS = 3.5


@dataclass(frozen=True, slots=True)
class Jets:
    """One jet an event.

    Attributes
    ----------
    mass : array of float64
        GeV.
    tau1, tau21, tau32 : array of float64
        N-subjettiness with one axis [GeV], and ratios.
    constituents : array of float64
        Whole numbers.
    """

    mass: Floats
    tau1: Floats
    tau21: Floats
    tau32: Floats
    constituents: Floats


@dataclass(frozen=True, slots=True)
class _Shape:
    """What subjettiness is like, at some masses [GeV]: logits, ln(tau1/m), spreads, correlations.

    ``with_tau21`` are correlations of tau32 and of tau1 with tau21.
    """

    mass: Table
    tau21: Table
    tau21_spread: Table
    tau32: Table
    tau32_spread: Table
    tau32_with_tau21: Table
    tau1: Table
    tau1_spread: Table
    tau1_with_tau21: Table
    constituents: Table
    constituents_spread: Table


# Section 7 of the channel's description gives the means that these reproduce.
_QCD = _Shape(
    (30, 50, 70, 100, 140, 190, 260, 350, 450, 600, 800),
    (1.51, 1.42, 1.25, 0.94, 0.61, 0.32, 0.03, -0.27, -0.54, -0.78, -0.91),
    (0.62, 0.74, 0.83, 0.84, 0.80, 0.77, 0.77, 0.79, 0.81, 0.85, 0.87),
    (1.79, 1.86, 1.86, 1.74, 1.54, 1.32, 1.12, 0.93, 0.83, 0.71, 0.56),
    (0.58, 0.60, 0.64, 0.63, 0.67, 0.67, 0.70, 0.72, 0.77, 0.79, 0.83),
    (-0.03, 0.03, 0.0, -0.02, -0.06, -0.16, -0.28, -0.37, -0.44, -0.46, -0.49),
    (-1.46, -1.50, -1.43, -1.26, -1.06, -0.90, -0.75, -0.61, -0.48, -0.35, -0.22),
    (0.37, 0.43, 0.47, 0.47, 0.44, 0.40, 0.36, 0.31, 0.26, 0.22, 0.17),
    (-0.55, -0.63, -0.68, -0.58, -0.45, -0.30, -0.18, -0.12, -0.06, -0.06, -0.03),
    (40, 46, 52, 58, 64, 71, 78, 86, 93, 101, 110),
    (14, 15, 16, 17, 18, 20, 22, 24, 26, 28, 30),
)
_TWO = _Shape(
    (50, 100, 200, 300, 400, 500, 600),
    (-0.45, -0.77, -1.07, -1.32, -1.48, -1.64, -1.75),
    (0.90, 0.91, 0.86, 0.87, 0.89, 0.87, 0.87),
    (1.50, 1.30, 1.06, 0.96, 0.83, 0.76, 0.70),
    (0.65, 0.71, 0.81, 0.84, 0.90, 0.88, 0.88),
    (-0.20, -0.33, -0.52, -0.58, -0.63, -0.64, -0.64),
    (-0.65, -0.57, -0.53, -0.48, -0.43, -0.375, -0.33),
    (0.47, 0.43, 0.38, 0.33, 0.29, 0.25, 0.22),
    (-0.65, -0.62, -0.42, -0.28, -0.20, -0.16, -0.14),
    (38, 46.7, 62.7, 72.8, 79.6, 86, 91),
    (11, 13, 18, 23, 26, 27, 28),
)
_THREE = _Shape(
    (50, 100, 200, 300, 400, 500, 600),
    (-0.31, -0.49, -0.68, -0.76, -0.81, -0.92, -0.98),
    (0.70, 0.69, 0.68, 0.68, 0.68, 0.70, 0.70),
    (1.30, 1.13, 0.87, 0.66, 0.56, 0.47, 0.42),
    (0.66, 0.68, 0.71, 0.71, 0.71, 0.71, 0.71),
    (-0.15, -0.18, -0.27, -0.24, -0.20, -0.24, -0.24),
    (-0.50, -0.435, -0.40, -0.37, -0.34, -0.305, -0.28),
    (0.33, 0.285, 0.26, 0.24, 0.21, 0.195, 0.18),
    (-0.50, -0.43, -0.31, -0.26, -0.21, -0.14, -0.12),
    (48, 61.5, 84, 99, 111, 119, 126),
    (12, 14, 20, 25, 28, 30.5, 32),
)
_SHAPES = {2: _TWO, 3: _THREE}


def qcd_jets(rng: np.random.Generator, pt: Floats, place: int) -> Jets:
    """Jets of light quarks and gluons: the heavier, the more they look like two prongs.

    Parameters
    ----------
    rng : numpy Generator
        Source of the numbers.
    pt : array
        Transverse momentum [GeV].
    place : {0, 1}
        Leading jet, or the other one.
    """
    mass = pt * np.exp(_LOW + (_HIGH - _LOW) * rng.beta(*_MASS[place], len(pt)))
    return _jets(rng, mass, _at(_QCD, mass))


def resonance_jets(rng: np.random.Generator, mass: Floats, prongs: int) -> Jets:
    """Jets that hold all of a resonance, with radiation lost, and with more from elsewhere.

    Parameters
    ----------
    rng : numpy Generator
        Source of the numbers.
    mass : array
        Mass of the resonance [GeV], anything above 0.
    prongs : {2, 3}
        Partons that it decays to.
    """
    size = len(mass)
    heavy = np.clip(mass - 350, 0, None) / 250
    # decay products leave the cone the more easily the heavier they make the jet
    if prongs == 2:
        chance = 0.01 + 0.08 * np.minimum(mass / 200, 1) + 0.3 * heavy**2
    else:
        chance = 0.02 + 0.08 * np.minimum(mass / 300, 1) + 0.4 * heavy**2
    lost = rng.random(size) < np.minimum(chance, 0.7)
    share = rng.normal(1.003, 0.009, size) - rng.exponential(0.03, size) * (rng.random(size) < 0.3)
    share = np.where(lost, rng.uniform(0.15 if prongs == 2 else 0.3, 1.0, size), share)
    # square of the mass [GeV^2] that radiation of others and the rest of the event add
    added = np.minimum(np.exp(rng.normal(np.log(1200), 2.2, size)), 3e5)
    found = np.sqrt((mass * share) ** 2 + added)
    shape = _at(_SHAPES[prongs], mass)
    qcd = _at(_QCD, found)
    mixed = 1.0 if prongs == 2 else 0.5
    for name in ("tau21", "tau32"):
        shape[name] = np.where(lost, shape[name] + mixed * (qcd[name] - shape[name]), shape[name])
    # what is added is one more prong
    more = np.clip(2 * added / found**2, 0, 1) * ~lost
    shape["tau21"] += 0.6 * more
    if prongs == 3:
        # what spreads further is less often all inside
        shape["tau21"] -= 0.28 * np.tanh((found / mass - 1.007) / 0.02)
    else:
        shape["tau32"] -= 0.8 * np.minimum(mass / 300, 1) * more
    return _jets(rng, found, shape)


def _at(shape: _Shape, mass: Floats) -> dict[str, Floats]:
    """The shape at given masses, between those of the table in the logarithm."""
    where = np.log(np.maximum(mass, 1.0))
    knots = np.log(shape.mass)
    names = [name for name in _Shape.__slots__ if name != "mass"]
    return {name: np.interp(where, knots, getattr(shape, name)) for name in names}


def _jets(rng: np.random.Generator, mass: Floats, shape: dict[str, Floats]) -> Jets:
    size = len(mass)
    residuals = np.clip(rng.normal(size=(4, size)), -_TAILS, _TAILS)
    ratios = {}
    for name, place in (("tau32", 1), ("tau1", 2)):
        with_tau21 = shape[f"{name}_with_tau21"]
        own = np.sqrt(1 - with_tau21**2)
        ratios[name] = shape[name] + shape[f"{name}_spread"] * (
            with_tau21 * residuals[0] + own * residuals[place]
        )
    tau21 = _logistic(shape["tau21"] + shape["tau21_spread"] * residuals[0])
    tau1 = mass * np.minimum(np.exp(ratios["tau1"]), 1.05)
    number = shape["constituents"] + shape["constituents_spread"] * residuals[3]
    return Jets(mass, tau1, tau21, _logistic(ratios["tau32"]), np.maximum(np.rint(number), 3))


def _logistic(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-values)))
