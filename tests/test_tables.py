"""Feature tables: opening, reading by name, splitting by key, finding duplicates."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hepml.errors import ParameterError, TableError
from hepml.parts import write_part
from hepml.tables import FeatureTable
from tests.toys import COLUMNS, rows, write_table

NAMES = ("run", "event", "pt", "n_jets", "mass", "weight", "label")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run directory: dataset ``a`` in two parts and an empty one, ``b`` in one."""
    parts = {"a": [range(4), range(4, 10), []], "b": [range(100, 105)]}
    write_table(tmp_path / "r1" / "features", parts)
    return tmp_path / "r1"


@pytest.fixture
def table(folder: Path) -> FeatureTable:
    """The table of that run."""
    return FeatureTable.open(folder)


# --- opening ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "count", "datasets"),
    [
        ("", 15, ("a", "b")),
        ("features", 15, ("a", "b")),
        ("features/a", 10, ("a",)),
        ("features/b/part-0.parquet", 5, ("b",)),
        ("features/a/part-2.parquet", 0, ("a",)),
    ],
)
def test_runs_folders_and_files_are_opened(
    folder: Path, where: str, count: int, datasets: tuple[str, ...]
) -> None:
    table = FeatureTable.open(folder / where)
    assert len(table) == count
    assert table.datasets == datasets
    assert table.names() == NAMES


def test_several_sources_are_one_table(folder: Path) -> None:
    parts = [folder / "features" / "a" / f"part-{index}.parquet" for index in (0, 1)]
    assert FeatureTable.open(parts).column("event").tolist() == list(range(10))


def test_a_file_moved_elsewhere_still_knows_its_dataset(folder: Path, tmp_path: Path) -> None:
    moved = (folder / "features" / "b" / "part-0.parquet").rename(tmp_path / "moved.parquet")
    assert FeatureTable.open(moved).datasets == ("b",)


def test_temporary_files_are_no_parts(folder: Path) -> None:
    (folder / "features" / "a" / ".part-9.parquet").write_bytes(b"half")
    assert len(FeatureTable.open(folder)) == 15


def test_a_file_of_another_program_is_opened(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1.5, 2.5], "name": ["u", "v"]}), tmp_path / "mine.parquet")
    table = FeatureTable.open(tmp_path / "mine.parquet")
    assert table.to_numpy().tolist() == [[1.5], [2.5]]
    assert table.names("label") == ("name",)
    assert table.datasets == ("mine",)


def test_a_missing_table_names_its_neighbours(folder: Path) -> None:
    with pytest.raises(TableError, match=r"no table at .*r1x\. Did you mean 'r1'"):
        FeatureTable.open(folder.parent / "r1x")


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="No Parquet files under"):
        FeatureTable.open(tmp_path)


def test_a_damaged_part_is_named(folder: Path) -> None:
    (folder / "features" / "a" / "part-1.parquet").write_bytes(b"not Parquet")
    with pytest.raises(TableError, match=r"part-1\.parquet is not a readable Parquet file"):
        FeatureTable.open(folder)


def test_parts_of_different_layout_are_refused(folder: Path) -> None:
    other = folder / "features" / "c" / "part-0.parquet"
    write_part(other, COLUMNS[1:], rows([1]))
    with pytest.raises(TableError, match=r"another layout.*\['run'\] are not in both"):
        FeatureTable.open(folder)


# --- reading ------------------------------------------------------------------------------------


def test_columns_are_the_declared_ones(table: FeatureTable) -> None:
    assert table.columns == COLUMNS
    assert table.names("key") == ("run", "event")
    assert table.names("feature", "observer") == ("pt", "n_jets", "mass")


def test_rows_come_in_the_order_of_the_parts(table: FeatureTable) -> None:
    assert table.column("event").tolist() == [*range(10), *range(100, 105)]


def test_features_become_a_matrix(table: FeatureTable) -> None:
    found = table.to_numpy()
    assert (found.shape, found.dtype) == ((15, 2), np.float64)
    np.testing.assert_array_equal(found[:, 0], table.column("pt"))
    np.testing.assert_array_equal(found[:, 1], table.column("n_jets"))


def test_columns_come_in_the_order_asked_for(table: FeatureTable) -> None:
    assert table.to_arrow(["mass", "run"]).column_names == ["mass", "run"]
    assert table.to_numpy(["event", "run"])[0].tolist() == [0.0, 1.0]


def test_text_is_read_as_text(table: FeatureTable) -> None:
    assert set(table.column("label")) == {"a", "b"}
    assert table.to_pandas(["label"])["label"].tolist()[9:11] == ["a", "b"]


def test_published_names_address_our_columns(table: FeatureTable) -> None:
    frame = table.to_pandas(["h_mass", "pt"])
    assert list(frame.columns) == ["h_mass", "pt"]
    np.testing.assert_array_equal(frame["h_mass"], table.column("mass"))
    assert table.column("eventNumber").tolist() == table.column("event").tolist()
    assert table.to_numpy(["lead_pt_published"]).shape == (15, 1)
    assert next(table.batches(["h_mass"])).schema.names == ["h_mass"]


def test_the_dataset_is_a_column_when_asked_for(table: FeatureTable) -> None:
    assert table.column("dataset").tolist() == ["a"] * 10 + ["b"] * 5
    assert table.to_pandas(["event", "dataset"])["dataset"].iloc[-1] == "b"
    assert "dataset" not in table.to_arrow().column_names


def test_a_stored_dataset_column_wins(tmp_path: Path) -> None:
    pq.write_table(pa.table({"dataset": ["mine"]}), tmp_path / "t.parquet")
    assert FeatureTable.open(tmp_path).column("dataset").tolist() == ["mine"]


def test_units_ride_along(table: FeatureTable) -> None:
    field = table.to_arrow(["h_mass"]).schema.field("h_mass")
    assert b'"unit": "GeV"' in field.metadata[b"hepml"]
    assert table.schema(["pt", "dataset"]).names == ["pt", "dataset"]


def test_the_table_does_not_claim_the_dataset_of_its_first_part(table: FeatureTable) -> None:
    assert b"dataset" not in (table.to_arrow().schema.metadata or {})


def test_an_unknown_column_names_near_misses(table: FeatureTable) -> None:
    with pytest.raises(TableError, match=r"no column 'n_jet'. Did you mean 'n_jets'"):
        table.to_arrow(["n_jet"])
    with pytest.raises(TableError, match=r"Did you mean 'h_mass'"):
        table.column("h_masss")


def test_an_unknown_column_is_found_before_iterating(table: FeatureTable) -> None:
    with pytest.raises(TableError, match="no column"):
        table.batches(["nope"])


def test_text_is_no_number(table: FeatureTable) -> None:
    with pytest.raises(TableError, match=r"'label' holds dictionary.*read it with to_arrow"):
        table.to_numpy(["label"])


def test_batches_have_the_asked_for_size(table: FeatureTable) -> None:
    sizes = [batch.num_rows for batch in table.batches(["pt"], batch_size=3)]
    assert max(sizes) == 3
    assert sum(sizes) == 15


def test_batches_and_whole_tables_agree(table: FeatureTable) -> None:
    joined = pa.Table.from_batches(table.batches(batch_size=2), schema=table.schema())
    assert joined.unify_dictionaries().to_pylist() == table.to_arrow().to_pylist()


def test_an_empty_table_is_read(folder: Path) -> None:
    table = FeatureTable.open(folder / "features" / "a" / "part-2.parquet")
    assert len(table) == 0
    assert table.to_numpy().shape == (0, 2)
    assert table.column("label").tolist() == []
    assert table.to_pandas().empty
    assert table.to_arrow(["dataset"]).num_rows == 0
    assert {name: len(view) for name, view in table.split().items()} == {
        "train": 0,
        "validation": 0,
        "test": 0,
    }
    assert table.duplicates() == {}


def test_memory_is_that_of_a_batch(tmp_path: Path) -> None:
    size = 40_000
    pieces = [np.arange(part * size, (part + 1) * size) for part in range(8)]
    table = FeatureTable.open(write_table(tmp_path, {"a": pieces}))
    limits = []
    for parts in (table.parts[:1], table.parts):
        tracemalloc.start()
        before = pa.total_allocated_bytes()
        peak = 0
        for batch in FeatureTable(parts).split()["train"].batches(["mass"], batch_size=5_000):
            peak = max(peak, pa.total_allocated_bytes() - before)
            del batch
        limits.append(peak + tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert limits[1] < 1.5 * limits[0]


# --- datasets and splits ------------------------------------------------------------------------


def test_datasets_can_be_picked(table: FeatureTable) -> None:
    assert table.of("b").column("event").tolist() == list(range(100, 105))
    assert len(table.of("a", "b")) == 15
    with pytest.raises(TableError, match=r"no dataset 'A'. Did you mean 'a'"):
        table.of("A")


@pytest.fixture
def many(tmp_path: Path) -> FeatureTable:
    """20,000 events in two parts."""
    pieces = [np.arange(15_000), np.arange(15_000, 20_000)]
    return FeatureTable.open(write_table(tmp_path / "many", {"a": pieces}))


def events(table: FeatureTable) -> set[int]:
    found = table.column("event").tolist()
    assert len(found) == len(set(found)) == len(table)
    return set(found)


def test_a_split_is_disjoint_and_exhaustive(many: FeatureTable) -> None:
    found = [events(view) for view in many.split().values()]
    assert sum(map(len, found)) == 20_000
    assert set.union(*found) == set(range(20_000))


def test_fractions_are_met_within_their_statistical_error(many: FeatureTable) -> None:
    fractions = {"train": 0.5, "validation": 0.1, "test": 0.3}
    for name, view in many.split(fractions).items():
        share = fractions[name]
        # 4 sigma of a binomial number
        assert abs(len(view) - 20_000 * share) < 4 * np.sqrt(20_000 * share * (1 - share))


def test_a_split_depends_on_neither_order_nor_chunks(many: FeatureTable, tmp_path: Path) -> None:
    order = np.random.default_rng(3).permutation(20_000)
    pieces = np.array_split(order, 7)
    shuffled = FeatureTable.open(write_table(tmp_path / "shuffled", {"a": pieces}))
    for name, view in shuffled.split(seed=5).items():
        assert events(view) == events(many.split(seed=5)[name])


def test_another_seed_splits_independently(many: FeatureTable) -> None:
    shares = {"half": 0.5, "rest": 0.5}
    one, two = (events(many.split(shares, seed=seed)["half"]) for seed in (0, 1))
    # 20,000 events, a quarter in both: 4 sigma
    assert abs(len(one & two) - 5_000) < 4 * np.sqrt(20_000 * 0.25 * 0.75)


def test_columns_of_a_view_need_not_include_the_keys(many: FeatureTable) -> None:
    view = many.split()["test"]
    assert view.to_arrow(["pt"]).column_names == ["pt"]
    assert len(view.to_arrow(["h_mass", "dataset"])) == len(view)


def test_datasets_of_a_view_stay_in_the_view(many: FeatureTable) -> None:
    view = many.split()["test"]
    assert events(view.of("a")) == events(view)


def test_a_view_is_not_split_again(table: FeatureTable) -> None:
    with pytest.raises(TableError, match="split the whole table"):
        table.split()["train"].split()


def test_a_split_by_part_of_the_key_keeps_groups_together(folder: Path) -> None:
    # events come in one run, so one view has them all
    sizes = [len(view) for view in FeatureTable.open(folder).split(by=["run"]).values()]
    assert sorted(sizes) == [0, 0, 15]


def test_a_split_by_the_whole_key_is_the_default(many: FeatureTable) -> None:
    views = many.split(by=["run", "event"])
    assert {name: events(view) for name, view in views.items()} == {
        name: events(view) for name, view in many.split().items()
    }


def test_a_group_stays_a_group_in_the_datasets_of_a_view(folder: Path) -> None:
    views = FeatureTable.open(folder).split(by=["run"])
    assert sorted(len(view.of("b")) for view in views.values()) == [0, 0, 5]


@pytest.mark.parametrize("by", [["pt"], ["run", "label"], []])
def test_a_split_goes_by_keys_only(table: FeatureTable, by: list[str]) -> None:
    with pytest.raises(ParameterError, match=r"key columns \(run, event\)"):
        table.split(by=by)


def test_a_table_without_keys_is_not_split(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1.0]}), tmp_path / "t.parquet")
    table = FeatureTable.open(tmp_path)
    with pytest.raises(TableError, match="no key column"):
        table.split()
    assert table.duplicates() == {}


def test_duplicates_are_counted_inside_a_dataset_and_across_its_parts(tmp_path: Path) -> None:
    parts = {"a": [[1, 2, 3], [3, 4, 3]], "b": [[1, 2]], "c": [[7], [7]]}
    table = FeatureTable.open(write_table(tmp_path, parts))
    assert table.duplicates() == {"a": 2, "c": 1}


# --- in a notebook ------------------------------------------------------------------------------


def test_the_text_says_what_is_in_it(table: FeatureTable) -> None:
    assert repr(table) == "<FeatureTable: 15 rows, 7 columns, 4 parts, datasets a, b>"


def test_a_notebook_shows_columns_with_units(table: FeatureTable) -> None:
    html = table._repr_html_()
    assert "15 rows" in html
    assert "<td>mass</td><td>float64</td><td>GeV</td><td>observer</td>" in html


def test_names_are_escaped_in_a_notebook(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a<b": [1.0]}), tmp_path / "t.parquet")
    assert "<td>a&lt;b</td>" in FeatureTable.open(tmp_path)._repr_html_()
