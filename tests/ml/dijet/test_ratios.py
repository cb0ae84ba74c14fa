"""Density ratios are normalised to a mean of 1, and false ones are found out."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.dijet.ratios import check_closure, log_kappa, mean_one

rng = np.random.default_rng(11)
B = rng.normal(4.5, 1, (40_000, 1))
S = rng.normal(3, 1, (20_000, 1))


def true(x: np.ndarray) -> np.ndarray:
    return (((x - 4.5) ** 2 - (x - 3) ** 2) / 2)[:, 0]


def test_the_mean_over_the_background_is_one() -> None:
    logits = true(B) - 2.3
    found = mean_one(logits + log_kappa(logits))
    assert found.mean == pytest.approx(1, abs=1e-12)
    assert found.events == 40_000
    assert 100 < found.effective < 40_000


def test_kappa_is_the_ratio_of_the_priors_of_a_classifier() -> None:
    found = log_kappa(true(B) - np.log(10.0))
    assert np.exp(found) == pytest.approx(10, rel=3 * mean_one(true(B)).error)


def test_kappa_of_huge_logits_and_of_weights() -> None:
    assert log_kappa(np.array([[1_000.0, 1_000.0]]))[0] == pytest.approx(-1_000)
    weighted = log_kappa(np.log([1.0, 3.0]), np.array([3.0, 1.0]))
    assert weighted == pytest.approx(-np.log(1.5))


def test_the_error_of_the_mean_is_its_spread() -> None:
    x = rng.normal(4.5, 1, (200, 500))
    means = np.exp(((x - 4.5) ** 2 - (x - 4) ** 2) / 2).mean(axis=1)
    errors = [mean_one(((row - 4.5) ** 2 - (row - 4) ** 2) / 2).error for row in x]
    assert np.mean(errors) == pytest.approx(means.std(), rel=4 / np.sqrt(2 * 200))


@pytest.mark.parametrize("logits", [np.empty(0), np.array([1.0, np.nan])])
def test_there_must_be_finite_logits(logits: np.ndarray) -> None:
    with pytest.raises(ModelError, match="finite logits"):
        log_kappa(logits)


def test_true_ratios_turn_background_into_signal() -> None:
    found = check_closure(B, S, true(B), true(S), ["x"])
    assert found.features[0].p > 1e-3
    assert found.features[0].distance < 0.03
    assert found.slope == pytest.approx(1, abs=0.05)
    assert found.offset == pytest.approx(0, abs=0.1)


def test_ratios_that_are_too_sharp_are_seen() -> None:
    found = check_closure(B, S, 1.5 * true(B), 1.5 * true(S), ["x"])
    assert found.slope == pytest.approx(1 / 1.5, abs=0.05)
    assert found.features[0].p < 1e-6


def test_closure_of_true_ratios_has_the_spread_of_chi_squared() -> None:
    local = np.random.default_rng(3)
    values = []
    for _ in range(60):
        b, s = local.normal(4, 1, (4_000, 1)), local.normal(3.5, 1, (1_000, 1))
        z, y = (((x - 4) ** 2 - (x - 3.5) ** 2)[:, 0] / 2 for x in (b, s))
        values.append(check_closure(b, s, z, y, ["x"]).features[0].chi2)
    # 9 degrees of freedom: the mean within 3 sigma
    assert np.mean(values) == pytest.approx(9, abs=3 * np.sqrt(18 / 60))


def test_closure_needs_both_kinds() -> None:
    with pytest.raises(ModelError, match="needs events"):
        check_closure(B, S[:0], true(B), true(S[:0]), ["x"])
