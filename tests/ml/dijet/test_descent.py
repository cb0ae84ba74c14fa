"""Descents stop at minima, at limits, and say when they did neither."""

from __future__ import annotations

import numpy as np

from hepml.ml.dijet.descent import descend


class Bowl:
    """Deviance (theta - centre)^2 with a wrong idea of its information."""

    def __init__(self, centre: list[float], wrong: float = 1.0) -> None:
        self.centre, self.wrong = np.array(centre), wrong
        self.lower, self.upper = np.zeros(len(centre)), np.full(len(centre), 10.0)

    def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        away = theta - self.centre
        return float(away @ away), 2 * away

    def information(self, theta: np.ndarray) -> np.ndarray:
        return np.eye(len(theta)) * self.wrong


def test_a_minimum_inside_is_found() -> None:
    found = descend(Bowl([3.0, 4.0]), np.array([9.0, 1.0]))
    np.testing.assert_allclose(found.theta, [3, 4], atol=0.01)
    assert found.converged


def test_a_poor_information_matrix_only_takes_longer() -> None:
    for wrong in (1e-3, 30.0):
        found = descend(Bowl([3.0, 4.0], wrong), np.array([9.0, 1.0]))
        np.testing.assert_allclose(found.theta, [3, 4], atol=0.2)


def test_limits_are_kept_and_reached_exactly() -> None:
    found = descend(Bowl([-2.0, 12.0]), np.array([5.0, 5.0]))
    assert found.theta.tolist() == [0.0, 10.0]
    assert found.converged


def test_what_is_held_stays() -> None:
    found = descend(Bowl([3.0, 4.0]), np.array([9.0, 1.0]), held=np.array([True, False]))
    assert found.theta[0] == 9.0
    assert abs(found.theta[1] - 4) < 0.01


def test_tighter_limits_hold() -> None:
    found = descend(Bowl([3.0, 4.0]), np.array([9.0, 1.0]), upper=np.array([2.0, 10.0]))
    assert found.theta[0] == 2.0


def test_a_slope_without_a_minimum_is_no_convergence() -> None:
    class Step(Bowl):
        def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
            return 0.0, np.ones(len(theta))

    assert not descend(Step([3.0]), np.array([5.0])).converged
