"""Energy groups: the beam's few values, or bins of a range."""

from __future__ import annotations

import numpy as np

from hepml.ml.shower.energies import group_energies


def test_the_energies_of_a_beam_are_groups() -> None:
    groups = group_energies(np.array([2.0, 4.0, 6.0] * 10))
    assert groups.discrete
    np.testing.assert_allclose(groups.low, [2, 4, 6])
    np.testing.assert_array_equal(groups.index, [0, 1, 2] * 10)


def test_a_shower_that_lost_energy_belongs_to_the_value_above() -> None:
    energy = np.array([2.0] * 20 + [6.0] * 20 + [1.3, 4.71])
    groups = group_energies(energy)
    np.testing.assert_allclose(groups.low, [2, 6])
    assert groups.index[-2:].tolist() == [0, 1]


def test_a_range_of_energies_is_binned() -> None:
    energy = np.random.default_rng(0).uniform(1, 10, 240)
    groups = group_energies(energy)
    assert not groups.discrete
    assert len(groups) == 8
    np.testing.assert_array_equal(np.bincount(groups.index), [30] * 8)
    inside = (energy >= groups.low[groups.index]) & (energy <= groups.high[groups.index])
    assert inside.all()


def test_unknown_energies_belong_nowhere() -> None:
    groups = group_energies(np.array([6.0, np.nan, 0.0] * 5))
    np.testing.assert_array_equal(groups.index, [0, -1, -1] * 5)
    assert len(group_energies(np.full(4, np.nan))) == 0
