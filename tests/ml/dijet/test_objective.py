"""Deviances of mixtures: plain formulas, true gradients, and the information of yields."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.ml.dijet.mixture import cross_entropy, log_mixture, log_prior_ratio
from hepml.ml.dijet.objective import MixtureObjective
from tests.ml.dijet.toys import background, mixed, planes

DATA = planes(mixed(300, (20, 20), 12, (300.0, 200.0)))
REFERENCE = planes(background(250, np.random.default_rng(9)))
THETA = np.array([281.0, 230.0, 0.08, 0.3])
SHARE = np.array([0.7, 0.3])


def logarithms() -> list[np.ndarray]:
    return [log_mixture(g.log_ratios(281.0, 230.0), 0.08, SHARE) for g in (DATA, REFERENCE)]


def test_parameters_have_names_and_limits() -> None:
    objective = MixtureObjective(DATA)
    assert objective.names == ("mx", "my", "mu", "alpha")
    assert objective.lower.tolist() == [100, 100, 0, 0]


def test_the_likelihood_is_that_of_the_plain_formula() -> None:
    found = MixtureObjective(DATA).evaluate(THETA)[0]
    assert found == pytest.approx(-2 * logarithms()[0].sum(), rel=1e-5)


@pytest.mark.parametrize("ratio", [None, 1.0])
def test_the_cross_entropy_is_that_of_the_plain_formula(ratio: float | None) -> None:
    objective = MixtureObjective(DATA, REFERENCE, loss="cross-entropy", background_ratio=ratio)
    prior = log_prior_ratio(len(DATA), len(REFERENCE)) if ratio is None else -np.log(0.92)
    expected = 2 * cross_entropy(*logarithms(), prior)
    assert objective.evaluate(THETA)[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("loss", "ratio"), [("likelihood", None), ("cross-entropy", 1.0)])
def test_gradients_are_those_of_differences(loss: str, ratio: float | None) -> None:
    objective = MixtureObjective(DATA, REFERENCE, loss=loss, background_ratio=ratio)
    steps = np.array([0.2, 0.2, 1e-4, 1e-3])
    gradient = objective.evaluate(THETA)[1]
    for place in range(4):
        step = steps * (np.arange(4) == place)
        pair = [objective.evaluate(THETA + sign * step)[0] for sign in (1, -1)]
        slope = (pair[0] - pair[1]) / (2 * steps[place])
        assert gradient[place] == pytest.approx(slope, rel=0.01, abs=0.01)


def test_the_information_of_yields_is_the_curvature() -> None:
    objective = MixtureObjective(DATA)
    step = np.array([0, 0, 1e-3, 0])
    pair = [objective.evaluate(THETA + sign * step)[1][2] for sign in (1, -1)]
    curvature = (pair[0] - pair[1]) / 2e-3
    assert objective.information(THETA)[2, 2] == pytest.approx(curvature / 2, rel=0.01)


def test_losses_and_ratios_that_there_are_not_are_refused() -> None:
    with pytest.raises(ParameterError, match="no loss"):
        MixtureObjective(DATA, loss="hinge")
    with pytest.raises(ParameterError, match="positive"):
        MixtureObjective(DATA, REFERENCE, loss="cross-entropy", background_ratio=0.0)
