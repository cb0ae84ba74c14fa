"""Columns of lists: laid out, written, read back, and kept away from what wants one number."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hepml.columns import Column, feature, key
from hepml.errors import ParameterError, TableError
from hepml.lists import arrow_lists, as_lists, is_list, item_dtype, list_dtype, list_type
from hepml.ml import choose_features
from hepml.tables import FeatureTable, write_part

COLUMNS = (key("row"), feature("size"), feature("pt", "GeV", "list[float32]"))
LISTS = [[3.0, 1.0], [], [0.5]]


def write(path: Path, lists: list[list[float]] = LISTS, start: int = 0) -> Path:
    rows = {
        "row": np.arange(start, start + len(lists)),
        "size": np.array([len(item) for item in lists], np.float32),
        "pt": ak.Array(ak.Array([*lists, [1.0]])[: len(lists)]),
    }
    write_part(path, COLUMNS, rows)
    return path


def test_the_dtype_names_the_items() -> None:
    assert item_dtype("list[float32]") == "float32"
    assert item_dtype("float32") == ""
    assert list_dtype("int8") == "list[int8]"
    assert COLUMNS[2].is_list
    assert not Column("string", "string").is_list


def test_a_slice_of_lists_becomes_one_run_of_items() -> None:
    laid = as_lists(ak.Array([[9], [1, 2], [], [3]])[1:], "list[float32]").layout
    assert laid.offsets.data.tolist() == [0, 2, 2, 3]
    assert laid.content.data.tolist() == [1, 2, 3]
    assert laid.content.data.dtype == np.float32


def test_lists_of_one_length_are_lists_too() -> None:
    assert arrow_lists(np.ones((2, 3)), "list[int8]").to_pylist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize("values", [[1.0, 2.0], [[[1.0]]], [[1.0], None], [[1.0, None]]])
def test_what_is_no_list_of_numbers_is_refused(values: list[object]) -> None:
    with pytest.raises(ValueError, match="not one list of numbers a row"):
        as_lists(ak.Array(values), "list[float32]")


def test_an_empty_part_has_the_same_schema(tmp_path: Path) -> None:
    full, empty = write(tmp_path / "a.parquet"), write(tmp_path / "b.parquet", [])
    assert pq.read_schema(full).equals(pq.read_schema(empty))
    assert pq.read_schema(full).field("pt").type == list_type("list[float32]")


def test_lists_come_back_as_they_were(tmp_path: Path) -> None:
    write(tmp_path / "x" / "a.parquet")
    write(tmp_path / "x" / "b.parquet", [[7.0]], start=3)
    table = FeatureTable.open(tmp_path)
    assert table.to_arrow(["pt"]).column(0).to_pylist() == [*LISTS, [7.0]]
    batches = [batch.column(0).to_pylist() for batch in table.batches(["pt"], batch_size=2)]
    assert batches == [LISTS[:2], LISTS[2:], [[7.0]]]
    assert [c.dtype for c in table.columns] == ["int64", "float32", "list[float32]"]
    parts = table.split({"a": 0.5, "b": 0.5}).values()
    found = [item for part in parts for item in part.to_arrow(["pt"]).column(0).to_pylist()]
    assert sorted(found) == sorted([*LISTS, [7.0]])


def test_lists_are_not_read_as_numbers(tmp_path: Path) -> None:
    table = FeatureTable.open(write(tmp_path / "a.parquet"))
    assert table.to_numpy().tolist() == [[2.0], [0.0], [1.0]]
    for read in (lambda: table.to_numpy(["pt"]), lambda: table.column("pt")):
        with pytest.raises(TableError, match=r"'pt' holds a list in each row.*to_arrow"):
            read()


def test_models_of_numbers_are_not_offered_lists(tmp_path: Path) -> None:
    table = FeatureTable.open(write(tmp_path / "a.parquet"))
    assert choose_features(table) == ("size",)
    with pytest.raises(ParameterError, match="'pt' holds a list in each row"):
        choose_features(table, ["pt"])


def test_lists_of_a_foreign_file_are_known(tmp_path: Path) -> None:
    pq.write_table(pa.table({"pt": pa.array([[1.0]])}), tmp_path / "a.parquet")
    (column,) = FeatureTable.open(tmp_path / "a.parquet").columns
    assert (column.dtype, column.role) == ("list[float64]", "feature")
    assert is_list(pa.large_list(pa.int8()))
