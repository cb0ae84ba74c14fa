"""Trees as flat arrays give the sums of LightGBM, bit by bit."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest

from hepml.ml.traversal import flatten

Rows = np.ndarray[Any, Any]


def some(rows: int = 1000, classes: int = 3, undefined: bool = True) -> tuple[Rows, Rows]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, classes, rows)
    x = rng.normal(size=(rows, 5)) + np.outer(y, [1.0, -1.0, 0.0, 0.5, 0.2])
    x[:, 2] = rng.integers(-2, 3, rows)  # equal to thresholds, and to 0
    if undefined:
        x[rng.random(x.shape) < 0.2] = np.nan
    return x.astype(np.float32), y


def trained(x: Rows, y: Rows, rounds: int = 12, **options: Any) -> lightgbm.Booster:
    classes = int(y.max()) + 1
    settings = {
        "objective": "binary" if classes == 2 else "multiclass",
        **({} if classes == 2 else {"num_class": classes}),
        "min_data_in_leaf": 2,
        "num_threads": 1,
        "verbosity": -1,
        **options,
    }
    groups = settings.pop("categories", "auto")
    return lightgbm.train(settings, lightgbm.Dataset(x, y, categorical_feature=groups), rounds)


@pytest.mark.parametrize("leaves", [2, 16, 32, 33, 64])
@pytest.mark.parametrize("classes", [2, 3])
def test_sums_are_those_of_lightgbm(leaves: int, classes: int) -> None:
    x, y = some(classes=classes)
    booster = trained(x, y, num_leaves=leaves)
    flat = flatten(booster.model_to_string())
    assert flat is not None
    expected = booster.predict(x, raw_score=True).reshape(len(x), -1)
    np.testing.assert_array_equal(flat.sums(x), expected)


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_are_those_of_lightgbm(classes: int) -> None:
    x, y = some(classes=classes)
    booster = trained(x, y)
    flat = flatten(booster.model_to_string())
    assert flat is not None
    expected = booster.predict(x)
    found = flat.probabilities(x)
    np.testing.assert_allclose(found[:, -1] if classes == 2 else found, expected, rtol=1e-13)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_nan_where_training_saw_none_goes_where_lightgbm_sends_it() -> None:
    booster = trained(*some(undefined=False))
    flat = flatten(booster.model_to_string())
    assert flat is not None
    x, _ = some()
    np.testing.assert_array_equal(flat.sums(x), booster.predict(x, raw_score=True))


def test_a_row_does_not_depend_on_its_company() -> None:
    x, y = some()
    flat = flatten(trained(x, y).model_to_string())
    assert flat is not None
    whole = flat.sums(x)
    parts = [flat.sums(x[low : low + 7]) for low in range(0, len(x), 7)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert flat.sums(x[:0]).shape == (0, 3)


def test_trees_without_a_split_are_numbers() -> None:
    x, y = some()
    booster = trained(x, y, rounds=2, min_data_in_leaf=900)
    flat = flatten(booster.model_to_string())
    assert flat is not None
    np.testing.assert_array_equal(flat.sums(x), booster.predict(x, raw_score=True))


@pytest.mark.parametrize(
    "options",
    [
        {"num_leaves": 65},
        {"zero_as_missing": True},
        {"linear_tree": True},
        {"categories": [2]},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
    ],
)
def test_what_only_lightgbm_can_apply_is_left_to_it(options: dict[str, Any]) -> None:
    x, y = some()
    if "categories" in options:
        x = np.abs(np.nan_to_num(x))
    assert flatten(trained(x, y, **options).model_to_string()) is None
