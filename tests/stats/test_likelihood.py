"""The Poisson deviance, plain and scaled, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from hepml.errors import StatisticsError
from hepml.stats.likelihood import Likelihood

COUNTS = np.array([3.0, 0.0, 12.0])
EXPECTED = np.array([4.2, 0.7, 9.1])


def test_the_deviance_is_twice_the_log_likelihood_ratio_to_the_data() -> None:
    value, _ = Likelihood(COUNTS, COUNTS).deviance(EXPECTED)
    best = poisson.logpmf(COUNTS, np.maximum(COUNTS, 1e-300)).sum()
    assert value == pytest.approx(2 * (best - poisson.logpmf(COUNTS, EXPECTED).sum()))


def test_it_is_zero_where_the_model_is_the_data() -> None:
    filled = np.array([3.0, 1.0, 12.0])
    assert Likelihood(filled, filled).deviance(filled)[0] == pytest.approx(0.0, abs=1e-12)


def test_weights_scale_counts_and_expectation() -> None:
    # 24 events of weight 0.5: c = 0.5, so 24 effective events
    weighted = Likelihood(np.array([12.0]), np.array([6.0]))
    plain = Likelihood(np.array([24.0]), np.array([24.0]))
    assert weighted.deviance(np.array([9.0]))[0] == pytest.approx(
        plain.deviance(np.array([18.0]))[0]
    )


def test_unit_weights_are_the_ordinary_poisson() -> None:
    ordinary = Likelihood(COUNTS, COUNTS).deviance(EXPECTED)[0]
    n, mu = COUNTS, EXPECTED
    by_hand = 2 * np.sum(mu - n + np.where(n > 0, n * np.log(np.where(n > 0, n, 1) / mu), 0))
    assert ordinary == pytest.approx(by_hand)


@pytest.mark.parametrize("expected", [EXPECTED, np.array([1e-5, 1e-5, 3.0]), -0.01 * EXPECTED])
def test_the_slope_agrees_with_differences_also_below_zero(expected: np.ndarray) -> None:
    likelihood = Likelihood(COUNTS, COUNTS)
    slope = likelihood.deviance(expected)[1]
    for place in range(3):
        step = np.zeros(3)
        step[place] = 1e-7
        up, down = (likelihood.deviance(expected + way * step)[0] for way in (1, -1))
        assert slope[place] == pytest.approx((up - down) / 2e-7, rel=1e-4, abs=1e-3)


def test_below_zero_the_deviance_only_rises() -> None:
    likelihood = Likelihood(np.array([0.0]), np.array([0.0]))
    values = [likelihood.deviance(np.array([x]))[0] for x in (0.0, -0.1, -1.0, -10.0)]
    assert values == sorted(values)


def test_a_negative_sum_of_weights_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="bin 1 add up to -2"):
        Likelihood(np.array([1.0, -2.0]), np.array([1.0, 2.0]))


def test_weights_that_are_not_finite_are_an_error() -> None:
    with pytest.raises(StatisticsError, match="not finite"):
        Likelihood(np.array([1.0, np.nan]), np.array([1.0, 1.0]))


def test_expected_information_is_that_of_the_poisson() -> None:
    information = Likelihood(COUNTS, COUNTS).information(EXPECTED, np.eye(3), observed=False)
    np.testing.assert_allclose(information, np.diag(1 / EXPECTED))
