"""Importance by shuffling."""

from __future__ import annotations

import numpy as np

from hepml.ml.importances import permutation_importance

X = np.random.default_rng(0).random((3_000, 3)).astype(np.float32)
TRUTH = X[:, 1] > 0.7


def score(x: np.ndarray) -> np.ndarray:
    return np.asarray(x[:, 1] + 0.01 * x[:, 2])


def test_a_model_loses_what_it_lives_on() -> None:
    loss, error = permutation_importance(score, X, TRUTH)
    assert loss.argmax() == 1
    # the feature that nothing looks at
    assert (loss[0], error[0]) == (0.0, 0.0)
    # shuffled, precision is the share of signal
    assert loss[1] > 0.6


def test_the_seed_decides_and_the_input_stays_as_it_is() -> None:
    before = X.copy()
    one = permutation_importance(score, X, TRUTH, rows=500, seed=3)
    two = permutation_importance(score, X, TRUTH, rows=500, seed=3)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(X, before)
