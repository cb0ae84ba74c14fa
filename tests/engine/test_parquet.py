"""Imported Parquet files: identity, rows, and only those bytes that are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from coffea.nanoevents import NanoEventsFactory

from hepml.engine import parquet
from hepml.engine.parquet import open_parquet
from hepml.errors import BranchError, FileAccessError
from tests.engine.hits import Hits, jagged, write_hits


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_hits(
        tmp_path / "x.parquet", good=np.arange(40) % 3 == 0, text=pa.array(["a"] * 40)
    )


def read(path: object, start: int, stop: int, columns: Any = None) -> tuple[ak.Array, list[Any]]:
    """Everything of a range of rows, materialised, in the way the engine reads."""
    with open_parquet(str(path)) as file:
        events, log = file.events(
            schema=Hits, metadata={"dataset": "x"}, start=start, stop=stop, columns=columns
        )
        return ak.materialize(events), log


@pytest.mark.parametrize("columns", [None, ["hit_pt", "no_such_column"]])
@pytest.mark.parametrize(("start", "stop"), [(0, 40), (7, 23), (10, 20), (39, 40), (5, 5)])
def test_rows_are_those_of_the_file(path: Path, start: int, stop: int, columns: Any) -> None:
    found, _ = read(path, start, stop, columns)
    table = pq.read_table(path).slice(start, stop - start)
    for collection, name in (("hit", "pt"), ("hit", "plane"), ("cell", "e")):
        expected = table[f"{collection}_{name}"].to_pylist()
        assert found[collection][name].to_list() == expected
    for name in ("event", "factor", "good"):
        assert found[name].to_list() == table[name].to_pylist()


def test_events_equal_coffeas(tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet")
    found, _ = read(path, 3, 17)
    expected = NanoEventsFactory.from_parquet(
        str(path), schemaclass=Hits, mode="virtual", entry_start=3, entry_stop=17
    ).events()
    assert found.fields == expected.fields
    for name in found.fields:
        assert found[name].type == expected[name].type
        assert ak.array_equal(found[name], ak.materialize(expected[name]))


def test_an_unknown_coffea_is_used_in_its_own_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_hits(tmp_path / "x.parquet")
    expected, _ = read(path, 3, 17)
    monkeypatch.setattr(parquet, "coffea_fits", lambda: False)
    found, _ = read(path, 3, 17)
    assert ak.array_equal(found, expected, check_parameters=False)


def test_rows_beyond_the_file_are_left_out(path: Path) -> None:
    assert len(read(path, 35, 99)[0]) == 5
    assert len(read(path, 90, 99)[0]) == 0


def test_the_metadata_hold_the_notes_of_the_import(path: Path) -> None:
    metadata = read(path, 0, 4)[0].metadata
    assert metadata["dataset"] == "x"
    assert metadata["notes"]["uuid"] == "file-1"


def test_a_list_column_is_decoded_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    plain = parquet.ParquetFile.read

    def count(self: Any, names: Any, start: int, stop: int) -> Any:
        asked.append(list(names))
        return plain(self, names, start, stop)

    monkeypatch.setattr(parquet.ParquetFile, "read", count)
    with open_parquet(str(path)) as file:
        events, log = file.events(
            schema=Hits, metadata={}, start=0, stop=10, columns=["event", "hit_pt"]
        )
        for _ in range(2):
            for array in (events.hit.pt, events.hit.x, events.event):
                ak.materialize(array)
    assert asked == [["event", "hit_pt"], ["hit_x"]]
    assert {entry.branch for entry in log} == {"event", "hit_pt", "hit_x"}


class Counter:
    """A file that remembers which ranges of bytes were read."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")
        self.spans: list[tuple[int, int]] = []

    def read(self, size: int = -1) -> bytes:
        begin = self.file.tell()
        content = self.file.read(size)
        self.spans.append((begin, begin + len(content)))
        return content

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def test_list_lengths_are_taken_from_the_smallest_column(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    plain = parquet.ParquetFile.read

    def count(self: Any, names: Any, start: int, stop: int) -> Any:
        asked.extend(names)
        return plain(self, names, start, stop)

    monkeypatch.setattr(parquet.ParquetFile, "read", count)
    with open_parquet(str(path)) as file:
        events, _ = file.events(schema=Hits, metadata={}, start=0, stop=10)
        counts = ak.num(events.hit, axis=1).to_list()
    assert asked == ["hit_plane"]
    assert counts == [len(hits) for hits in pq.read_table(path)["hit_pt"].to_pylist()[:10]]


def test_only_the_touched_columns_of_the_wanted_row_groups_are_read(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    counts = np.full(4000, 20)
    big = {
        f"hit_{name}": jagged(rng.normal(size=80_000).astype(np.float32), counts)
        for name in ("pt", "x", "y")
    }
    path = write_hits(tmp_path / "x.parquet", events=4000, group=1000, hit_plane=None, **big)
    metadata = pq.read_metadata(path)
    names = [metadata.row_group(0).column(n).path_in_schema.split(".")[0] for n in range(7)]
    wanted = metadata.row_group(2).column(names.index("hit_x"))
    begin = wanted.dictionary_page_offset or wanted.data_page_offset
    counter = Counter(path)
    file = parquet.ParquetFile(str(path), counter, pq.ParquetFile(pa.PythonFile(counter, "r")))
    counter.spans.clear()
    with file:
        events, _ = file.events(schema=Hits, metadata={}, start=2100, stop=2900, columns=["hit_x"])
        assert len(ak.materialize(events.hit.x)) == 800
    size = wanted.total_compressed_size
    read_bytes = sum(stop - start for start, stop in counter.spans)
    assert size <= read_bytes < 1.02 * size
    assert any(start <= begin < stop for start, stop in counter.spans)


def test_lists_of_one_collection_that_differ_in_length_are_refused(tmp_path: Path) -> None:
    counts = np.random.default_rng(1).integers(0, 6, 40)
    odd = jagged(np.zeros(counts.sum() + 1, np.float32), counts + (np.arange(40) == 35))
    path = write_hits(tmp_path / "x.parquet", hit_x=odd)
    assert len(read(path, 0, 30)[0]) == 30
    with pytest.raises(BranchError, match="'hit_pt' and 'hit_x' differ in length in rows 30 to 40"):
        read(path, 30, 40, ["hit_pt", "hit_x"])


@pytest.mark.parametrize(
    "values",
    [pa.array([1.0, None] * 20), pa.array([[1.0], None] * 20), pa.array([[None, 1.0]] * 40)],
)
def test_missing_values_are_refused(tmp_path: Path, values: pa.Array) -> None:
    path = write_hits(tmp_path / "x.parquet", odd=values)
    with pytest.raises(BranchError, match="of the column 'odd' are missing"):
        read(path, 0, 10)


def test_columns_of_text_are_passed_over(path: Path) -> None:
    with open_parquet(str(path)) as file:
        names = file.keys()
        assert "text" not in names
        assert file.typenames()["text"] == "string"


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({}, "without identity.*hepml import CHANNEL"),
        ({"hepml": '{"kind": "data"}'}, "without identity"),
        ({"hepml": "[]"}, "without identity"),
        ({"hepml": "{"}, "damaged notes"),
        ({"hepml": '{"uuid": "x", "kind": "both"}'}, "says that it is 'both'"),
    ],
)
def test_a_file_that_no_import_wrote_is_refused(
    path: Path, metadata: dict[str, str], said: str
) -> None:
    pq.write_table(pq.read_table(path).replace_schema_metadata(metadata), path)
    with pytest.raises(FileAccessError, match=said):
        open_parquet(str(path))


def test_row_groups_are_where_a_file_is_cut(path: Path, tmp_path: Path) -> None:
    with open_parquet(str(path)) as file:
        assert (file.edges, file.num_entries) == ([0, 10, 20, 30, 40], 40)
    with open_parquet(str(write_hits(tmp_path / "none.parquet", events=0))) as file:
        assert (file.edges, file.num_entries) == ([0], 0)


def test_other_file_systems_are_read_through_fsspec(path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/x.parquet", path.read_bytes())
    found, _ = read("memory://x.parquet", 7, 23)
    assert ak.array_equal(found, read(path, 7, 23)[0])
    memory.rm("/x.parquet")
