"""Best yields at fixed masses, and the nodes where fits begin."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from hepml.ml.dijet.starts import best_yields, scan_masses
from tests.ml.dijet.toys import NODES, mixed, planes

GRID = planes(mixed(2_000, (40, 40), 21, (350.0, 200.0)))


def test_yields_are_the_most_likely_ones() -> None:
    z = GRID.log_ratios(350.0, 200.0).astype(float)
    found, deviance = best_yields(z)

    def plain(s: np.ndarray) -> float:
        return float(-2 * np.log1p(s @ np.expm1(z)).sum())

    best = minimize(plain, [0.01, 0.01], bounds=[(0, 0.4)] * 2)
    assert deviance == pytest.approx(best.fun, abs=0.05)
    np.testing.assert_allclose(found, best.x, atol=1e-3)


def test_yields_are_none_without_signal() -> None:
    found, deviance = best_yields(np.full((2, 100), -4.0))
    assert (found.tolist(), deviance) == ([0.0, 0.0], 0.0)


def test_alike_hypotheses_and_huge_ratios_do_no_harm() -> None:
    found, deviance = best_yields(np.tile([[900.0, -900.0, -5.0]], (2, 1)))
    assert 0 < found.sum() < 1
    assert deviance < -100


def test_the_lowest_node_is_the_nearest_to_the_truth() -> None:
    landscape = scan_masses(GRID)
    first = landscape.minima(4)[0]
    assert (NODES[first[0]], NODES[first[1]]) == (350.0, 200.0)
    assert landscape.deviance[first] == landscape.deviance.min()
    assert len(landscape.minima(4)) <= 4


def test_masses_can_be_chosen() -> None:
    found = scan_masses(GRID, np.array([333.0]), np.array([150.0, 222.0]))
    assert found.deviance.shape == (1, 2)
    assert found.deviance[0, 1] < found.deviance[0, 0]
