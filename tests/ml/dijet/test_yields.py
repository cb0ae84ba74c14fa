"""Deviance of yields at fixed masses, against the plain sum over all events."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.objective import MixtureObjective
from hepml.ml.dijet.yields import Yields, along
from tests.ml.dijet.toys import mixed, planes

AT = (350.0, 200.0)
DATA = planes(mixed(2_000, (40, 40), 21, AT))
REFERENCE = planes(mixed(3_000, (0, 0), 22, AT))


def at(objective: MixtureObjective, x: float = AT[0], y: float = AT[1]) -> Yields:
    (found,) = along(objective, x, np.array([y]))
    return found


def only(log_ratios: np.ndarray) -> Yields:
    return at(MixtureObjective(RatioGrid(log_ratios)), 0.0, 0.0)


def test_events_like_no_signal_are_counted_and_nothing_is_lost() -> None:
    point, z = at(MixtureObjective(DATA)), DATA.log_ratios(*AT).astype(float)
    assert point.data.rest + point.data.excess.shape[1] == len(DATA)
    assert point.data.rest > 1_000
    for s in ([0.01, 0.02], [0.0, 0.1]):
        plain = -2 * np.log1p(np.array(s) @ np.expm1(z)).sum()
        assert point.deviance(np.array(s)) == pytest.approx(plain, abs=0.01)


def test_yields_are_the_most_likely_ones() -> None:
    z = DATA.log_ratios(*AT).astype(float)
    found, deviance = at(MixtureObjective(DATA)).best()

    def plain(s: np.ndarray) -> float:
        return float(-2 * np.log1p(s @ np.expm1(z)).sum())

    best = minimize(plain, [0.01, 0.01], bounds=[(0, 0.4)] * 2)
    assert deviance == pytest.approx(best.fun, abs=0.01)
    np.testing.assert_allclose(found, best.x, atol=2e-4)


def test_yields_of_the_cross_entropy_are_those_of_the_whole_objective() -> None:
    objective = MixtureObjective(DATA, REFERENCE, loss="cross-entropy")
    found, deviance = at(objective).best()

    def full(s: np.ndarray) -> float:
        return objective.evaluate(np.array([*AT, s.sum(), s[1] / max(s.sum(), 1e-12)]))[0]

    best = minimize(full, [0.01, 0.01], bounds=[(0, 0.4)] * 2)
    assert deviance == pytest.approx(best.fun - full(np.zeros(2)), abs=0.02)
    np.testing.assert_allclose(found, best.x, atol=1e-3)


def test_a_start_elsewhere_changes_nothing() -> None:
    point = at(MixtureObjective(DATA))
    near, far = point.best(), point.best(np.array([0.3, 0.0]))
    assert near[1] == pytest.approx(far[1], abs=1e-3)


def test_yields_are_none_without_signal() -> None:
    found, deviance = only(np.full((2, 100), -4.0)).best()
    assert (found.tolist(), deviance) == ([0.0, 0.0], 0.0)


def test_alike_hypotheses_and_huge_ratios_do_no_harm() -> None:
    found, deviance = only(np.tile([[900.0, -900.0, -5.0]], (2, 1))).best()
    assert 0 < found.sum() < 1
    assert deviance < -100


def test_without_background_there_is_no_likelihood() -> None:
    assert only(np.full((1, 5), -4.0)).deviance(np.ones(1)) == np.inf
