"""Descents stop at minima, at limits, and say when they did neither."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.dijet.descent import covariance, descend


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


def test_information_that_says_nothing_is_replaced_by_the_curvature() -> None:
    for wrong in (1e-12, 1e-6):
        found = descend(Bowl([3.0, 4.0], wrong), np.array([3.01, 4.01]))
        np.testing.assert_allclose(found.theta, [3, 4], atol=0.02)
        assert found.converged


def test_a_slope_without_a_minimum_is_no_convergence() -> None:
    class Step(Bowl):
        def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
            return 0.0, np.ones(len(theta))

    assert not descend(Step([3.0]), np.array([5.0])).converged


@pytest.mark.parametrize("size", [0.0, 5e-324, 1e-200, 1e-12, 1.0, 1e200])
def test_information_of_any_size_is_inverted_without_overflow(size: float) -> None:
    class Flat(Bowl):
        def information(self, theta: np.ndarray) -> np.ndarray:
            # nothing is known of the first two, which are masses where there is no signal
            return np.array([[size, size, 0.0], [size, size, 0.0], [0.0, 0.0, 4.0]])

    with np.errstate(over="raise", invalid="raise", divide="raise"):
        matrix = covariance(Flat([1.0, 2.0, 3.0]), np.ones(3), np.ones(3, bool))
        step = matrix @ np.array([0.0, 0.0, 8.0])
    assert np.isfinite(matrix).all()
    np.testing.assert_allclose(step, [0, 0, 2], atol=1e-6)


def test_a_descent_where_nothing_is_known_stays_where_it_is() -> None:
    class Flat(Bowl):
        def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
            return 0.0, np.zeros(len(theta))

    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = descend(Flat([3.0, 4.0], 0.0), np.array([5.0, 6.0]))
    assert found.theta.tolist() == [5.0, 6.0]
    assert found.converged
