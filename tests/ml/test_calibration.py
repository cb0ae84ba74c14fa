"""Calibrated probabilities keep what they promise, and the order of rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.calibration import Calibration, Method, fit_calibration


def distorted(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores that are the square of the true probability."""
    rng = np.random.default_rng(seed)
    probability = rng.random(rows)
    return probability**2, rng.random(rows) < probability, probability


@pytest.mark.parametrize(("method", "distance"), [("isotonic", 0.03), ("sigmoid", 0.08)])
def test_the_true_probability_is_found(method: Method, distance: float) -> None:
    scores, truth, _ = distorted(40_000, 1)
    calibration = fit_calibration(scores, truth, method=method)
    others, _, probability = distorted(5_000, 2)
    assert np.abs(calibration(others) - probability).mean() < distance


def test_scores_keep_their_order() -> None:
    scores, truth, _ = distorted(5_000, 3)
    calibration = fit_calibration(scores, truth, method="isotonic")
    values = calibration(np.linspace(0, 1, 501))
    assert np.all(np.diff(values) >= 0)
    assert len(np.unique(calibration(scores))) > 0.95 * len(scores)


def test_few_rows_are_calibrated_by_a_curve_of_two_numbers() -> None:
    scores, truth, _ = distorted(500, 4)
    assert fit_calibration(scores, truth).method == "sigmoid"
    scores, truth, _ = distorted(5_000, 4)
    assert fit_calibration(scores, truth).method == "isotonic"


def test_weights_count_as_repeated_rows() -> None:
    scores, truth, _ = distorted(3_000, 5)
    times = np.random.default_rng(5).integers(0, 3, 3_000)
    for method in ("isotonic", "sigmoid"):
        weighted = fit_calibration(scores, truth, times.astype(float), method)  # type: ignore[arg-type]
        repeated = fit_calibration(np.repeat(scores, times), np.repeat(truth, times), None, method)  # type: ignore[arg-type]
        np.testing.assert_allclose(weighted(scores), repeated(scores), atol=1e-6)


@pytest.mark.parametrize("method", ["isotonic", "sigmoid", "none"])
def test_a_calibration_survives_json(method: Method) -> None:
    scores, truth, _ = distorted(3_000, 6)
    calibration = fit_calibration(scores, truth, method=method)
    again = Calibration.from_json(json.loads(json.dumps(calibration.to_json())))
    np.testing.assert_array_equal(again(scores), calibration(scores))


def test_one_class_cannot_be_calibrated() -> None:
    with pytest.raises(ModelError, match="one class only"):
        fit_calibration(np.array([0.2, 0.3]), np.array([True, True]))
