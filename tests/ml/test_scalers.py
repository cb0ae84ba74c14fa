"""Transformers of features: exact inverses, derivatives, values worked out by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from hepml.ml.scalers import STEPS, Cushion, Gaussianise, Logit, MinMax, Scaler, Standardise


def rows() -> np.ndarray:
    """Two features inside (0.05, 0.95)."""
    return 0.05 + 0.9 * np.random.default_rng(0).beta(1.2, 3.0, (400, 2))


@pytest.mark.parametrize("kind", STEPS)
def test_the_inverse_is_exact(kind: str) -> None:
    step = STEPS[kind]().fit(rows())
    np.testing.assert_allclose(step.inverse_transform(step.transform(rows())), rows(), rtol=1e-12)


@pytest.mark.parametrize("kind", STEPS)
def test_the_derivative_is_the_numerical_one(kind: str) -> None:
    step = STEPS[kind]().fit(rows())
    x, h = rows()[:50], 1e-7
    slope = (step.transform(x + h) - step.transform(x - h)) / (2 * h)
    np.testing.assert_allclose(np.exp(step.log_derivative(x)), slope, rtol=1e-5)


@pytest.mark.parametrize("kind", STEPS)
def test_json_gives_the_same_transformer(kind: str) -> None:
    step = STEPS[kind]().fit(rows())
    again = STEPS[kind].from_json(json.loads(json.dumps(step.to_json())))
    np.testing.assert_array_equal(again.transform(rows()), step.transform(rows()))


def test_a_maximum_of_at_least_zero_is_inflated_and_a_negative_one_kept() -> None:
    step = MinMax(1.2).fit(np.array([[1.0, -3.0], [10.0, -1.0]]))
    np.testing.assert_allclose(step.high_, [12.0, -1.0])
    np.testing.assert_allclose(step.transform(np.array([[12.0, -2.0]])), [[1.0, 0.5]])


def test_a_cushion_keeps_off_both_ends() -> None:
    np.testing.assert_allclose(Cushion(0.02).transform(np.array([[0.0], [1.0]])), [[0.02], [0.98]])


def test_the_logit_has_a_guard_and_its_inverse_knows_it() -> None:
    step = Logit(1e-4)
    found = step.transform(np.array([[0.5], [1.00005]]))
    assert found[0, 0] == pytest.approx(math.log(0.5 / 0.5001), rel=1e-12)
    assert step.inverse_transform(found)[1, 0] == pytest.approx(1.00005, rel=1e-12)
    outside = np.array([[0.0], [1.0002], [-1.0]])
    assert np.isnan(step.transform(outside)).all()


def test_standardising_uses_the_deviation_of_the_population() -> None:
    step = Standardise().fit(np.array([[1.0], [3.0]]))
    np.testing.assert_allclose(step.transform(np.array([[3.0]])), [[1.0]])


def test_any_distribution_becomes_normal() -> None:
    x = np.random.default_rng(1).pareto(1.5, (5000, 1))
    g = Gaussianise().fit(x).transform(x)
    assert g.mean() == pytest.approx(0, abs=0.02)
    assert g.std() == pytest.approx(1, abs=0.02)
    quantiles = np.quantile(g, [0.023, 0.16, 0.84, 0.977])
    np.testing.assert_allclose(quantiles, [-2, -1, 1, 2], atol=0.05)


def test_equal_values_do_not_break_the_quantiles() -> None:
    x = np.random.default_rng(1).integers(0, 4, (500, 1)).astype(float)
    step: Scaler = Gaussianise().fit(x)
    assert np.isfinite(step.log_derivative(x)).all()
    np.testing.assert_allclose(step.inverse_transform(step.transform(x)), x, atol=1e-12)
