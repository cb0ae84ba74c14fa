"""Dimuon presets on files: what they read, refuse and emit; triggers, jets, masks, RNTuple."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest

import hepml
from hepml.collect import ChunkResult
from hepml.engine import Run
from hepml.errors import BranchError, IncompleteRunError, ParameterError
from processors.dimuon import DimuonCuts, DimuonProcessor
from processors.dimuon_cuts import TIGHT
from tests.events import open_events, run_chunk, write_nanoaod
from tests.nanoaod import TRIGGER, full_muon, nano_jet, write_full_nanoaod

# mass of two muons back in phi by 0.5 rad at equal eta: close to sqrt(pt1 pt2) / 2
PAIR = [full_muon(24, phi=0.0), full_muon(12, phi=0.5, charge=-1)]
SAME = [full_muon(24, phi=0.0), full_muon(12, phi=0.5)]
EVENTS = [
    PAIR,
    [PAIR[0], PAIR[1] | {"pfRelIso04_all": 0.5}],
    SAME,
    [full_muon(24), full_muon(12, phi=2.5, charge=-1)],
    [full_muon(24, tightId=False), full_muon(12)],
    [],
]
JETS = [[nano_jet(50), nano_jet(30)], [], [nano_jet(20)], [], [nano_jet(9)], []]
FIRED = {TRIGGER: [True, True, True, True, True, False], "HLT_Mu17": [True, False] * 3}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_full_nanoaod(tmp_path / "nano.root", EVENTS, jets=JETS, fired=FIRED)


def counts(result: ChunkResult) -> dict[str, int]:
    return {name: step["raw"] for name, step in result.cutflow.items()}


def process(files: list[Path], out: Path, processor: Any, **options: Any) -> Run:
    settings = {"executor": "iterative", "chunk_size": 5} | options
    return hepml.run(processor, {"data": [str(file) for file in files]}, out=out, **settings)


def test_the_anti_isolated_sample_step_by_step(path: Path) -> None:
    result = run_chunk(path, DimuonProcessor(preset="upsilon-unisolated"))
    assert counts(result) == {
        "all": 6,
        "trigger": 5,
        "at least two tight muons": 4,
        "valid pair": 4,
        "muon pT": 4,
        "lead_iso04 >= 0.55": 4,
        "trail_iso04 >= 0.55": 3,
        "mass window": 2,
        "opposite sign": 1,
    }
    assert result.columns["charge_product"].tolist() == [-1, 1]
    assert result.columns[TRIGGER].tolist() == [True, True]


def test_before_anti_isolation_it_is_the_upsilon_preset(path: Path) -> None:
    assert counts(run_chunk(path, DimuonProcessor(preset="upsilon")))["mass window"] == 3


def test_every_observable_of_a_row(path: Path) -> None:
    columns = run_chunk(path, DimuonProcessor(preset="tight")).columns
    assert list(columns) == [column.name for column in DimuonProcessor(preset="tight").columns]
    row = {name: values[0] for name, values in columns.items() if values.dtype != object}
    expected = {
        "run": 1,
        "lumi": 2,
        "event": 0,
        "lead_ip3d": 0.01,
        "lead_jetiso": 0.5,
        "trail_iso04": 1.0,
        "delta_r": 0.5,
        "delta_pt": 12.0,
        "n_muons": 2,
        "n_jets": 2,
        "weight": 1.0,
        "dimuon_mass": 2 * math.sqrt(24 * 12) * math.sin(0.25),
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-3)
    assert columns["dimuon_mass"].dtype == np.float64


def test_the_jet_block_asks_for_a_jet_and_describes_the_first(path: Path) -> None:
    processor = DimuonProcessor.from_parameters(preset="tight", cuts={"jets": True})
    result = run_chunk(path, processor)
    assert counts(result)["at least one jet"] == 2
    assert result.columns["hardest_jet_pt"].tolist() == [50.0, 20.0]
    assert result.columns["n_jets"].tolist() == [2, 1]
    assert "hardest_jet_btag" in result.histograms


def test_windows_hold_their_part_of_the_spectrum_by_sign(path: Path) -> None:
    histograms = run_chunk(path, DimuonProcessor(preset="tight")).histograms
    assert {f"dimuon_mass_{name}" for name in ("jpsi", "psi_prime", "upsilon", "z")} <= set(
        histograms
    )
    upsilon = histograms["dimuon_mass_upsilon"]
    assert upsilon[0, 0, :, :].values(flow=False).sum(axis=1).tolist() == [2.0, 1.0]
    assert upsilon.axes["dimuon_mass"].edges[0] == pytest.approx(5.0727273)
    assert histograms["dimuon_mass_z"].sum(flow=True).value == 0.0
    impact = histograms["lead_ip3d"].axes["lead_ip3d"]
    assert impact.edges[[0, -1]] == pytest.approx([1e-4, 1.0])


def test_only_the_branches_of_the_preset_are_read(path: Path) -> None:
    log: list[Any] = []
    processor = DimuonProcessor(preset="upsilon")
    run_chunk(path, processor, access_log=log)
    ids = {"run", "luminosityBlock", "event"}
    assert {entry.branch for entry in log} - ids == set(
        processor.required_branches("Events", "data")
    )


def test_a_preset_refuses_a_file_that_lacks_its_branches(tmp_path: Path) -> None:
    skim = write_nanoaod(tmp_path / "skim.root", EVENTS[:1])
    with pytest.raises(BranchError, match=r"(?s)skim\.root.*Muon_tightId.*Muon_ip3d.*nJet"):
        process([skim], tmp_path / "run", DimuonProcessor(preset="tight"))


def test_a_missing_path_is_an_error_that_names_file_and_near_misses(
    path: Path, tmp_path: Path
) -> None:
    processor = DimuonProcessor(DimuonCuts(trigger="HLT_Mu71"))
    with pytest.raises(BranchError, match=r"(?s)nano\.root.*HLT_Mu71: Did you mean 'HLT_Mu17'"):
        process([path], tmp_path / "run", processor)
    with pytest.raises(BranchError, match=r"nano has no trigger path 'HLT_Mu71'.*'HLT_Mu17'"):
        run_chunk(path, processor)


@pytest.mark.parametrize(
    "executor", ["iterative", pytest.param("dask-awkward", marks=pytest.mark.dask)]
)
@pytest.mark.parametrize("first", ["with", "without"])
def test_a_path_that_one_file_lacks_never_fired_there(
    path: Path, tmp_path: Path, request: pytest.FixtureRequest, executor: str, first: str
) -> None:
    other = write_full_nanoaod(
        tmp_path / "other.root",
        EVENTS,
        fired={TRIGGER: FIRED[TRIGGER]},
        branches={"event": np.arange(100, 106, dtype=np.uint64)},
    )
    cuts = DimuonCuts(paths=("Mu17",), missing_trigger="false")
    files = [path, other] if first == "with" else [other, path]
    options = {"executor": executor}
    if executor == "dask-awkward":
        options["scheduler"] = request.getfixturevalue("scheduler")
    run = process(files, tmp_path / "run", DimuonProcessor(cuts), **options)
    table = run.features.to_pandas().sort_values("event")
    assert table["HLT_Mu17"].tolist() == [True, False, True, False, True] + [False] * 5
    (note,) = run.report["notes"]
    assert note.startswith("other.root lacks HLT_Mu17: never fired")


def test_a_refused_file_is_a_failed_file_of_the_run(path: Path, tmp_path: Path) -> None:
    other = write_full_nanoaod(tmp_path / "other.root", EVENTS, fired={})
    with pytest.raises(IncompleteRunError, match="HLT_Mu17"):
        process([path, other], tmp_path / "run", DimuonProcessor(DimuonCuts(trigger="Mu17")))


def test_an_rntuple_gives_the_same_rows(path: Path, tmp_path: Path) -> None:
    ntuple = write_full_nanoaod(
        tmp_path / "ntuple.root", EVENTS, jets=JETS, fired=FIRED, rntuple=True
    )
    cuts = DimuonProcessor(preset="upsilon")
    tables = [
        process([file], tmp_path / file.stem, cuts).features.to_pandas().sort_values("event")
        for file in (path, ntuple)
    ]
    assert len(tables[0]) == 3
    assert tables[0].reset_index(drop=True).equals(tables[1].reset_index(drop=True))


@pytest.mark.parametrize("mask", [None, {"1": [[2, 2]]}])
def test_eager_virtual_and_lazy_arrays_give_the_same(tmp_path: Path, mask: Any) -> None:
    path = write_full_nanoaod(tmp_path / "nano.root", EVENTS * 2, jets=JETS * 2, clusters=3)
    processor = DimuonProcessor(
        DimuonCuts(**{**_fields(TIGHT), "jets": True, "paths": (TRIGGER,)}), lumi_mask=mask
    )
    reference = run_chunk(path, processor, mode="eager")
    virtual = run_chunk(path, processor, mode="virtual")
    selected = processor.select(open_events(path, processor, mode="dask"))
    features, cutflow = dask.compute(dict(selected.features), selected.cutflow)
    for name, values in features.items():
        expected = reference.columns[name]
        assert np.array_equal(np.asarray(values, dtype=expected.dtype), expected), name
        assert np.array_equal(virtual.columns[name], expected), name
    assert [len(weights) for weights in cutflow.values()] == list(counts(reference).values())


def _fields(cuts: DimuonCuts) -> dict[str, Any]:
    return {name: getattr(cuts, name) for name in DimuonCuts.__dataclass_fields__}


def test_a_luminosity_mask_drops_data_and_leaves_simulation(tmp_path: Path) -> None:
    blocks = np.array([1, 2, 3, 4, 5, 6], np.uint32)
    path = write_full_nanoaod(
        tmp_path / "nano.root",
        EVENTS,
        branches={"luminosityBlock": blocks, "genWeight": np.ones(6, np.float32)},
    )
    processor = DimuonProcessor(TIGHT, lumi_mask={"1": [[1, 1], [3, 3]]})
    data = run_chunk(path, processor)
    assert counts(data)["certified luminosity"] == 2
    assert data.columns["lumi"].tolist() == [1, 3]
    simulation = run_chunk(path, processor, kind="simulation")
    assert "certified luminosity" not in counts(simulation)
    assert len(simulation.columns["lumi"]) == 4


def test_a_mask_needs_run_and_block(tmp_path: Path) -> None:
    skim = write_nanoaod(tmp_path / "skim.root", EVENTS[:1], ids=False)
    processor = DimuonProcessor(lumi_mask={"1": [[1, 1]]})
    with pytest.raises(BranchError, match="no luminosity mask can be applied"):
        run_chunk(skim, processor)
    with pytest.raises(BranchError, match=r"(?s)skim\.root.*luminosityBlock"):
        process([skim], tmp_path / "run", processor)


def test_the_content_of_a_mask_is_a_parameter(tmp_path: Path) -> None:
    golden = tmp_path / "golden.json"
    golden.write_text('{"1": [[1, 5]]}')
    processor = DimuonProcessor(lumi_mask=golden)
    golden.write_text('{"1": [[1, 6]]}')
    content = json.loads(json.dumps(processor.parameters()))
    assert content["lumi_mask"] == {"1": "1-5"}
    assert DimuonProcessor.from_parameters(**content).parameters() == processor.parameters()
    assert DimuonProcessor(lumi_mask=golden).parameters() != processor.parameters()
    assert "lumi_mask" not in DimuonProcessor().parameters()


def test_partial_event_ids_count_as_none_and_are_noted(tmp_path: Path) -> None:
    path = write_full_nanoaod(tmp_path / "nano.root", EVENTS, drop=["luminosityBlock"])
    run = process([path], tmp_path / "run", DimuonProcessor(preset="tight"))
    table = run.features.to_pandas()
    assert set(table["file"]) != {""}
    assert run.report["notes"] == [
        "nano.root lacks luminosityBlock: its events are known by file and entry only."
    ]


def test_a_channel_refuses_an_option_that_it_does_not_have() -> None:
    from processors.diphoton import DiphotonProcessor

    with pytest.raises(ParameterError, match="diphoton takes no --lumi-mask"):
        DiphotonProcessor.from_parameters(lumi_mask="golden.json")
