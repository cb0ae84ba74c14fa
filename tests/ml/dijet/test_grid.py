"""Density ratios on a grid of masses: smooth in between, normalised, and with true derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.mixture import log_mixture
from hepml.ml.dijet.normalise import normalise
from tests.ml.dijet.toys import NODES, background, mixed, planes, ratios

ROWS = mixed(400, (20, 20), 12, (300.0, 200.0))
GRID = planes(ROWS)
FAR = ROWS[(ROWS < 600).all(axis=1)]


def test_values_at_nodes_are_those_given() -> None:
    found = GRID.log_ratios(250.0, 400.0)
    np.testing.assert_allclose(found[1], ratios(ROWS, 250.0, 400.0, 1), rtol=1e-4, atol=1e-3)


def test_values_in_between_follow_a_smooth_function() -> None:
    # normal densities are parabolas of the mass, which cubic splines repeat
    found = planes(FAR).log_ratios(271.0, 333.0)
    np.testing.assert_allclose(found[0], ratios(FAR, 271.0, 333.0, 0), rtol=1e-4, atol=1e-3)


def test_the_sum_is_that_of_the_plain_formula() -> None:
    loss, _, _ = GRID.sums(np.array([0.01, 0.03]), 271.0, 333.0)
    plain = log_mixture(GRID.log_ratios(271.0, 333.0), 0.04, np.array([0.25, 0.75]))
    assert loss == pytest.approx(-plain.sum(), rel=1e-5)


@pytest.mark.parametrize("kind", [0, 1, -1])
def test_derivatives_are_those_of_differences(kind: int) -> None:
    grid = GRID.with_kappa(normalise(GRID, refine=1, tolerance=1.0))
    point = np.array([0.01, 0.03, 271.0, 333.0, 0.4])
    steps = np.array([1e-4, 1e-4, 0.2, 0.2, 1e-3])

    def loss(p: np.ndarray) -> float:
        return grid.sums(p[:2], p[2], p[3], kind=kind, prior=p[4])[0]

    gradient = grid.sums(point[:2], point[2], point[3], kind=kind, prior=point[4])[1]
    for place in range(5 if kind else 4):
        step = steps * (np.arange(5) == place)
        slope = (loss(point + step) - loss(point - step)) / (2 * steps[place])
        assert gradient[place] == pytest.approx(slope, rel=0.01, abs=2e-3)


def test_the_information_is_the_sum_of_squared_slopes() -> None:
    one = [GRID.take(np.array([row])).sums(np.array([0.02, 0.01]), 280.0, 220.0) for row in (0, 9)]
    both = GRID.take(np.array([0, 9])).sums(np.array([0.02, 0.01]), 280.0, 220.0)[2]
    expected = sum(np.outer(item[1], item[1]) for item in one)
    np.testing.assert_allclose(both, expected, rtol=1e-6)


def test_the_mean_over_the_background_is_one_at_and_between_the_nodes() -> None:
    bare = planes(background(2_000, np.random.default_rng(0)))
    kappa = normalise(bare)
    grid = bare.with_kappa(kappa)
    assert kappa.worst < 1e-3
    masses = np.random.default_rng(1).uniform(100, 500, (20, 2))
    means = [np.exp(grid.log_ratios(x, y).astype(float)).mean(axis=1) for x, y in masses]
    np.testing.assert_allclose(means, 1, atol=1e-3)
    nodes = np.exp(grid.log_ratios(150.0, 150.0).astype(float)).mean(axis=1)
    np.testing.assert_allclose(nodes, 1, atol=1e-5)


def test_a_normalisation_made_on_some_events_serves_others() -> None:
    rng = np.random.default_rng(2)
    bare = planes(background(5_000, rng))
    kappa = normalise(bare, refine=1, tolerance=1.0)
    other = planes(background(5_000, rng)).with_kappa(kappa)
    z = other.log_ratios(200.0, 150.0).astype(float)
    spread = np.exp(z).std(axis=1) / np.sqrt(len(other))
    assert (abs(np.exp(z).mean(axis=1) - 1) < 4 * np.sqrt(2) * spread).all()


def test_one_mass_and_no_mass() -> None:
    one = RatioGrid(np.arange(8.0).reshape(1, 4, 2), {"mx": NODES[:4]})
    np.testing.assert_allclose(one.log_ratios(125.0), [[1.0, 2.0]], atol=1e-5)
    none = RatioGrid(np.array([[1.0, 2.0]]))
    np.testing.assert_allclose(none.log_ratios(), [[1.0, 2.0]])
    assert none.names == ("signal_1",)


@pytest.mark.parametrize("count", [2, 3])
def test_few_nodes_are_joined_by_lines_or_parabolas(count: int) -> None:
    nodes = NODES[:count]
    values = np.stack([nodes, nodes ** (count - 1)], axis=1)[None]
    found = RatioGrid(values, {"mx": nodes}).log_ratios(120.0)
    np.testing.assert_allclose(found, [[120.0, 120.0 ** (count - 1)]], rtol=1e-5)


def test_masses_outside_the_grid_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"my = 50 lies outside .* 100 to 500 GeV"):
        GRID.log_ratios(200.0, 50.0)


def test_a_hypothesis_can_be_taken_alone_with_its_normalisation() -> None:
    grid = GRID.with_kappa(normalise(GRID, refine=1, tolerance=1.0))
    np.testing.assert_array_equal(
        grid.only("three_prong").log_ratios(200.0, 300.0)[0], grid.log_ratios(200.0, 300.0)[1]
    )
    with pytest.raises(ParameterError, match="no hypothesis 'four'"):
        grid.only("four")


def test_a_normalisation_of_other_hypotheses_is_refused() -> None:
    with pytest.raises(ParameterError, match="other hypotheses"):
        GRID.with_kappa(normalise(GRID.only("two_prong"), refine=1))


def test_a_symmetric_normalisation_is_symmetric() -> None:
    values = np.random.default_rng(0).normal(size=(1, 4, 4, 50))
    values += values.transpose(0, 2, 1, 3)
    grid = RatioGrid(values, {"mx": NODES[:4], "my": NODES[:4]}, symmetric=True)
    kappa = normalise(grid, refine=2)
    np.testing.assert_allclose(kappa.at(130.0, 210.0)[:, 0], kappa.at(210.0, 130.0)[:, 0])


@pytest.mark.parametrize(
    ("values", "masses", "error"),
    [
        (np.zeros((1, 3, 5)), {"mx": NODES[:4]}, ParameterError),
        (np.zeros((1, 2, 5)), {"mx": np.array([2.0, 1.0])}, ParameterError),
        (np.full((1, 5), np.inf), {}, ModelError),
    ],
)
def test_what_makes_no_grid_is_refused(
    values: np.ndarray, masses: dict[str, np.ndarray], error: type[Exception]
) -> None:
    with pytest.raises(error):
        RatioGrid(values, masses)


def test_symmetric_grids_need_equal_axes_and_names_must_fit() -> None:
    with pytest.raises(ParameterError, match="same nodes"):
        RatioGrid(np.zeros((1, 2, 3, 1)), {"mx": NODES[:2], "my": NODES[:3]}, symmetric=True)
    with pytest.raises(ParameterError, match="2 names"):
        RatioGrid(np.zeros((1, 5)), names=("a", "b"))


def test_no_events_have_no_normalisation() -> None:
    with pytest.raises(ModelError, match="there are none"):
        normalise(GRID.take(np.empty(0, int)))
