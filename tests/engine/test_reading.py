"""Events as coffea lays them out, read faster and with a memory of what was needed."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
import uproot
from coffea.nanoevents import NanoEventsFactory
from coffea.nanoevents.schemas import BaseSchema

from hepml.engine import reading
from hepml.engine.localfile import LocalSource
from hepml.engine.reading import (
    cluster_edges,
    events_from_root,
    learn_columns,
    learned_columns,
    open_root,
)
from hepml.schemas import AtlasOpenData, NanoAOD
from tests.events import shared_file, write_clusters


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch):
    """Each test starts as a new process would."""
    for name in ("_TREES", "_SCHEMAS", "_LEARNED"):
        monkeypatch.setattr(reading, name, type(getattr(reading, name))())


@pytest.fixture
def path(tmp_path):
    return write_clusters(tmp_path / "data.root", clusters=4, events=40)


def read(path, tree="mini", *, schema=AtlasOpenData, start=0, stop=40, columns=None, **metadata):
    """Everything of a range of entries, materialised, in the way the engine reads."""
    with open_root(str(path)) as directory:
        events, log = events_from_root(
            directory,
            tree,
            schema=schema,
            metadata=metadata,
            start=start,
            stop=stop,
            columns=columns,
        )
        return ak.materialize(events), log


def read_by_coffea(path, tree="mini", *, schema=AtlasOpenData, start=0, stop=40, **metadata):
    factory = NanoEventsFactory.from_root(
        {str(path): tree},
        schemaclass=schema,
        entry_start=start,
        entry_stop=stop,
        metadata=metadata,
        mode="virtual",
    )
    return ak.materialize(factory.events())


def assert_same_events(found, expected):
    assert found.fields == expected.fields
    assert found.metadata == expected.metadata
    for name in expected.fields:
        assert found[name].type == expected[name].type, name
        assert ak.array_equal(found[name], expected[name], equal_nan=True), name


@pytest.mark.parametrize("columns", [None, ["photon_pt", "trigP", "no_such_branch"]])
@pytest.mark.parametrize(("start", "stop"), [(0, 40), (7, 23), (5, 5)])
def test_events_equal_coffeas(path, start, stop, columns):
    found, _ = read(path, start=start, stop=stop, columns=columns, dataset="x")
    assert_same_events(found, read_by_coffea(path, start=start, stop=stop, dataset="x"))


@pytest.mark.shared
@pytest.mark.parametrize("columns", [None, ("photon_n", "photon_pt", "no_such_branch")])
def test_an_unknown_coffea_is_used_in_its_own_way(path, monkeypatch, columns):
    expected, _ = read(path, columns=columns)
    monkeypatch.setattr(reading, "coffea_fits", lambda: False)
    events, _ = read(path, columns=columns)
    assert ak.array_equal(events, expected, check_parameters=False)


def test_todays_coffea_fits():
    assert reading.coffea_fits()


def test_events_of_real_vectors_equal_coffeas():
    path = shared_file("hgg", "data_A.GamGam.root")
    found, _ = read(path, start=1000, stop=4000, columns=["photon_pt"])
    assert_same_events(found, read_by_coffea(path, start=1000, stop=4000))


@pytest.mark.shared
def test_events_of_a_real_nanoaod_equal_coffeas():
    path = shared_file("cms", "DoubleMuParked2012_100k.root")
    with open_root(str(path)) as directory:
        found, _ = events_from_root(
            directory, "Events", schema=NanoAOD, metadata={}, start=90, stop=60_000
        )
        found = ak.materialize(found)
    expected = read_by_coffea(path, "Events", schema=NanoAOD, start=90, stop=60_000)
    assert_same_events(found, expected)


def test_entries_beyond_the_tree_are_left_out(path):
    assert len(read(path, start=35, stop=99)[0]) == 5
    assert len(read(path, start=90, stop=99)[0]) == 0


def test_the_metadata_belong_to_the_chunk(path):
    assert read(path, entrystart=0)[0].metadata == {"entrystart": 0}
    assert read(path, entrystart=20)[0].metadata == {"entrystart": 20}


def test_a_field_outside_the_preloaded_ones_is_read_on_touch(path):
    with open_root(str(path)) as directory:
        events, log = events_from_root(
            directory,
            "mini",
            schema=BaseSchema,
            metadata={},
            start=0,
            stop=40,
            columns=frozenset({"photon_pt"}),
        )
        assert events.met_et.tolist() == directory["mini/met_et"].array().tolist()
    assert {entry.branch for entry in log} == {"met_et"}


def test_learned_columns_are_those_touched_by_any_chunk(path):
    _, log = read(path, schema=BaseSchema)
    key = ("diphoton", "data")
    assert learned_columns(key) is None
    learn_columns(key, [entry for entry in log if entry.branch == "met_et"])
    learn_columns(key, [entry for entry in log if entry.branch == "photon_pt"])
    assert learned_columns(key) == {"met_et", "photon_pt"}


def test_a_tree_is_parsed_once_for_all_its_chunks(path, monkeypatch):
    parsed = []
    plain = reading.ParsedTree

    def count(tree):
        parsed.append(tree)
        return plain(tree)

    monkeypatch.setattr(reading, "ParsedTree", count)
    for start in range(0, 40, 10):
        found, _ = read(path, start=start, stop=start + 10)
        assert_same_events(found, read_by_coffea(path, start=start, stop=start + 10))
    assert len(parsed) == 1


def test_another_file_under_the_same_name_is_not_mistaken_for_the_first(path):
    first, _ = read(path)
    write_clusters(path, clusters=2, events=40, seed=7)
    second, _ = read(path)
    assert_same_events(second, read_by_coffea(path))
    assert not ak.array_equal(first.photon.pt, second.photon.pt)


def test_only_a_few_trees_are_kept(tmp_path):
    for index in range(reading._TREES_KEPT + 2):
        read(write_clusters(tmp_path / f"{index}.root", events=4), stop=4)
    assert len(reading._TREES) == reading._TREES_KEPT


def test_an_rntuple_can_be_read(tmp_path):
    path = tmp_path / "ntuple.root"
    with uproot.recreate(path) as file:
        file.mkrntuple("Events", {"x": np.arange(6.0), "y": np.arange(6)})
    with open_root(str(path)) as directory:
        assert cluster_edges(directory["Events"]) == [0, 6]
        events, log = events_from_root(
            directory,
            "Events",
            schema=BaseSchema,
            metadata={"a": 1},
            start=2,
            stop=5,
            columns=["x", "absent"],
        )
        assert events.x.tolist() == [2.0, 3.0, 4.0]
        assert events.metadata == {"a": 1}
    assert {entry.branch for entry in log} == {"x"}


def test_a_missing_tree_is_a_key_error(path):
    with pytest.raises(KeyError, match="absent"):
        read(path, "absent")


def test_clusters_are_where_all_baskets_begin(path):
    with open_root(str(path)) as directory:
        assert cluster_edges(directory["mini"]) == [0, 10, 20, 30, 40]


def test_an_empty_tree_has_one_edge(tmp_path):
    with uproot.recreate(tmp_path / "empty.root") as file:
        file.mktree("t", {"x": "float64"})
    with open_root(str(tmp_path / "empty.root")) as directory:
        assert cluster_edges(directory["t"]) == [0]


def test_local_files_are_read_by_our_own_source(path):
    with open_root(str(path)) as directory:
        assert isinstance(directory.file.source, LocalSource)


def test_a_path_with_a_colon_is_a_path(tmp_path):
    path = write_clusters(tmp_path / "run:7.root", events=4)
    with open_root(str(path)) as directory:
        assert directory["mini"].num_entries == 4


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_root(str(tmp_path / "absent.root"))
