"""Tops decay to what has their mass, and their W the mass of a W."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.simulate.topjet_decays import MASS, W_MASS, shower_top
from hepml.simulate.topjet_shower import BOTTOM, DEEPEST, TOP, Tune

# no radiation, nothing lost: three quarks
BARE = Tune(cutoff=1e6, neutrinos=0.0)


def top(tune: Tune, seed: int, pt: float = 600.0) -> tuple[np.ndarray, np.ndarray]:
    waiting, out = np.zeros((DEEPEST, 5)), np.zeros((1000, 4))
    waiting[0] = pt, 0.5, 3.0, TOP, 1.0
    count, prongs = shower_top(np.random.default_rng(seed), tune, waiting, out, 0)
    return out[:count], prongs


def mass(partons: np.ndarray) -> float:
    pt, eta, phi = partons[:, 0], partons[:, 1], partons[:, 2]
    sums = [(pt * f).sum() for f in (np.cosh(eta), np.cos(phi), np.sin(phi), np.sinh(eta))]
    return float(np.sqrt(sums[0] ** 2 - sums[1] ** 2 - sums[2] ** 2 - sums[3] ** 2))


def test_without_radiation_there_are_three_quarks_with_the_momentum_of_the_top() -> None:
    quarks, prongs = top(BARE, 1)
    assert len(quarks) == 3
    total = (quarks[:, 0] * np.exp(1j * quarks[:, 2])).sum()
    assert abs(total) == pytest.approx(600)
    assert np.angle(total) == pytest.approx(3.0)
    assert prongs[0] == pytest.approx([600, 0.5, 3.0])


def test_masses_are_those_of_top_and_w() -> None:
    found = [top(BARE, seed)[0] for seed in range(200)]
    assert np.median([mass(quarks) for quarks in found]) == pytest.approx(MASS, abs=0.5)
    light = [mass(quarks[quarks[:, 3] != BOTTOM]) for quarks in found]
    assert np.median(light) == pytest.approx(W_MASS, abs=0.5)


def test_radiation_of_the_quarks_keeps_the_mass() -> None:
    # a top that decays before it radiates: the dead cone of a slow one is wide
    tune = Tune(neutrinos=0.0)
    masses = [mass(top(tune, seed, 150.0)[0]) for seed in range(50)]
    assert np.median(masses) == pytest.approx(MASS, abs=1.5)


def test_neutrinos_take_momentum_of_the_b() -> None:
    whole = np.mean([top(Tune(neutrinos=0.0), seed)[0][:, 0].sum() for seed in range(60)])
    less = np.mean([top(Tune(neutrinos=1.0), seed)[0][:, 0].sum() for seed in range(60)])
    assert 0.8 * whole < less < 0.99 * whole
