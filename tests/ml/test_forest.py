"""Forests: published settings, and files from which nothing but scikit-learn is built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skops.io

from hepml.errors import ModelError
from hepml.ml.forest import (
    FAST,
    PUBLISHED,
    importance,
    load_forest,
    make_forest,
    save_forest,
)


def some(rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, rows)
    return (rng.normal(size=(rows, 3)) + np.outer(y, [2.0, 0, 0])).astype(np.float32), y


def test_the_published_settings_are_those_of_the_publication() -> None:
    forest = make_forest(PUBLISHED)[-1]
    found = forest.get_params()
    expected = {
        "n_estimators": 500,
        "criterion": "entropy",
        "max_depth": 200,
        "random_state": 1,
        "class_weight": "balanced_subsample",
    }
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("scaled", [True, False])
def test_a_forest_gives_the_same_answer_when_read_again(tmp_path: Path, scaled: bool) -> None:
    x, y = some()
    forest = make_forest(replace(FAST, trees=5, scaled=scaled), n_jobs=1).fit(x, y)
    save_forest(forest, tmp_path / "model.skops")
    again = load_forest(tmp_path / "model.skops", n_jobs=1)
    np.testing.assert_array_equal(again.predict_proba(x), forest.predict_proba(x))
    assert importance(again).argmax() == 0


def test_a_file_with_other_types_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    skops.io.dump({"harmless": Path}, path)
    with pytest.raises(ModelError, match="Path, which no forest needs"):
        load_forest(path)


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    path.write_bytes(b"no zip")
    with pytest.raises(ModelError, match="no forest that can be read"):
        load_forest(path)
