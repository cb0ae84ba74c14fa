"""Weights of simulated muon pairs: normalisation, corrections and their shifts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest

import hepml
from hepml.errors import BranchError, ParameterError
from processors.dimuon import DimuonProcessor
from tests.corrected import MUON, PILEUP, write_corrections
from tests.events import open_events, run_chunk
from tests.nanoaod import full_muon, write_full_nanoaod

EVENTS = [
    [full_muon(50, eta=0.5), full_muon(20, phi=1.0, charge=-1)],
    [full_muon(50, eta=2.0), full_muon(20, phi=1.0)],
    [full_muon(50)],
]
GENERATOR = np.array([2.0, -1.0, 1.0], np.float32)
INTERACTIONS = np.array([3.0, 20.0, 99.0], np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    branches = {"genWeight": GENERATOR, "Pileup_nTrueInt": INTERACTIONS}
    return write_full_nanoaod(tmp_path / "mc.root", EVENTS, branches=branches, sum_of_weights=8.0)


def test_weights_are_scaled_by_what_normalises_the_sample(path: Path, tmp_path: Path) -> None:
    processor = DimuonProcessor(luminosity=100.0, cross_sections={"mc": 0.4})
    run = hepml.run(processor, {"mc": str(path)}, out=tmp_path / "run", executor="iterative")
    # 0.4 pb x 100 / pb over 8
    assert sorted(run.features.to_pandas()["weight"]) == pytest.approx([-5.0, 10.0])
    assert run.cutflow["mc"][0]["weighted"] == pytest.approx(10.0)
    assert run.report["notes"] == []


def test_without_a_cross_section_the_run_says_that_it_is_not_normalised(
    path: Path, tmp_path: Path
) -> None:
    run = hepml.run(DimuonProcessor(), {"mc": str(path)}, out=tmp_path / "r", executor="iterative")
    assert sorted(run.features.to_pandas()["weight"]) == [-1.0, 2.0]
    assert any("'mc' is not normalised" in note for note in run.report["notes"])


def test_corrections_multiply_the_weight_once_the_pair_is_chosen(
    path: Path, tmp_path: Path
) -> None:
    processor = DimuonProcessor(corrections=write_corrections(tmp_path / "sf"))
    result = run_chunk(path, processor, kind="simulation")
    # generator x pile-up x both muons; the third event would be out of range and has no pair
    expected = [2.0 * 2.0 * 0.9 * 0.9, -1.0 * 0.5 * 0.8 * 0.9]
    assert result.columns["weight"] == pytest.approx(expected)
    assert result.cutflow["muon pT"]["weighted"] == pytest.approx(1.0)
    assert result.cutflow["corrections"]["weighted"] == pytest.approx(sum(expected))
    assert result.cutflow["opposite sign"]["weighted"] == pytest.approx(expected[0])


def test_shifts_are_columns_and_variations(path: Path, tmp_path: Path) -> None:
    processor = DimuonProcessor(corrections=write_corrections(tmp_path / "sf"), systematics=True)
    assert processor.active_variations == (
        "nominal",
        "pileup_up",
        "pileup_down",
        "muon_id_up",
        "muon_id_down",
    )
    result = run_chunk(path, processor, kind="simulation")
    nominal = result.columns["weight"]
    assert result.columns["weight_pileup_up"] == pytest.approx(1.1 * nominal)
    assert result.columns["weight_muon_id_down"] == pytest.approx(
        [2.0 * 2.0 * 0.8 * 0.8, -1.0 * 0.5 * 0.7 * 0.8]
    )
    mass = result.histograms["dimuon_mass"]
    assert set(mass.axes["variation"]) == set(processor.active_variations)
    up = mass[{"variation": "pileup_up"}].sum(flow=True).value
    assert up == pytest.approx(1.1 * nominal.sum())


def test_data_have_the_same_columns_and_no_corrections(tmp_path: Path) -> None:
    path = write_full_nanoaod(tmp_path / "data.root", EVENTS)
    processor = DimuonProcessor(corrections=write_corrections(tmp_path / "sf"), systematics=True)
    result = run_chunk(path, processor)
    assert list(result.columns) == [column.name for column in processor.columns]
    assert result.columns["weight_pileup_up"].tolist() == [1.0, 1.0]
    assert list(result.histograms["dimuon_mass"].axes["variation"]) == ["nominal"]
    assert result.cutflow["corrections"]["weighted"] == 2.0


def test_eager_virtual_and_lazy_arrays_give_the_same(path: Path, tmp_path: Path) -> None:
    processor = DimuonProcessor(corrections=write_corrections(tmp_path / "sf"), systematics=True)
    eager = run_chunk(path, processor, kind="simulation", mode="eager")
    virtual = run_chunk(path, processor, kind="simulation")
    selected = processor.select(open_events(path, processor, kind="simulation", mode="dask"))
    (features,) = dask.compute(dict(selected.features))
    for name in ("weight", "weight_pileup_up", "weight_muon_id_down"):
        assert virtual.columns[name].tolist() == eager.columns[name].tolist()
        assert np.asarray(features[name]).tolist() == eager.columns[name].tolist()


def test_a_column_of_the_table_can_be_an_input(path: Path, tmp_path: Path) -> None:
    source = PILEUP | {"inputs": PILEUP["inputs"] | {"n": {"column": "lead_pt", "maximum": 20.0}}}
    processor = DimuonProcessor(corrections=write_corrections(tmp_path / "sf", source))
    assert "lead_pt" not in processor.required_branches("Events", "simulation")
    result = run_chunk(path, processor, kind="simulation")
    assert result.columns["weight"] == pytest.approx([1.0, -0.5])


def test_the_inputs_are_required_of_simulation_only(path: Path, tmp_path: Path) -> None:
    processor = DimuonProcessor(corrections=write_corrections(tmp_path / "sf"))
    assert {"Pileup_nTrueInt", "Muon_pt"} <= set(processor.required_branches("", "simulation"))
    assert "Pileup_nTrueInt" not in processor.required_branches("", "data")
    bare = write_full_nanoaod(
        tmp_path / "bare.root", EVENTS, branches={"genWeight": GENERATOR}, sum_of_weights=8.0
    )
    with pytest.raises(BranchError, match="Pileup_nTrueInt"):
        hepml.run(processor, {"mc": str(bare)}, out=tmp_path / "run", executor="iterative")


def test_content_of_the_corrections_is_a_parameter(tmp_path: Path) -> None:
    list_of_sources = write_corrections(tmp_path / "sf")
    processor = DimuonProcessor(corrections=list_of_sources)
    parameters: dict[str, Any] = processor.parameters()
    assert set(parameters["corrections"]["sha256"]) == {"", "pileup.json.gz", "muon.json"}
    again = DimuonProcessor.from_parameters(**parameters)
    assert again.parameters() == parameters


def test_unknown_objects_are_refused(tmp_path: Path) -> None:
    path = write_corrections(tmp_path / "sf", MUON | {"per": "muons"})
    with pytest.raises(ParameterError, match=r"per 'muons'.*Did you mean 'muon'"):
        DimuonProcessor(corrections=path)


def test_corrections_of_no_weight_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="--weight none"):
        DimuonProcessor(corrections=write_corrections(tmp_path / "sf"), weight="none")
