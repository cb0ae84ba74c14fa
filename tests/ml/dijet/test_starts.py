"""Nodes of the masses where fits begin."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.dijet.objective import MixtureObjective
from hepml.ml.dijet.starts import cut_for, scan_masses
from hepml.ml.dijet.yields import CUT
from tests.ml.dijet.toys import NODES, mixed, paired, pairs, planes

DATA = MixtureObjective(planes(mixed(2_000, (40, 40), 21, (350.0, 200.0))))


def test_the_lowest_node_is_the_nearest_to_the_truth() -> None:
    landscape = scan_masses(DATA)
    first = landscape.minima(4)[0]
    assert (NODES[first[0]], NODES[first[1]]) == (350.0, 200.0)
    assert landscape.deviance[first] == landscape.deviance.min()
    assert len(landscape.minima(4)) <= 4


def test_masses_can_be_chosen() -> None:
    found = scan_masses(DATA, np.array([333.0]), np.array([150.0, 222.0]))
    assert found.deviance.shape == (1, 2)
    assert found.deviance[0, 1] < found.deviance[0, 0]


def test_a_symmetric_grid_is_scanned_once_and_mirrored() -> None:
    rows = pairs(300, 30, (300.0, 150.0), np.random.default_rng(1))
    found = scan_masses(MixtureObjective(paired(rows)), NODES[:3], NODES[:3])
    np.testing.assert_array_equal(found.deviance, found.deviance.T)
    assert all(i >= j for i, j in found.minima(9, symmetric=True))


def test_the_cross_entropy_is_scanned_with_its_reference() -> None:
    reference = planes(mixed(2_000, (0, 0), 22, (350.0, 200.0)))
    objective = MixtureObjective(DATA.data, reference, loss="cross-entropy")
    found = scan_masses(objective)
    i, j = found.minima(1)[0]
    s = found.yields[i, j]
    theta = np.array([NODES[i], NODES[j], s.sum(), s[1] / s.sum()])
    nothing = objective.evaluate(theta * [1, 1, 0, 1])[0]
    assert found.deviance[i, j] == pytest.approx(objective.evaluate(theta)[0] - nothing, abs=0.01)


def test_larger_yields_keep_more_events() -> None:
    assert cut_for(10_000, 0.01) == CUT
    assert cut_for(100_000, 0.5) < cut_for(10_000, 0.5) < CUT
