"""Parts are written whole or not at all, with one schema whatever they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hepml.errors import TableError
from hepml.parts import arrow_schema, declared_columns, find_parts, to_numpy, write_part
from tests.toys import COLUMNS, rows


def test_an_empty_part_has_the_schema_of_a_full_one(tmp_path: Path) -> None:
    for name, events in (("empty", []), ("full", [1, 2, 3])):
        write_part(tmp_path / f"{name}.parquet", COLUMNS, rows(events))
    empty, full = (pq.read_schema(tmp_path / f"{n}.parquet") for n in ("empty", "full"))
    assert empty.equals(full, check_metadata=True)
    assert pq.read_metadata(tmp_path / "empty.parquet").num_rows == 0


def test_types_are_the_declared_ones_and_text_is_dictionary_encoded() -> None:
    schema = arrow_schema(COLUMNS)
    assert schema.field("pt").type == pa.float32()
    assert schema.field("n_jets").type == pa.int32()
    assert schema.field("label").type == pa.dictionary(pa.int32(), pa.string())


def test_declarations_survive_the_file(tmp_path: Path) -> None:
    write_part(tmp_path / "part.parquet", COLUMNS, rows([1]))
    assert declared_columns(pq.read_schema(tmp_path / "part.parquet")) == COLUMNS


def test_provenance_is_stored(tmp_path: Path) -> None:
    write_part(tmp_path / "part.parquet", COLUMNS, rows([1]), {"fingerprint": "abc"})
    assert pq.read_schema(tmp_path / "part.parquet").metadata[b"fingerprint"] == b"abc"


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_part(tmp_path / f"{name}.parquet", COLUMNS, rows(range(1000)))
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_numbers_that_are_not_finite_are_kept(tmp_path: Path) -> None:
    content = rows([1, 2]) | {"pt": np.array([np.nan, np.inf], np.float32)}
    write_part(tmp_path / "part.parquet", COLUMNS, content)
    found = pq.read_table(tmp_path / "part.parquet")["pt"]
    assert found.null_count == 0
    np.testing.assert_array_equal(to_numpy(found), content["pt"])


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(table: pa.Table, handle: BinaryIO, **options: object) -> None:
        handle.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("hepml.parts.pq.write_table", fail)
    with pytest.raises(OSError, match="disk full"):
        write_part(tmp_path / "part.parquet", COLUMNS, rows([1]))
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_part_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / "part.parquet"
    write_part(part, COLUMNS, rows([1]))
    before = part.read_bytes()
    monkeypatch.setattr("hepml.parts.pq.write_table", lambda *args, **options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_part(part, COLUMNS, rows([2]))
    assert part.read_bytes() == before


def test_columns_of_other_programs_get_a_role() -> None:
    schema = pa.schema(
        {
            "x": pa.float64(),
            "n": pa.int16(),
            "good": pa.bool_(),
            "name": pa.large_string(),
            "when": pa.timestamp("ns"),
            "list": pa.list_(pa.float32()),
        }
    )
    found = {column.name: (column.dtype, column.role) for column in declared_columns(schema)}
    assert found == {
        "x": ("float64", "feature"),
        "n": ("int16", "feature"),
        "good": ("bool", "feature"),
        "name": ("string", "label"),
        "when": ("datetime64[ns]", "feature"),
        "list": ("list[float32]", "feature"),
    }


@pytest.mark.parametrize("kind", [pa.float32(), pa.dictionary(pa.int32(), pa.string())])
def test_a_column_without_chunks_becomes_an_empty_array(kind: pa.DataType) -> None:
    assert len(to_numpy(pa.chunked_array([], type=kind))) == 0


def test_parts_that_the_report_does_not_count_are_passed_over(tmp_path: Path) -> None:
    features = tmp_path / "features"
    for name in ("one", "late"):
        write_part(features / "data" / f"{name}.parquet", COLUMNS, rows([1]))
    (tmp_path / "plan.json").write_text("{}")
    lost = [{"dataset": "data", "chunk": "late"}, {"dataset": "data", "entries": None}]
    (tmp_path / "report.json").write_text(json.dumps({"failed": lost}))
    for source in (tmp_path, features):
        assert find_parts([source])[0] == [features / "data" / "one.parquet"]


def test_a_run_without_a_report_has_no_table(tmp_path: Path) -> None:
    write_part(tmp_path / "features" / "data" / "one.parquet", COLUMNS, rows([1]))
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(TableError, match="stopped before its end"):
        find_parts([tmp_path])
