"""Boosted trees: scikit-learn's contract, and models that are the same byte for byte."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from hepml.errors import ModelError
from hepml.ml.boosting import BoostedTrees


def some(rows: int = 600, classes: int = 2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, rows)
    x = rng.normal(size=(rows, 4)) + np.outer(y, [1.5, -1.0, 0.0, 0.5])
    x[rng.random(x.shape) < 0.1] = np.nan
    return x.astype(np.float32), y


def small(**options: object) -> BoostedTrees:
    return BoostedTrees(n_estimators=15, min_child_samples=5, n_jobs=1, **options)


# the least number of rows in a leaf counts rows, not weights
ROWS = {"check_sample_weight_equivalence_on_dense_data": "LightGBM counts rows in leaves"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.EstimatorCheckFailedWarning")
def test_the_contract_of_scikit_learn_holds() -> None:
    check_estimator(small(), expected_failed_checks=ROWS)


def test_the_same_seed_gives_the_same_text() -> None:
    x, y = some()
    assert small().fit(x, y).to_text() == small().fit(x, y).to_text()
    assert small(random_state=1).fit(x, y).to_text() != small().fit(x, y).to_text()


@pytest.mark.parametrize("classes", [2, 3])
def test_text_gives_the_same_probabilities_again(classes: int) -> None:
    x, y = some(classes=classes)
    trees = small().fit(x, y)
    again = BoostedTrees.from_text(trees.to_text(), list(range(classes)))
    np.testing.assert_array_equal(again.predict_proba(x), trees.predict_proba(x))
    assert trees.predict_proba(x).shape == (600, classes)
    np.testing.assert_allclose(trees.predict_proba(x).sum(axis=1), 1.0)


def test_predict_gives_labels_not_probabilities() -> None:
    x, y = some()
    names = np.array(["background", "signal"])[y]
    trees = small().fit(x, names)
    assert set(trees.predict(x)) == {"background", "signal"}
    assert (trees.predict(x) == names).mean() > 0.8


def test_training_stops_when_validation_rows_get_worse() -> None:
    x, y = some()
    rng = np.random.default_rng(1)
    trees = small(early_stopping=3).fit(x, y, validation=(x, rng.permutation(y)))
    assert trees.rounds_ < 15
    assert len(trees.history_["validation"]) >= trees.rounds_


def test_a_class_that_only_validation_has_is_an_error() -> None:
    x, y = some()
    with pytest.raises(ModelError, match="lack"):
        small().fit(x, y, validation=(x, y + 1))


def test_a_scale_of_weights_of_mean_1_is_what_training_sees() -> None:
    x, y = some()
    weights = np.random.default_rng(1).random(600)
    one, two = small().fit(x, y, weights), small().fit(x, y)
    assert one.to_text() != two.to_text()


def test_a_trained_model_survives_pickling_and_cloning_forgets_it() -> None:
    x, y = some()
    trees = small().fit(x, y)
    again = pickle.loads(pickle.dumps(trees))  # noqa: S301
    np.testing.assert_array_equal(again.predict_proba(x), trees.predict_proba(x))
    assert not hasattr(clone(trees), "booster_")


def test_damaged_text_is_an_error() -> None:
    with pytest.raises(ModelError, match="no model of LightGBM"):
        BoostedTrees.from_text("tree\nnonsense", [0, 1])


def test_one_class_is_an_error() -> None:
    with pytest.raises(ValueError, match="only one class"):
        small().fit(np.ones((5, 2)), np.zeros(5))
