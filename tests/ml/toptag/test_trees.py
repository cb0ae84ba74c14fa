"""Boosted trees out of row groups: the same as from memory."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.boosting import BoostedTrees
from hepml.ml.toptag.blocks import find_rows, read_block
from hepml.ml.toptag.inputs import matrix
from hepml.ml.toptag.trees import SETTINGS, fit_trees
from hepml.parts import write_part
from hepml.tables import FeatureTable
from processors.topjet_columns import COLUMNS, HIGH_LEVEL
from tests.ml.toptag.jets import jet_columns, write_jets

SHARES = {"train": (0.0, 0.7), "validation": (0.7, 1.0)}
FEATURES = [column for column in COLUMNS if column.name in HIGH_LEVEL]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    table = write_jets(tmp_path_factory.mktemp("jets"), "train_nominal", 1200, parts=3)
    return find_rows(table, SHARES)


def in_memory(rows):
    x, y, weight = [], [], []
    for block in rows.blocks:
        table = read_block(block, [*HIGH_LEVEL, "label", "weight"])
        x.append(matrix(table)[block.rows])
        y.append(table.column("label").to_numpy()[block.rows])
        weight.append(table.column("weight").to_numpy()[block.rows].astype(np.float32))
    return np.concatenate(x), np.concatenate(y), np.concatenate(weight)


def test_streamed_jets_give_the_trees_of_jets_in_memory(rows):
    model, _ = fit_trees(FEATURES, rows["train"], rows["validation"], seed=3, workers=1)
    x, y, weight = in_memory(rows["train"])
    plain = BoostedTrees(random_state=3, n_jobs=1, **SETTINGS).fit(
        x,
        y,
        weight,
        validation=in_memory(rows["validation"]),
        feature_names=[column.name for column in FEATURES],
    )
    np.testing.assert_allclose(model.score(x), plain.predict_proba(x)[:, 1], rtol=1e-6)
    assert model.estimator.rounds_ == plain.rounds_


def test_trees_learn_what_quantities_say(rows):
    model, seconds = fit_trees(FEATURES, rows["train"], rows["validation"], workers=1)
    x, y, _ = in_memory(rows["validation"])
    assert ((model.score(x) > 0.5) == y).mean() > 0.75
    assert seconds > 0


def test_an_infinite_input_is_named(tmp_path):
    columns = jet_columns(300)
    columns["hl_D2"][7] = np.inf
    write_part(tmp_path / "bad.parquet", COLUMNS, columns)
    found = find_rows(FeatureTable.open(tmp_path), SHARES)
    with pytest.raises(ModelError, match=r"bad\.parquet: the input 'hl_D2' is infinite"):
        fit_trees(FEATURES, found["train"], found["validation"], workers=1)
