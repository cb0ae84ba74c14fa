"""Which jets belong to which share."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError, TableError
from hepml.ml.toptag.blocks import fewer, find_rows, need_columns, read_block
from hepml.parts import write_part
from hepml.tables import FeatureTable
from processors.topjet_columns import COLUMNS
from tests.ml.toptag.jets import jet_columns, write_jets

SHARES = {"train": (0.0, 0.7), "validation": (0.7, 1.0)}


def rows_of(found):
    parts = []
    for block in found.blocks:
        row = read_block(block, ["row"]).column("row").to_numpy()
        parts.append(row if block.rows is None else row[block.rows])
    return np.concatenate(parts)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_jets(tmp_path_factory.mktemp("jets"), "train_nominal", 600, parts=3)


def test_shares_are_those_of_the_split_of_the_table(table):
    found = find_rows(table, SHARES, seed=5)
    views = table.split({"train": 0.7, "validation": 0.3}, seed=5)
    for name, view in views.items():
        assert np.array_equal(np.sort(rows_of(found[name])), np.sort(view.column("row")))


def test_sums_of_labels_and_weights_are_exact(table):
    found = find_rows(table, SHARES)
    assert sum(item.tops for item in found.values()) == 300
    total = sum(item.sum_weights for item in found.values())
    assert total == pytest.approx(table.column("weight").sum())


def test_all_jets_need_no_choice_of_rows(table):
    found = find_rows(table, {"all": (0.0, 1.0)})["all"]
    assert len(found) == 600
    assert all(block.rows is None for block in found.blocks)


def test_fewer_jets_are_counted_exactly(table):
    found = fewer(find_rows(table, SHARES)["train"], 250, seed=1)
    assert len(found) == 250
    row = rows_of(found)
    assert len(np.unique(row)) == 250
    assert found.tops == int((row % 2).sum())


def test_jets_of_one_class_teach_nothing(table, tmp_path):
    columns = jet_columns(10) | {"label": np.ones(10, np.int8)}
    write_part(tmp_path / "a.parquet", COLUMNS, columns)
    found = find_rows(FeatureTable.open(tmp_path), {"all": (0.0, 1.0)})["all"]
    with pytest.raises(ModelError, match="all top quarks"):
        found.need_both("training")


def test_a_weight_that_is_no_number_is_named_with_its_file(tmp_path):
    columns = jet_columns(10)
    columns["weight"][3] = np.nan
    write_part(tmp_path / "bad.parquet", COLUMNS, columns)
    with pytest.raises(TableError, match=r"bad\.parquet.*not negative; 1 of a"):
        find_rows(FeatureTable.open(tmp_path), SHARES)


def test_a_label_that_is_neither_is_named(tmp_path):
    columns = jet_columns(10)
    columns["label"][3] = 7
    write_part(tmp_path / "bad.parquet", COLUMNS, columns)
    with pytest.raises(TableError, match="not 7"):
        find_rows(FeatureTable.open(tmp_path), SHARES)


def test_a_table_without_constituents_says_how_to_get_them(tmp_path):
    flat = tuple(column for column in COLUMNS if not column.is_list)
    table = write_jets(tmp_path, "train_nominal", 10, columns=flat)
    with pytest.raises(TableError, match="high_level"):
        need_columns(table, ["constit_pt"])


def test_a_damaged_file_is_named(tmp_path):
    table = write_jets(tmp_path, "train_nominal", 10)
    block = find_rows(table, {"all": (0.0, 1.0)})["all"].blocks[0]
    block.part.write_bytes(block.part.read_bytes()[:300])
    with pytest.raises(TableError, match="cannot be read"):
        read_block(block, ["row"])
