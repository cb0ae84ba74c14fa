"""A NanoAOD processor that writes nothing but its selection."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import awkward as ak
import numpy as np
import pytest

from hepml.columns import Column, feature, weight
from hepml.processor import Preset, Selected
from processors.dimuon import DimuonCuts
from processors.nanoaod import EVENT_KEYS, NanoProcessor
from tests.events import muon, run_chunk, write_nanoaod


class OneMuon(NanoProcessor):
    """Events with a muon above 20 GeV."""

    name = "one"
    columns: ClassVar[tuple[Column, ...]] = (  # type: ignore[misc]
        *EVENT_KEYS,
        feature("pt", "GeV"),
        weight("weight"),
    )
    presets: ClassVar[dict[str, Preset]] = {"usual": Preset(DimuonCuts(), "generator")}

    def select(self, events: Any) -> Selected:
        """Take the muon of highest pT."""
        weights = self.event_weights(events)
        pt = ak.to_numpy(ak.max(events.Muon.pt, axis=1, initial=0.0, mask_identity=False))
        kept = pt > 20
        identity, entries = self.identity(events, lambda values: values[kept])
        features = {**identity, "pt": pt[kept], "weight": weights[kept]}
        return Selected({"all": weights, "pT": weights[kept]}, {}, features, entries)


MUONS = [[muon(30.0)], [muon(10.0)], [muon(50.0), muon(25.0)]]


def test_rows_carry_the_ids_of_the_file(tmp_path: Path) -> None:
    path = write_nanoaod(tmp_path / "nano.root", MUONS, ids=[7, 8, 9])
    columns = run_chunk(path, OneMuon(), kind="data").columns
    assert columns["event"].tolist() == [7, 9]
    assert columns["weight"].tolist() == [1.0, 1.0]


def test_rows_of_a_reduced_file_carry_its_entries(tmp_path: Path) -> None:
    path = write_nanoaod(tmp_path / "nano.root", MUONS, ids=False)
    columns = run_chunk(path, OneMuon(), kind="data").columns
    assert columns["event"].tolist() == [0, 2]
    assert columns["run"].tolist() == [0, 0]


def test_simulation_is_weighted_by_the_generator(tmp_path: Path) -> None:
    path = write_nanoaod(tmp_path / "nano.root", MUONS, generator_weights=[2.0, 1.0, -2.0])
    columns = run_chunk(path, OneMuon(), kind="simulation").columns
    assert columns["weight"].tolist() == [2.0, -2.0]
    assert np.all(run_chunk(path, OneMuon(weight="none"), kind="simulation").columns["weight"] == 1)


@pytest.mark.parametrize(
    ("kind", "weight", "wanted"),
    [
        ("simulation", "generator", ("genWeight",)),
        ("simulation", "none", ()),
        ("data", "generator", ()),
    ],
)
def test_the_generator_weight_is_required_where_it_is_read(
    kind: str, weight: str, wanted: tuple[str, ...]
) -> None:
    assert OneMuon(weight=weight).required_branches("Events", kind) == wanted
