"""Four-vector helpers and samplers of the simulators."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.simulate.kinematics import (
    boosted,
    decayed,
    falling_pt,
    four_vector,
    from_grid,
    invariant_mass,
    isotropic,
    pseudorapidity,
    wrapped,
)


def test_a_particle_at_rest_takes_the_momentum_of_its_frame() -> None:
    frame = np.array([[3.0, 0.0, 4.0, 13.0]])  # mass 12
    np.testing.assert_allclose(
        boosted(np.array([[0.0, 0.0, 0.0, 12.0]]), frame), frame, rtol=1e-12, atol=1e-12
    )


def test_decay_products_add_up_to_the_parent_and_have_their_masses() -> None:
    rng = np.random.default_rng(1)
    parent = four_vector(np.full(50, 40.0), np.full(50, -9.0), np.full(50, 0.7), np.full(50, 172.5))
    boson, quark = decayed(parent, np.full(50, 80.4), np.full(50, 4.7), isotropic(rng, 50))
    np.testing.assert_allclose(boson + quark, parent, rtol=1e-12)
    np.testing.assert_allclose(invariant_mass(boson), 80.4, rtol=1e-9)
    np.testing.assert_allclose(invariant_mass(quark), 4.7, rtol=1e-6)


def test_rapidity_of_a_massless_particle_is_its_pseudorapidity() -> None:
    p4 = four_vector(np.array([5.0]), np.array([-2.0]), np.array([-3.1]), np.array([0.0]))
    assert pseudorapidity(p4)[0] == pytest.approx(-3.1)


def test_an_azimuth_is_brought_into_one_turn() -> None:
    np.testing.assert_allclose(wrapped(np.array([4.0, -4.0])), [4.0 - 2 * np.pi, 2 * np.pi - 4.0])


def test_median_of_the_falling_spectrum_is_the_analytic_one() -> None:
    # with power 2 the integral is 1 - 1 / (1 + x^2), so half lies below the scale;
    # 20,000 values: 5 sigma of the share below is 0.018
    pt = falling_pt(np.random.default_rng(2), 20_000, 30.0, 2.0, 1e9)
    assert np.mean(pt < 30.0) == pytest.approx(0.5, abs=0.018)
    assert falling_pt(np.random.default_rng(2), 1000, 30.0, 2.0, 50.0).max() < 50.0


def test_a_spectrum_may_start_above_zero() -> None:
    # with power 2 the integral above x is 1 / (1 + x^2): half of what lies above x = 1 is above
    # sqrt(3); 20,000 values: 5 sigma of the share is 0.018
    start = np.full(20_000, 30.0)
    pt = falling_pt(np.random.default_rng(2), 20_000, 30.0, 2.0, 1e9, start)
    assert pt.min() >= 30.0
    assert np.mean(pt < 30.0 * np.sqrt(3.0)) == pytest.approx(0.5, abs=0.018)


def test_a_density_on_a_grid_is_followed() -> None:
    # density 3 below 1 and 1 above: 3/4 below; 5 sigma of 20,000 values is 0.015
    grid = np.array([0.0, 1.0, 1.0 + 1e-9, 2.0])
    values = from_grid(np.random.default_rng(3), 20_000, grid, np.array([3.0, 3.0, 1.0, 1.0]))
    assert np.mean(values < 1.0) == pytest.approx(0.75, abs=0.015)
