"""Writing flat and jagged columns as a TTree."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import uproot

from hepml.simulate.trees import nanoaod_counter, write_tree


def test_each_cluster_becomes_a_basket_and_comes_back(tmp_path: Path) -> None:
    types = {"event": "int32", "hit_charge": "var * float32"}
    clusters = [
        {"event": np.array([1, 2]), "hit_n": np.array([2, 0]), "hit_charge": np.array([0.5, 1.5])},
        {"event": np.array([3]), "hit_n": np.array([1]), "hit_charge": np.array([2.5])},
    ]
    path = tmp_path / "hits.root"
    assert write_tree(path, "tree", types, clusters, baskets=2, notes={"seed": 7}) == 3
    with uproot.open(path) as file:
        tree = file["tree"]
        assert tree.keys() == ["event", "hit_n", "hit_charge"]
        assert tree["hit_charge"].array().to_list() == [[0.5, 1.5], [], [2.5]]
        assert list(tree.common_entry_offsets()) == [0, 2, 3]
        assert json.loads(str(file["hepml_simulation"])) == {"seed": 7}


def test_counters_and_further_trees_can_be_those_of_nanoaod(tmp_path: Path) -> None:
    types = {"Muon_pt": "var * float32"}
    clusters = [{"nMuon": np.array([1, 0]), "Muon_pt": np.array([4.5])}]
    path = tmp_path / "nano.root"
    runs = {"run": np.array([7], np.uint32), "genEventSumw": np.array([2.5])}
    write_tree(
        path,
        "Events",
        types,
        clusters,
        baskets=1,
        notes={},
        counter=nanoaod_counter,
        trees={"Runs": runs},
    )
    with uproot.open(path) as file:
        assert file["Events"].keys() == ["nMuon", "Muon_pt"]
        assert file.classnames()["Runs;1"] == "TTree"
        assert file["Runs"].arrays().to_list() == [{"run": 7, "genEventSumw": 2.5}]
