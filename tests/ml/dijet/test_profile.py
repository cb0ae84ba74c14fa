"""Ends of profile-likelihood intervals in bowls whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.dijet.descent import Stop, descend
from hepml.ml.dijet.profile import BetterMinimum, find_end, profile_point

FREE = np.zeros(2, bool)


class Bowl:
    """-2 ln L of two correlated normal parameters around (1, 2)."""

    def __init__(self, low: float = -10.0) -> None:
        self.covariance = np.array([[0.04, 0.03], [0.03, 0.09]])
        self.matrix = np.linalg.inv(self.covariance)
        self.lower, self.upper = np.full(2, low), np.full(2, 10.0)

    def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        away = theta - [1, 2]
        return float(away @ self.matrix @ away), 2 * self.matrix @ away

    def information(self, theta: np.ndarray) -> np.ndarray:
        return self.matrix


def best(bowl: Bowl) -> Stop:
    return descend(bowl, np.array([0.9, 2.1]))


@pytest.mark.parametrize(("place", "sigma"), [(0, 0.2), (1, 0.3)])
def test_ends_are_one_error_away(place: int, sigma: float) -> None:
    bowl = Bowl()
    for side in (-1, 1):
        end = find_end(bowl, best(bowl), place, side, 1.0, FREE)
        assert end.value == pytest.approx([1, 2][place] + side * sigma, abs=0.02 * sigma)
        assert (end.open, end.failed) == (False, False)


def test_with_the_other_parameter_held_the_interval_is_shorter() -> None:
    bowl = Bowl()
    end = find_end(bowl, best(bowl), 0, 1, 1.0, np.array([False, True]))
    assert end.value - 1 == pytest.approx(1 / np.sqrt(bowl.matrix[0, 0]), rel=0.02)


def test_a_limit_that_comes_first_leaves_the_interval_open() -> None:
    bowl = Bowl(low=0.9)
    end = find_end(bowl, best(bowl), 0, -1, 1.0, FREE)
    assert (end.value, end.open) == (0.9, True)


def test_at_the_limit_there_is_no_way_to_go() -> None:
    bowl = Bowl(low=1.2)
    found = best(bowl)
    assert found.theta[0] == 1.2
    assert find_end(bowl, found, 0, -1, 1.0, FREE).open


def test_a_profile_below_the_minimum_says_where() -> None:
    bowl = Bowl()
    wrong = Stop(np.array([0.5, 2.0]), bowl.evaluate(np.array([0.5, 2.0]))[0], 0.0, 1)
    with pytest.raises(BetterMinimum) as found:
        find_end(bowl, wrong, 0, 1, 1.0, FREE)
    assert bowl.evaluate(found.value.theta)[0] < wrong.deviance


def test_an_order_of_two_parameters_is_kept() -> None:
    found = profile_point(Bowl(), [np.array([1.0, 2.0])], 0, 1.1, FREE, ordered=(0, 1))
    assert found.theta[1] <= 1.1
    other = profile_point(Bowl(), [np.array([1.0, 2.0])], 1, 2.1, FREE, ordered=(0, 1))
    assert other.theta[0] >= 2.1


def test_a_curved_valley_is_followed() -> None:
    class Valley(Bowl):
        """(x / 3)^2, and y close to x squared."""

        def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
            x, y = theta
            off = 20 * (y - x**2)
            return x**2 / 9 + off**2, np.array([2 * x / 9 - 80 * off * x, 40 * off])

        def information(self, theta: np.ndarray) -> np.ndarray:
            slope = np.array([-40 * theta[0], 20.0])
            return np.outer(slope, slope) + np.diag([1 / 9, 0.0])

    valley = Valley(low=-20.0)
    valley.upper[:] = 20.0
    for side in (-1, 1):
        end = find_end(valley, Stop(np.zeros(2), 0.0, 0.0, 1), 0, side, 1.0, FREE)
        assert end.value == pytest.approx(3 * side, rel=0.02)
        assert not end.failed


def test_roots_far_from_a_straight_line_are_bracketed() -> None:
    class Steep(Bowl):
        """The deviance rises by the eighth power, and the information is of a parabola."""

        def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
            return float(theta[0] ** 8), np.array([8 * theta[0] ** 7])

        def information(self, theta: np.ndarray) -> np.ndarray:
            return np.array([[400.0]])

    steep = Steep()
    steep.lower, steep.upper = np.array([-10.0]), np.array([10.0])
    end = find_end(steep, Stop(np.zeros(1), 0.0, 0.0, 1), 0, 1, 1.0, np.zeros(1, bool))
    assert (end.value, end.failed) == (pytest.approx(1.0, rel=0.02), False)
