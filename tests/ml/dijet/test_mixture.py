"""Mixtures in log space agree with plain arithmetic, and go on where that overflows."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.ml.dijet.mixture import (
    alpha_names,
    cross_entropy,
    data_probability,
    log_mixture,
    log_prior_ratio,
    negative_log_likelihood,
    shares,
)

Z = np.log(np.array([[0.5, 2.0, 10.0], [1.0, 0.1, 40.0]]))


def test_the_mixture_is_what_its_formula_says() -> None:
    share = np.array([0.75, 0.25])
    expected = np.log(1 + 0.1 * (share @ np.exp(Z) - 1))
    np.testing.assert_allclose(log_mixture(Z, 0.1, share), expected)


def test_huge_and_tiny_ratios_stay_finite() -> None:
    found = log_mixture(np.array([[5_000.0, -5_000.0]]), 0.01, np.ones(1))
    np.testing.assert_allclose(found, [5_000 + np.log(0.01), np.log(0.99)])


def test_without_signal_the_mixture_is_background() -> None:
    np.testing.assert_array_equal(log_mixture(Z, 0.0, np.array([0.5, 0.5])), np.zeros(3))


@pytest.mark.parametrize(("mu", "share"), [(1.5, [1.0, 0.0]), (0.1, [0.7, 0.7]), (-0.1, [1, 0])])
def test_shares_that_make_no_mixture_are_refused(mu: float, share: list[float]) -> None:
    with pytest.raises(ParameterError, match="no mixture"):
        log_mixture(Z, mu, np.array(share))


def test_alpha_is_the_share_of_the_second_hypothesis() -> None:
    share, slopes = shares(np.array([0.3]))
    np.testing.assert_allclose(share, [0.7, 0.3])
    np.testing.assert_allclose(slopes, [[-1], [1]])
    assert alpha_names(2) == ("alpha",)


def test_shares_of_many_hypotheses_add_up_and_have_the_slopes_of_differences() -> None:
    alphas, step = np.array([0.3, 0.6, 0.2]), 1e-6
    share, slopes = shares(alphas)
    assert share.sum() == pytest.approx(1)
    for place in range(3):
        moved = shares(alphas + step * (np.arange(3) == place))[0]
        np.testing.assert_allclose((moved - share) / step, slopes[:, place], atol=1e-5)
    assert alpha_names(4) == ("alpha_2", "alpha_3", "alpha_4")


def test_one_hypothesis_has_all_of_the_signal() -> None:
    assert shares(np.empty(0))[0].tolist() == [1.0]
    assert alpha_names(1) == ()


def test_the_best_weak_classifier_is_the_published_one_for_equal_backgrounds() -> None:
    mu, share = 0.1, np.array([0.5, 0.5])
    value = log_mixture(Z, mu, share)
    expected = np.exp(value) / (np.exp(value) + 1 - mu)
    np.testing.assert_allclose(data_probability(value, -np.log(1 - mu)), expected)
    assert log_prior_ratio(1000, 900) == pytest.approx(-np.log(1 - mu))


def test_numbers_of_events_must_be_there() -> None:
    with pytest.raises(ParameterError, match="need events"):
        log_prior_ratio(10, 0)


def test_losses_are_sums_of_logarithms() -> None:
    data, reference = np.array([0.5, 2.0]), np.array([-1.0])
    p, q = data_probability(data, 0.3), data_probability(reference, 0.3)
    expected = -np.log(p).sum() - np.log(1 - q).sum()
    assert cross_entropy(data, reference, 0.3) == pytest.approx(expected)
    assert negative_log_likelihood(data) == pytest.approx(-2.5)
    assert negative_log_likelihood(data, np.array([2.0, 0.0])) == pytest.approx(-1.0)
