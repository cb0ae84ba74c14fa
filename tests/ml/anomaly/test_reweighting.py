"""Weights of signal from a likelihood ratio, and the checks of the ratio."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import StatisticsError
from hepml.ml.anomaly.reweighting import (
    check_ratio,
    reliability,
    signal_weights,
    weight_histogram,
    weighted_toys,
)
from hepml.stats.backgrounds import Background
from hepml.stats.excess import SignalTest
from tests.ml.anomaly.windows import WINDOW


def test_a_ratio_of_one_gives_weights_of_one() -> None:
    assert signal_weights(np.ones(5), 0.06) == pytest.approx(np.ones(5))


def test_weights_are_the_ratio_of_signal_and_background() -> None:
    # r = (1 - mu) + mu s / b
    s_over_b, mu = np.array([0.0, 0.5, 3.0, 40.0]), 0.1
    assert signal_weights((1 - mu) + mu * s_over_b, mu) == pytest.approx(s_over_b)


def test_no_weight_is_negative() -> None:
    assert signal_weights(np.array([0.0, 0.5]), 0.2).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("mu", [0.0, -0.1, 1.5, float("nan")])
def test_without_an_excess_weights_are_not_defined(mu: float) -> None:
    with pytest.raises(StatisticsError, match="share of signal"):
        signal_weights(np.ones(3), mu)


def test_mean_weight_of_background_is_one_for_a_calibrated_ratio() -> None:
    rng = np.random.default_rng(0)
    b = rng.exponential(1.0, 200_000)
    s_over_b = 0.5 * np.exp(0.5 * b)  # signal falls half as fast
    weights = signal_weights(0.9 + 0.1 * s_over_b, 0.1)
    assert weights.mean() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("mean", "good"), [(1.0, True), (1.04, True), (1.2, False)])
def test_a_mean_ratio_far_from_one_fails(mean: float, good: bool) -> None:
    ratio = mean + 0.1 * np.random.default_rng(0).standard_normal(10_000)
    found = check_ratio(ratio, "sidebands")
    assert found.mean == pytest.approx(mean, abs=4 * found.error)
    assert found.good is good


def test_a_true_ratio_is_reliable_in_every_bin() -> None:
    rng = np.random.default_rng(1)
    background = rng.uniform(0, 1, 40_000)
    data = np.sqrt(rng.uniform(0, 1, 40_000))  # density 2 x
    for item in reliability(2 * data, 2 * background):
        assert abs(item.observed - item.ratio) < 4 * item.error


def test_reliability_needs_both() -> None:
    assert reliability(np.ones(3), np.empty(0)) == ()


def test_all_weights_are_in_the_histogram() -> None:
    weights = np.random.default_rng(0).exponential(2.0, 1000)
    inside = np.arange(1000) < 300
    found = weight_histogram(weights, inside)
    assert [sum(part) for part in found.counts] == [300, 700]


def test_toys_of_unit_weights_are_those_of_events() -> None:
    test = SignalTest(WINDOW.binning(4), Background("polynomial", 1, 0.0, 10.0))
    counts = np.full(20, 100.0)
    counts[9] += 25
    outcome = test.run(counts)
    found = weighted_toys(test, outcome, np.ones(10), 1000)
    assert abs(found.p - outcome.excess.p) < 4 * np.sqrt(0.25 / 1000)


def test_weights_of_zero_throw_nothing() -> None:
    test = SignalTest(WINDOW.binning(4), Background("polynomial", 1, 0.0, 10.0))
    outcome = test.run(np.full(20, 10.0))
    with pytest.raises(StatisticsError, match="weight 0"):
        weighted_toys(test, outcome, np.zeros(5), 10)
