"""Columns straight from baskets equal uproot's own, and damage is reported with its place."""

from __future__ import annotations

import zlib

import awkward as ak
import numpy as np
import pytest
import uproot

from hepml.engine import baskets, liblzma, unpack
from hepml.engine.baskets import plan_column, read_columns
from hepml.errors import FileAccessError
from tests.events import shared_file, write_clusters

SAMPLES = (
    "data_A.GamGam.root",
    "mc_341081.ttH125_gamgam.GamGam.root",
    "mc_343981.ggH125_gamgam.GamGam.root",
)


def assert_same_as_uproot(tree, names, start, stop):
    found = read_columns(tree, names, start, stop)
    for name in names:
        expected = tree[name].array(entry_start=start, entry_stop=stop)
        assert found[name].type == expected.type, name
        assert ak.array_equal(found[name], expected, equal_nan=True), name


@pytest.fixture
def tree(tmp_path):
    with uproot.open(write_clusters(tmp_path / "data.root", clusters=4, events=40)) as directory:
        yield directory["mini"]


@pytest.mark.parametrize(("start", "stop"), [(0, 40), (3, 38), (10, 20), (9, 11), (5, 5), (39, 40)])
def test_every_column_equals_uproots(tree, start, stop):
    assert_same_as_uproot(tree, tree.keys(), start, stop)


@pytest.mark.shared
@pytest.mark.parametrize("sample", SAMPLES)
def test_vectors_written_by_root_equal_uproots(sample):
    with uproot.open(shared_file("hgg", sample)) as directory:
        tree = directory["mini"]
        assert_same_as_uproot(tree, tree.keys(), 0, tree.num_entries)
        assert_same_as_uproot(tree, tree.keys(), 1226, 2455)


@pytest.mark.shared
def test_vectors_are_decoded_here_and_not_left_to_uproot():
    with uproot.open(shared_file("hgg", SAMPLES[0])) as directory:
        tree = directory["mini"]
        assert all(plan_column(tree[name], name, 0, 9) for name in tree.keys())  # noqa: SIM118


@pytest.mark.parametrize(
    "compression",
    [None, uproot.ZLIB(4), uproot.LZ4(4), uproot.ZSTD(3), uproot.LZMA(4)],
    ids=["none", "zlib", "lz4", "zstd", "lzma"],
)
def test_any_compression_can_be_read(tmp_path, compression):
    lists = ak.unflatten(np.arange(5000, dtype=np.float32), np.tile([0, 1, 4], 1000))
    with uproot.recreate(tmp_path / "a.root", compression=compression) as file:
        file.mktree("t", {"x": "var * float32", "y": "int64"}).extend(
            {"x": lists, "y": np.arange(3000)}
        )
    with uproot.open(tmp_path / "a.root") as directory:
        assert_same_as_uproot(directory["t"], ["x", "y"], 0, 3000)


def test_without_isal_the_answer_is_the_same(tree, monkeypatch):
    monkeypatch.setattr(unpack, "_zlib", zlib)
    assert_same_as_uproot(tree, ["photon_pt", "trigP"], 0, 40)


def test_without_a_new_liblzma_the_answer_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(liblzma, "_newest", lambda: None)
    with uproot.recreate(tmp_path / "a.root", compression=uproot.LZMA(4)) as file:
        file.mktree("t", {"x": "int64"}).extend({"x": np.arange(3000)})
    with uproot.open(tmp_path / "a.root") as directory:
        assert_same_as_uproot(directory["t"], ["x"], 0, 3000)


@pytest.fixture
def muons(tmp_path):
    """Lists with a counter, in three baskets of 5 entries."""
    lists = ak.unflatten(np.arange(30, dtype=np.float32), np.tile([0, 1, 4, 2, 3], 3))
    with uproot.recreate(tmp_path / "a.root") as file:
        tree = file.mktree(
            "t", {"x": "var * float32", "y": "var * bool"}, counter_name=lambda _: "n"
        )
        for begin in (0, 5, 10):
            part = lists[begin : begin + 5]
            tree.extend({"x": part, "y": part > 11})
    with uproot.open(tmp_path / "a.root") as directory:
        yield directory["t"]


@pytest.mark.parametrize(("start", "stop"), [(0, 15), (5, 10), (3, 12), (6, 8), (7, 7), (14, 15)])
def test_counted_lists_equal_uproots(muons, start, stop):
    assert_same_as_uproot(muons, ["x", "n", "y"], start, stop)


def test_columns_with_the_same_counter_share_their_offsets(muons):
    found = read_columns(muons, ["x", "y", "n"], 3, 12)
    assert found["x"].layout.offsets.data is found["y"].layout.offsets.data


def test_a_counter_that_contradicts_the_lists_is_not_believed(muons, monkeypatch):
    for wrong in (1, 100):
        monkeypatch.setattr(
            baskets._Offsets, "of", lambda *_, wrong=wrong: np.arange(16, dtype=np.int64) * wrong
        )
        assert_same_as_uproot(muons, ["x"], 0, 15)


def test_columns_of_other_types_are_left_to_uproot(tmp_path):
    with uproot.recreate(tmp_path / "a.root") as file:
        file.mktree("t", {"text": "string", "pair": "2 * float64"}).extend(
            {"text": ["a", "bc"], "pair": np.asarray([[1.0, 2.0], [3.0, 4.0]])}
        )
    with uproot.open(tmp_path / "a.root") as directory:
        tree = directory["t"]
        assert plan_column(tree["pair"], "pair", 0, 2) is None
        assert_same_as_uproot(tree, ["text", "pair"], 0, 2)


def test_all_columns_come_in_one_request(tree):
    source = tree.file.source
    before = source.num_requests
    read_columns(tree, ["photon_pt", "photon_eta", "met_et"], 0, 40)
    assert source.num_requests == before + 1


def test_a_column_that_decodes_unexpectedly_is_left_to_uproot(tree, monkeypatch):
    def refuse(*_):
        raise ValueError("not what was expected")

    monkeypatch.setattr(baskets, "_assemble", refuse)
    assert_same_as_uproot(tree, ["photon_pt"], 0, 40)


def test_another_file_handle_can_stand_in_for_a_closed_one(tmp_path):
    path = write_clusters(tmp_path / "data.root", events=20)
    with uproot.open(path) as directory:
        tree = directory["mini"]
        expected = tree["photon_pt"].array().tolist()
        tree["photon_pt"].interpretation  # noqa: B018
    with uproot.open(path) as again:
        found = read_columns(tree, ["photon_pt"], 0, 20, directory=again)
    assert found["photon_pt"].tolist() == expected


@pytest.mark.parametrize("begin", [6, 150], ids=["header", "data"])
def test_a_damaged_basket_is_reported_with_branch_and_file(tmp_path, begin):
    path = tmp_path / "broken.root"
    with uproot.recreate(path) as file:
        tree = file.mktree("mini", {"x": "int64", "y": "int64"})
        for _ in range(2):  # the values repeat, so that they are really compressed
            tree.extend({"x": np.arange(1000) % 50, "y": np.arange(1000)})
    with uproot.open(path) as directory:
        seek = int(directory["mini"]["x"].member("fBasketSeek")[1])
    with path.open("r+b") as file:
        file.seek(seek + begin)
        file.write(b"\xff" * 40)
    with uproot.open(path) as directory:
        with pytest.raises(FileAccessError, match=r"'x' of tree 'mini' in .*broken.root"):
            read_columns(directory["mini"], ["y", "x"], 0, 2000)
        assert len(read_columns(directory["mini"], ["x"], 0, 1000)["x"]) == 1000


def test_bytes_that_are_missing_are_reported(tmp_path, tree):
    path = tmp_path / "data.root"
    end = int(tree["photon_pt"].member("fBasketSeek")[3]) + 20
    with path.open("r+b") as file:
        file.truncate(end)
    with pytest.raises(FileAccessError, match=r"photon_pt.*cut short"):
        read_columns(tree, ["photon_pt"], 0, 40)
