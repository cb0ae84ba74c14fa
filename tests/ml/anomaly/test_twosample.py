"""Distances of two samples of one feature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from hepml.ml.anomaly.twosample import compare


def test_the_distance_is_that_of_scipy_in_standard_deviations() -> None:
    rng = np.random.default_rng(1)
    data, samples = rng.normal(0, 2, 300), rng.normal(0.5, 2, 500)
    found = compare(data, samples, repeats=1)
    assert found is not None
    expected = wasserstein_distance(data, samples) / data.std()
    assert found["wasserstein"] == pytest.approx(expected)


def test_a_shift_is_found_and_chance_is_not() -> None:
    rng = np.random.default_rng(2)
    data = rng.normal(0, 1, 500)
    shifted = compare(data, rng.normal(0.5, 1, 500), repeats=99)
    same = compare(data, rng.normal(0, 1, 500), repeats=99)
    assert shifted is not None
    assert same is not None
    assert shifted["p"] < 1e-6
    assert shifted["wasserstein_p"] == pytest.approx(0.01)
    assert same["p"] > 0.05
    assert same["wasserstein_p"] > 0.05


def test_values_by_hand() -> None:
    found = compare(np.array([0.0, 2.0]), np.array([1.0, 3.0]), repeats=1)
    assert found is not None
    assert found["ks"] == pytest.approx(0.5)
    assert found["wasserstein"] == pytest.approx(1.0)


def test_one_value_is_no_sample() -> None:
    assert compare(np.array([1.0]), np.array([1.0, 2.0])) is None


def test_a_constant_does_not_divide_by_zero() -> None:
    found = compare(np.ones(5), np.ones(6), repeats=3)
    assert found is not None
    assert found["wasserstein"] == 0
