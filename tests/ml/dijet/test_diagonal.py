"""Descents over masses that may be exchanged end on the diagonal or beside it, and converge."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.dijet.diagonal import Tied, descend_ordered, ordered_covariance

PAIR = (0, 1)
FREE = np.ones(3, bool)


class Even:
    """Mean mass around 300, squared half difference around ``square``, and one more parameter.

    The half difference pulls the third parameter along; limits are 100 and 500.
    """

    def __init__(self, square: float) -> None:
        self.square = square
        self.lower, self.upper = np.array([100.0, 100.0, -1.0]), np.array([500.0, 500.0, 1.0])
        self.matrix = np.array([[0.25, 0.0, 0.0], [0.0, 1 / 64**2, 0.01], [0.0, 0.01, 4.0]])

    def slopes(self, theta: np.ndarray) -> np.ndarray:
        """Of mean, square and the third parameter."""
        half = (theta[0] - theta[1]) / 2
        return np.array([[0.5, 0.5, 0.0], [half, -half, 0.0], [0.0, 0.0, 1.0]])

    def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        square = ((theta[0] - theta[1]) / 2) ** 2
        away = np.array([theta[:2].mean() - 300, square - self.square, theta[2]])
        return float(away @ self.matrix @ away), 2 * self.slopes(theta).T @ self.matrix @ away

    def information(self, theta: np.ndarray) -> np.ndarray:
        slopes = self.slopes(theta)
        return slopes.T @ self.matrix @ slopes


@pytest.mark.parametrize("start", [(310.0, 310.0), (350.0, 250.0), (250.0, 350.0), (300.0, 297.0)])
@pytest.mark.parametrize("square", [-60.0, 0.0, 1.0, 100.0, 2_500.0])
def test_the_minimum_is_found_from_anywhere(square: float, start: tuple[float, float]) -> None:
    found = descend_ordered(Even(square), np.array([*start, 0.3]), PAIR)
    half = np.sqrt(max(square, 0.0))
    assert found.converged
    if square > 1:
        np.testing.assert_allclose(found.theta[:2], [300 + half, 300 - half], atol=1.0)
    else:
        np.testing.assert_allclose(found.theta[:2], [300, 300], atol=2.5)
    assert found.theta[0] >= found.theta[1]


def test_what_is_held_stays() -> None:
    held = np.array([False, False, True])
    found = descend_ordered(Even(-60.0), np.array([320.0, 310.0, 0.3]), PAIR, held=held)
    assert found.theta[2] == 0.3
    assert found.converged


def test_in_the_corner_of_the_limits_there_is_no_way_apart() -> None:
    even = Even(100.0)
    even.lower[:2] = even.upper[:2] = 300.0
    found = descend_ordered(even, np.array([300.0, 300.0, 0.0]), PAIR)
    assert found.theta[:2].tolist() == [300.0, 300.0]


def test_a_tied_deviance_is_that_of_equal_masses() -> None:
    even, theta = Even(0.0), np.array([320.0, 0.2])
    tied = Tied(even, PAIR)
    value, gradient = tied.evaluate(theta)
    assert value == even.evaluate(np.array([320.0, 320.0, 0.2]))[0]
    moved = tied.evaluate(np.array([320.0001, 0.2]))[0]
    assert gradient[0] == pytest.approx((moved - value) / 1e-4, rel=1e-3)
    assert tied.information(theta)[0, 0] == pytest.approx(0.25)


def test_equal_masses_have_the_error_of_their_mean() -> None:
    even = Even(0.0)
    matrix, tied = ordered_covariance(even, np.array([300.0, 300.0, 0.0]), FREE, PAIR)
    assert tied.tolist() == [True, True, False]
    np.testing.assert_allclose(matrix[:2, :2], 4.0)
    apart, untied = ordered_covariance(even, np.array([340.0, 260.0, 0.0]), FREE, PAIR)
    assert not untied.any()
    assert apart[0, 0] != pytest.approx(4.0)


def test_a_parameter_that_is_not_free_has_no_error() -> None:
    free = np.array([False, True, True])
    matrix, tied = ordered_covariance(Even(0.0), np.array([300.0, 300.0, 0.0]), free, PAIR)
    assert not tied.any()
    assert not matrix[0].any()
