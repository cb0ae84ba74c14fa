"""Scalars of the published optimiser: what they stand for, and what keeps them in their limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.published_scalars import Scalars
from hepml.ml.dijet.published_settings import Optimiser

from . import toys


@pytest.fixture(scope="module")
def grid() -> RatioGrid:
    return toys.planes(toys.mixed(5, (2, 2), 0, (300, 200)))


@pytest.fixture(scope="module")
def scalars(grid: RatioGrid) -> Scalars:
    return Scalars.of(grid, Optimiser())


def slopes(function: object, at: np.ndarray) -> np.ndarray:
    """Derivatives by central differences."""
    steps = 1e-5 * np.eye(len(at))
    return np.array([(function(at + s) - function(at - s)) / 2e-5 for s in steps])  # type: ignore[operator]


def test_scalars_are_masses_in_100_gev_the_logarithm_of_mu_and_alpha(scalars: Scalars) -> None:
    values, _ = scalars.parameters(np.array([3.0, 2.5, -4.0, 0.3]))
    assert scalars.names == ("mx", "my", "mu", "alpha")
    np.testing.assert_allclose(values, [300, 250, math.exp(-4), 0.3])


def test_masses_begin_at_random_and_the_rest_where_it_was_published(scalars: Scalars) -> None:
    starts = np.array([scalars.start(np.random.default_rng(seed)) for seed in range(50)])
    assert starts[:, :2].min() > 1.0
    assert starts[:, :2].max() < 5.0
    assert len(np.unique(starts[:, 0])) == 50
    np.testing.assert_allclose(starts[:, 2:], [[-4, math.exp(-1)]] * 50)


@pytest.mark.parametrize(
    "at",
    [
        [3.0, 2.5, -4.0, 0.3],  # inside
        [0.4, 5.9, -11.0, -0.2],  # outside of every limit, one side and the other
        [5.5, 0.7, 0.3, 1.4],
    ],
)
def test_penalties_have_the_slopes_that_they_say(scalars: Scalars, at: list[float]) -> None:
    place = np.array(at)
    found = scalars.penalty(place)[1]
    np.testing.assert_allclose(found, slopes(lambda w: scalars.penalty(w)[0], place), atol=1e-8)


def test_penalties_are_those_of_the_publication(scalars: Scalars) -> None:
    assert scalars.penalty(np.array([3.0, 2.5, -4.0, 0.3]))[0] == 0
    # e^0.5 - 1 for a mass half a unit too large, ten times that for alpha
    assert scalars.penalty(np.array([5.5, 2.5, -4.0, 0.3]))[0] == pytest.approx(math.exp(0.5) - 1)
    assert scalars.penalty(np.array([3.0, 2.5, -4.0, -0.5]))[0] == pytest.approx(
        10 * (math.exp(0.5) - 1)
    )


def test_parameters_have_the_slopes_that_they_say(scalars: Scalars) -> None:
    place = np.array([3.0, 2.5, -4.0, 0.3])
    found = scalars.parameters(place)[1]
    wanted = slopes(lambda w: scalars.parameters(w)[0], place)
    np.testing.assert_allclose(np.diag(found), wanted, rtol=1e-8, atol=1e-8)


def test_outside_the_grid_only_the_penalty_moves_a_scalar(scalars: Scalars) -> None:
    values, found = scalars.parameters(np.array([0.5, 7.0, 1.0, 1.2]))
    np.testing.assert_allclose(values, [100, 500, 1, 1], rtol=1e-5)
    assert values[2] < 1
    np.testing.assert_array_equal(found, 0)


def test_mu_may_be_as_small_as_it_likes(scalars: Scalars) -> None:
    values, found = scalars.parameters(np.array([3.0, 2.5, -20.0, 0.3]))
    assert values[2] == found[2] == pytest.approx(math.exp(-20))


def test_without_masses_there_is_only_mu() -> None:
    found = Scalars.of(toys.exact(np.zeros(3)), Optimiser())
    assert found.names == ("mu",)
    assert found.start(np.random.default_rng(0)).tolist() == [-4]
