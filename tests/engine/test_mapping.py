"""Lazy columns: read on first touch, once, and logged."""

from __future__ import annotations

import awkward as ak
import pytest
import uproot
from coffea.nanoevents import NanoEventsFactory
from coffea.nanoevents.schemas import BaseSchema
from coffea.nanoevents.util import tuple_to_key

from hepml.engine.mapping import ChunkColumns, ParsedTree
from tests.events import write_clusters


@pytest.fixture
def directory(tmp_path):
    with uproot.open(write_clusters(tmp_path / "data.root", events=40)) as opened:
        yield opened


def lay_out(directory, start=0, stop=40):
    tree = ParsedTree(directory["mini"])
    log = []
    mapping = ChunkColumns(directory, tree, start, stop, log)
    schema = BaseSchema(mapping._extract_base_form(tree.parsed))
    key = tuple_to_key(mapping.partition)
    return NanoEventsFactory(schema, mapping, key, mode="virtual").events(), mapping, log


def test_nothing_is_read_before_it_is_touched(directory):
    directory["mini"]
    before = directory.file.source.num_requests
    events, _, log = lay_out(directory)
    assert len(events) == 40
    assert directory.file.source.num_requests == before
    assert log == []


def test_a_jagged_branch_is_read_once_for_offsets_and_content(directory):
    events, _, _ = lay_out(directory)
    before = directory.file.source.num_requests
    ak.materialize(events.photon_pt)
    ak.materialize(events.photon_pt + events.photon_pt)
    assert directory.file.source.num_requests == before + 1


def test_what_was_preloaded_is_not_read_again(directory):
    events, mapping, _ = lay_out(directory)
    mapping.preload(["photon_pt", "met_et"])
    before = directory.file.source.num_requests
    ak.materialize(events.photon_pt)
    ak.materialize(events.met_et)
    assert directory.file.source.num_requests == before


def test_names_that_the_tree_lacks_are_passed_over(directory):
    _, mapping, _ = lay_out(directory)
    before = directory.file.source.num_requests
    mapping.preload(["photon_charm"])
    assert directory.file.source.num_requests == before


def test_only_touched_branches_are_logged(directory):
    events, mapping, log = lay_out(directory)
    mapping.preload(["photon_pt", "met_et"])
    ak.materialize(events.met_et)
    assert {entry.branch for entry in log} == {"met_et"}


def test_a_range_of_entries_holds_just_these(directory):
    events, _, _ = lay_out(directory, 7, 11)
    expected = directory["mini"]["photon_pt"].array(entry_start=7, entry_stop=11)
    assert events.photon_pt.tolist() == expected.tolist()


def test_a_branch_that_may_be_missing_becomes_none(directory):
    _, mapping, _ = lay_out(directory)
    handle = mapping.get_column_handle(directory["mini"], "absent", True)
    values = mapping.extract_column(handle, 0, 40, True)
    assert ak.Array(values).tolist() == [None] * 40


def test_the_layout_names_types_and_titles(directory):
    described = {name: kind for name, kind, _ in ParsedTree(directory["mini"]).describe()}
    assert described["photon_pt"] == "float[]"
    assert described["trigP"] == "bool"
