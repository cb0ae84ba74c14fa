"""Training weights: none negative, balanced, of mean 1."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.weights import training_weights

WEIGHTS = np.array([1.0, -2.0, 3.0, 4.0])
Y = np.array([0, 0, 1, 1])


def test_negative_weights_count_by_size_or_not_at_all() -> None:
    found = training_weights(WEIGHTS, balanced=False)
    np.testing.assert_allclose(found, np.array([1, 2, 3, 4]) / 2.5)
    found = training_weights(WEIGHTS, balanced=False, policy="positive")
    np.testing.assert_allclose(found, np.array([1, 0, 3, 4]) / 2.0)


def test_every_class_gets_the_same_sum_and_the_mean_is_1() -> None:
    found = training_weights(WEIGHTS, Y)
    np.testing.assert_allclose([found[:2].sum(), found[2:].sum()], [2.0, 2.0])


def test_the_scale_of_weights_changes_nothing() -> None:
    np.testing.assert_allclose(training_weights(1e-8 * WEIGHTS, Y), training_weights(WEIGHTS, Y))


def test_a_class_without_weight_is_an_error() -> None:
    with pytest.raises(ModelError, match="Class number 2 has no weight"):
        training_weights(WEIGHTS, Y, classes=3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_weight_that_is_no_number_is_an_error(bad: float) -> None:
    with pytest.raises(ModelError, match="1 of 2 weights"):
        training_weights(np.array([1.0, bad]))
    with pytest.raises(ModelError, match="All weights are zero"):
        training_weights(np.zeros(2))
