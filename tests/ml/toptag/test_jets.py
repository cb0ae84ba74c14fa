"""What jets look like: histograms and images of a few jets, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest

from hepml.columns import feature, key, label, weight
from hepml.ml.toptag.jets import JetLooks, describe_jets
from hepml.parts import write_part

COLUMNS = (
    key("row"),
    label("label", "int8"),
    weight("weight"),
    feature("jet_m", "GeV", doc="mass"),
    feature("constit_pt", "GeV", "list[float32]"),
    feature("constit_eta", "", "list[float32]"),
    feature("constit_phi", "rad", "list[float32]"),
)


def write(folder: Path, dataset: str = "test_nominal") -> None:
    lists = {
        # the first pixels right of and above the middle are 25; 2.0 lies outside
        "constit_pt": [[30.0, 10.0], [50.0], [10.0, 10.0]],
        "constit_eta": [[0.01, 0.99], [0.01], [0.01, 2.0]],
        "constit_phi": [[0.01, -0.99], [0.01], [0.01, 0.01]],
    }
    rows: dict[str, Any] = {
        "row": np.arange(3),
        "label": np.array([1, 1, 0], np.int8),
        "weight": np.array([1.0, 3.0, 1.0], np.float32),
        "jet_m": np.array([170.0, np.nan, 80.0], np.float32),
    } | {name: ak.values_astype(ak.Array(values), np.float32) for name, values in lists.items()}
    write_part(folder / dataset / "a.parquet", COLUMNS, rows)


@pytest.fixture
def looks(tmp_path: Path) -> JetLooks:
    write(tmp_path)
    return describe_jets(tmp_path)


def test_mean_images_are_weighted(looks: JetLooks) -> None:
    top = np.array(looks.means[0].pixels)
    assert looks.means[0].top
    # shares 3/4 of weight 1, and 1 of weight 3
    assert top[25, 25] == pytest.approx((0.75 + 3) / 4, rel=1e-4)
    assert top[49, 0] == pytest.approx(0.25 / 4, rel=1e-4)
    assert top.sum() == pytest.approx(1.0, rel=1e-4)


def test_what_is_outside_is_in_the_pixel_at_the_edge(looks: JetLooks) -> None:
    qcd = np.array(looks.means[1].pixels)
    assert (qcd[25, 25], qcd[49, 25]) == (0.5, 0.5)


def test_single_jets_are_kept(looks: JetLooks) -> None:
    assert [item.top for item in looks.examples] == [True, True, False]
    assert np.array(looks.examples[0].pixels)[25, 25] == pytest.approx(0.75)


def test_undefined_values_are_in_no_histogram(looks: JetLooks) -> None:
    (mass,) = looks.quantities
    assert (mass.name, mass.unit, mass.doc) == ("jet_m", "GeV", "mass")
    # the range of three jets ends a bit before the largest one
    assert sum(mass.top) + sum(mass.qcd) <= 2
    assert (looks.top, looks.qcd, looks.weighted) == (2, 1, True)


def test_nominal_jets_are_looked_at_where_there_are_some(tmp_path: Path) -> None:
    for name in ("test_nominal", "train_nominal"):
        write(tmp_path, name)
    assert describe_jets(tmp_path).datasets == ("test_nominal",)
    assert describe_jets(tmp_path, datasets=["train_nominal"]).datasets == ("train_nominal",)


def test_a_limit(tmp_path: Path) -> None:
    write(tmp_path)
    found = describe_jets(tmp_path, max_jets=1)
    assert (found.top, found.qcd) == (1, 0)


def test_looks_survive_the_disk(looks: JetLooks, tmp_path: Path) -> None:
    looks.write(tmp_path / "jets.json")
    assert JetLooks.read(tmp_path / "jets.json") == looks
