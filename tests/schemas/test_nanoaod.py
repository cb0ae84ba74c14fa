"""The layout of NanoAOD, full and reduced."""

from __future__ import annotations

from pathlib import Path

import pytest
from coffea.nanoevents import NanoEventsFactory
from coffea.nanoevents.schemas import NanoAODSchema

from hepml.schemas import NanoAOD
from tests.events import muon, shared_file, write_nanoaod
from tests.nanoaod import TRIGGER, full_muon, write_full_nanoaod

MUONS = [[muon(20), muon(30, charge=-1)], []]


@pytest.mark.parametrize("mode", ["eager", "virtual", "dask"])
def test_a_file_without_event_ids_opens_without_a_warning(tmp_path: Path, mode: str) -> None:
    path = write_nanoaod(tmp_path / "skim.root", MUONS, ids=False)
    events = NanoEventsFactory.from_root(
        {str(path): "Events"}, schemaclass=NanoAOD, mode=mode
    ).events()
    pt = events.Muon.pt.compute() if mode == "dask" else events.Muon.pt
    assert pt.tolist() == [[20.0, 30.0], []]
    assert "run" not in events.fields


def test_event_ids_are_kept_where_present(tmp_path: Path) -> None:
    path = write_nanoaod(tmp_path / "nano.root", MUONS)
    events = NanoEventsFactory.from_root({str(path): "Events"}, schemaclass=NanoAOD).events()
    assert events.event.tolist() == [0, 1]
    assert events.luminosityBlock.tolist() == [2, 2]


def test_the_schema_of_coffea_stays_strict() -> None:
    assert NanoAODSchema.error_missing_event_ids
    assert NanoAODSchema.warn_missing_crossrefs


@pytest.mark.shared
@pytest.mark.parametrize("name", ["nano_dimuon", "nano_dy", "nano_dy_empty", "nano_tree"])
def test_full_files_open_without_a_warning(name: str) -> None:
    path = shared_file("cms", f"{name}.root")
    events = NanoEventsFactory.from_root({str(path): "Events"}, schemaclass=NanoAOD).events()
    assert {"Muon", "run", "event"} <= set(events.fields)


@pytest.mark.parametrize("rntuple", [False, True])
def test_flags_and_collections_are_laid_out_for_tree_and_ntuple(
    tmp_path: Path, rntuple: bool
) -> None:
    muons = [[full_muon(20), full_muon(30)], []]
    path = write_full_nanoaod(tmp_path / "nano.root", muons, rntuple=rntuple)
    events = NanoEventsFactory.from_root({str(path): "Events"}, schemaclass=NanoAOD).events()
    assert events.HLT[TRIGGER.removeprefix("HLT_")].tolist() == [True, True]
    assert events.Muon.ip3d.tolist() == [pytest.approx([0.01, 0.01]), []]
    assert events.Muon.tightId.tolist() == [[True, True], []]
