"""The dimuon selection: pairs, counts, identity of the rows, laziness."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import uproot
from coffea.processor import IterativeExecutor, Runner

from hepml.collect import ChunkResult
from hepml.errors import ParameterError, ProcessorError
from processors.dimuon import MUON_MASS, DimuonCuts, DimuonProcessor
from tests.events import muon, open_events, run_chunk, shared_file, write_nanoaod

# two muons of opposite sign; three with the leading two of equal sign; one; none; stored with the
# softer muon first
EVENTS = [
    [muon(20, phi=0.0), muon(30, phi=math.pi, charge=-1)],
    [muon(10, charge=-1), muon(40, phi=1.0), muon(25, phi=-2.0)],
    [muon(50)],
    [],
    [muon(15, phi=2.0), muon(12, charge=-1), muon(18, phi=-1.0, charge=-1)],
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_nanoaod(tmp_path / "nano.root", EVENTS)


def counts(result: ChunkResult) -> dict[str, int]:
    return {name: step["raw"] for name, step in result.cutflow.items()}


def test_cutflow_counts_pairs_by_sign_and_multiplicity(path: Path) -> None:
    assert counts(run_chunk(path, DimuonProcessor())) == {
        "all": 5,
        "at least two muons": 3,
        "valid pair": 3,
        "muon pT": 3,
        "opposite sign": 2,
        "exactly two muons": 1,
    }


def test_the_pair_is_made_of_the_two_highest_momenta(path: Path) -> None:
    columns = run_chunk(path, DimuonProcessor()).columns
    assert columns["lead_pt"].tolist() == [30.0, 40.0, 18.0]
    assert columns["trail_pt"].tolist() == [20.0, 25.0, 15.0]
    assert columns["delta_pt"].tolist() == [10.0, 15.0, 3.0]
    assert columns["charge_product"].tolist() == [-1, 1, -1]
    assert columns["n_muons"].tolist() == [2, 3, 3]


def test_kinematics_of_a_pair_back_to_back(path: Path) -> None:
    columns = run_chunk(path, DimuonProcessor()).columns
    energies = math.hypot(20, MUON_MASS) + math.hypot(30, MUON_MASS)
    assert columns["dimuon_mass"].dtype == np.float64
    assert columns["dimuon_mass"][0] == pytest.approx(math.sqrt(energies**2 - 10**2), rel=1e-6)
    assert columns["dimuon_pt"][0] == pytest.approx(10.0, rel=1e-6)
    assert abs(columns["dimuon_phi"][0]) == pytest.approx(math.pi, rel=1e-6)
    assert columns["delta_r"][0] == pytest.approx(math.pi, rel=1e-6)


def test_histograms_keep_the_signs_apart(path: Path) -> None:
    mass = run_chunk(path, DimuonProcessor()).histograms["dimuon_mass"]
    opposite, same = (mass[0, 0, hist_sign, :].values(flow=True).sum() for hist_sign in (0, 1))
    assert (opposite, same) == (2.0, 1.0)
    assert mass.axes["dimuon_mass"].edges[0] == pytest.approx(0.3)
    assert mass.axes["dimuon_mass"].edges[-1] == pytest.approx(200.0)


def test_event_ids_identify_the_rows(path: Path) -> None:
    columns = run_chunk(path, DimuonProcessor()).columns
    assert columns["run"].tolist() == [1, 1, 1]
    assert columns["lumi"].tolist() == [2, 2, 2]
    assert columns["event"].tolist() == [0, 1, 4]
    assert columns["file"].tolist() == ["", "", ""]


def test_file_and_entry_identify_the_rows_without_event_ids(tmp_path: Path) -> None:
    path = write_nanoaod(tmp_path / "skim.root", EVENTS, ids=False)
    columns = run_chunk(path, DimuonProcessor(), entrystart=100).columns
    assert columns["event"].tolist() == [100, 101, 104]
    assert columns["file"].tolist() == ["uuid"] * 3
    assert columns["run"].tolist() == [0, 0, 0]


def test_momentum_thresholds_are_included(path: Path) -> None:
    processor = DimuonProcessor(DimuonCuts(lead_pt=30.0, trail_pt=20.0))
    assert counts(run_chunk(path, processor))["muon pT"] == 2


def test_simulation_carries_the_generator_weight_with_its_sign(tmp_path: Path) -> None:
    path = write_nanoaod(tmp_path / "mc.root", EVENTS, generator_weights=[2, -3, 1, 1, 0.5])
    result = run_chunk(path, DimuonProcessor(), kind="simulation")
    assert result.columns["weight"].tolist() == [2.0, -3.0, 0.5]
    assert result.cutflow["all"]["weighted"] == 1.5
    unweighted = run_chunk(path, DimuonProcessor(weight="none"), kind="simulation")
    assert unweighted.columns["weight"].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("events", [[], [[], [muon(5)]]])
def test_nothing_selected_gives_empty_rows_of_every_column(
    tmp_path: Path, events: list[Any]
) -> None:
    result = run_chunk(write_nanoaod(tmp_path / "none.root", events), DimuonProcessor())
    assert list(result.columns) == [column.name for column in DimuonProcessor().columns]
    assert all(len(values) == 0 for values in result.columns.values())
    assert counts(result)["all"] == len(events)


@pytest.mark.parametrize("ids", [True, False])
def test_eager_virtual_and_lazy_arrays_give_the_same(tmp_path: Path, ids: bool) -> None:
    path = write_nanoaod(tmp_path / "nano.root", EVENTS * 4, ids=ids, clusters=4)
    processor = DimuonProcessor()
    reference = run_chunk(path, DimuonProcessor(), mode="eager")
    virtual = run_chunk(path, DimuonProcessor(), mode="virtual")
    selected = processor.select(open_events(path, processor, mode="dask"))
    features, entries, cutflow = dask.compute(selected.features, selected.entries, selected.cutflow)
    for name, values in features.items():
        expected = reference.columns[name]
        assert np.array_equal(np.asarray(values, dtype=expected.dtype), expected), name
        assert np.array_equal(virtual.columns[name], expected), name
    assert [len(weights) for weights in cutflow.values()] == list(counts(reference).values())
    assert (entries is None) == ids


def test_only_needed_branches_are_read(tmp_path: Path) -> None:
    path = write_nanoaod(tmp_path / "skim.root", EVENTS, ids=False)
    log: list[Any] = []
    run_chunk(path, DimuonProcessor(), access_log=log)
    assert {entry.branch for entry in log} == set(
        DimuonProcessor().required_branches("Events", "data")
    )


def test_simulation_requires_the_generator_weight_unless_it_is_not_used() -> None:
    assert "genWeight" in DimuonProcessor().required_branches("Events", "simulation")
    assert "genWeight" not in DimuonProcessor().required_branches("Events", "data")
    unweighted = DimuonProcessor(weight="none")
    assert "genWeight" not in unweighted.required_branches("Events", "simulation")


def test_kind_follows_from_the_generator_record(tmp_path: Path, path: Path) -> None:
    simulated = write_nanoaod(tmp_path / "mc.root", EVENTS, generator_weights=[1] * 5)
    for file, kind in ((path, "data"), (simulated, "simulation")):
        with uproot.open(file) as opened:
            assert DimuonProcessor.kind_of(opened["Events"]) == kind


def test_a_bad_mass_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="mass_low = 5"):
        DimuonProcessor.from_parameters(cuts={"mass_low": 5, "mass_high": 2})


def test_the_processor_runs_under_a_plain_coffea_runner(path: Path) -> None:
    runner = Runner(
        IterativeExecutor(status=False), schema=DimuonProcessor.schema, savemetrics=False
    )
    fileset = {"real": {"files": {str(path): "Events"}, "metadata": {"kind": "data"}}}
    result = runner(fileset, DimuonProcessor())
    assert result["cutflow"]["real"]["opposite sign"]["raw"] == 2
    assert result["features"]["real"]["dimuon_mass"].value.shape == (3,)
    assert result["histograms"]["dimuon_mass"].sum(flow=True).value == 3.0


def test_a_plain_runner_must_say_data_or_simulation(path: Path) -> None:
    processor = DimuonProcessor()
    with pytest.raises(ProcessorError, match="data or simulation"):
        processor.select(open_events(path, processor, kind=None))


@pytest.mark.shared
def test_published_counts_of_the_2012_data() -> None:
    path = shared_file("cms", "DoubleMuParked2012_100k.root")
    found = counts(run_chunk(path, DimuonProcessor()))
    assert found["all"] == 100_000
    assert found["opposite sign"] == 58_374
    assert found["exactly two muons"] == 37_183
