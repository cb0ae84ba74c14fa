"""EasyEnsemble uses weights, and is kept as nothing but scikit-learn's types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skops.io import dump, get_untrusted_types

from hepml.errors import ModelError
from hepml.ml.ensembles import TRUSTED, EasyEnsemble, WeightedBoost, load_ensemble, save_ensemble

Rows = np.ndarray[Any, Any]


def some(rows: int = 300) -> tuple[Rows, Rows]:
    rng = np.random.default_rng(0)
    y = (rng.random(rows) < 0.3).astype(np.int64)
    return (rng.normal(size=(rows, 3)) + y[:, None]).astype(np.float32), y


def small(**options: Any) -> EasyEnsemble:
    return EasyEnsemble(2, rounds=5, depth=2, **options)


def test_rows_of_no_weight_are_not_learned() -> None:
    x, y = some()
    wrong = np.arange(len(y)) % 3 == 0
    labels = np.where(wrong, 1 - y, y)
    ignoring = small().fit(x, labels, np.where(wrong, 0.0, 1.0))
    believing = small().fit(x, labels)
    right = [(item.predict(x[~wrong]) == y[~wrong]).mean() for item in (ignoring, believing)]
    assert right[0] > 0.7
    assert right[0] > right[1]


def test_the_column_of_weights_is_never_seen_by_a_tree() -> None:
    x, y = some()
    weights = np.where(y == 1, 5.0, 1.0)  # gives the class away
    boost = WeightedBoost(5, 2).fit(np.column_stack([x, weights]), y)
    assert boost.boost_.n_features_in_ == 3
    other = boost.predict_proba(np.column_stack([x, 1e6 * weights]))
    np.testing.assert_array_equal(other, boost.predict_proba(np.column_stack([x, weights])))


def test_a_common_factor_of_weights_changes_nothing() -> None:
    x, y = some()
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    found = [small().fit(x, y, factor * weights).predict_proba(x) for factor in (1.0, 2.0**-30)]
    np.testing.assert_array_equal(*found)


def test_it_comes_back_from_its_file(tmp_path: Path) -> None:
    x, y = some()
    ensemble = small().fit(x, y)
    save_ensemble(ensemble, tmp_path / "model.skops")
    assert set(get_untrusted_types(file=tmp_path / "model.skops")) <= set(TRUSTED)
    again = load_ensemble(tmp_path / "model.skops")
    np.testing.assert_array_equal(again.predict_proba(x), ensemble.predict_proba(x))
    np.testing.assert_array_equal(again.importance(), ensemble.importance())


def test_other_types_are_not_built(tmp_path: Path) -> None:
    dump([WeightedBoost()], tmp_path / "model.skops")
    with pytest.raises(ModelError, match="WeightedBoost"):
        load_ensemble(tmp_path / "model.skops")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.skops").write_bytes(b"no zip")
    with pytest.raises(ModelError, match="no ensemble"):
        load_ensemble(tmp_path / "model.skops")
