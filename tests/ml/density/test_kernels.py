"""Compiled sums over Gaussians against slow and obvious ones."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from hepml.ml.density.kernels import log_density, pick

RNG = np.random.default_rng(0)
CENTRES = RNG.standard_normal((30, 2))
WIDTHS = RNG.uniform(0.2, 1.0, 30)
MASSES = np.sort(RNG.standard_normal(30))
LOGS = np.log(RNG.uniform(0.5, 2.0, 30))


def shares(mass: float) -> np.ndarray:
    """Shares of the Gaussians; beyond the masses those of the nearest."""
    inside = np.clip(mass, MASSES[0], MASSES[-1])
    found = np.exp(LOGS - 0.5 * ((inside - MASSES) / 0.4) ** 2)
    return found / found.sum()


def test_the_density_is_that_of_the_mixture() -> None:
    rows, masses = RNG.standard_normal((6, 2)), np.array([-9.0, -1.0, 0.0, 0.5, 1.0, 9.0])
    found = log_density(rows, masses, CENTRES, WIDTHS, MASSES, LOGS, 0.4)
    for row, mass, value in zip(rows, masses, found, strict=True):
        parts = [
            multivariate_normal(c, w**2).logpdf(row) for c, w in zip(CENTRES, WIDTHS, strict=True)
        ]
        expected = logsumexp(np.array(parts), b=shares(mass))
        np.testing.assert_allclose(value, expected, rtol=1e-9)


def test_gaussians_are_picked_by_their_shares() -> None:
    """20,000 draws; every share within 5 sigma."""
    u = np.random.default_rng(1).random(20_000)
    chosen = pick(np.full(20_000, 0.3), u, MASSES, LOGS, 0.4)
    counts, expected = np.bincount(chosen, minlength=30), 20_000 * shares(0.3)
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected) + 1).all()


def test_a_gap_wider_than_the_kernel_is_no_division_by_zero() -> None:
    masses = np.array([-100.0, 100.0])
    found = log_density(
        np.zeros((1, 1)), np.zeros(1), np.zeros((2, 1)), np.ones(2), masses, np.zeros(2), 0.1
    )
    np.testing.assert_allclose(found, -0.5 * np.log(2 * np.pi))
