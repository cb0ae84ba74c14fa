"""The diphoton processor: weights, variations, branches, laziness, a plain Runner."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import uproot
from coffea.processor import IterativeExecutor, Runner

from hepml.errors import ChunkError
from processors.diphoton import DiphotonProcessor
from tests.events import (
    Event,
    diphoton_photons,
    jet,
    lepton,
    mini_event,
    open_events,
    photon,
    run_chunk,
    write_clusters,
    write_mini,
)


@pytest.mark.parametrize(("preset", "bins"), [("official", 30), ("seed", 54)])
def test_mass_axis_of_the_presets(preset: str, bins: int) -> None:
    axis = DiphotonProcessor(preset=preset).histograms()[0].axes[0]
    assert axis.edges == pytest.approx(np.linspace(105, 160, bins + 1))
    assert axis.label == r"Diphoton mass $m_{\gamma\gamma}$ [GeV]"


@pytest.fixture
def weighted(tmp_path: Path) -> Path:
    """Two selected events of weight 2 and -1 in a sample of 4 pb with a sum of weights of 8."""
    common = {"channelNumber": 343981, "XSection": 4.0, "SumWeights": 8.0}
    factors = {"scaleFactor_PHOTON": 0.5, "scaleFactor_PILEUP": 4.0, "scaleFactor_ELE": 3.0}
    events = [
        mini_event(diphoton_photons(), mcWeight=1.0, **factors, **common),
        mini_event(diphoton_photons(), mcWeight=-1.0, **common),
    ]
    return write_mini(tmp_path / "mc.root", events)


@pytest.mark.parametrize(
    ("weight", "expected"),
    [("official", [10.0, -5.0]), ("seed", [30.0, -5.0]), ("none", [1.0, 1.0])],
)
def test_weights_of_simulation_add_up_to_the_expected_yield(
    weighted: Path, weight: str, expected: list[float]
) -> None:
    processor = DiphotonProcessor(weight=weight, luminosity=10.0)
    result = run_chunk(weighted, processor, kind="simulation")
    assert result.columns["weight"].tolist() == expected
    assert result.cutflow["mass window"]["weighted"] == sum(expected)
    assert result.histograms["diphoton_mass"].sum().value == sum(expected)
    assert result.constants == {"cross_section": 4.0, "sum_of_weights": 8.0}


@pytest.mark.parametrize("name", ["mc", "gg"])
def test_a_cross_section_by_dataset_or_label_replaces_that_of_the_file(
    weighted: Path, name: str
) -> None:
    processor = DiphotonProcessor(cross_sections={name: 0.3})
    result = run_chunk(weighted, processor, kind="simulation", label="gg")
    assert result.constants["cross_section"] == 0.3
    assert result.columns["weight"].tolist() == pytest.approx([2 * 0.3 / 8, -0.3 / 8])


def test_data_weigh_one_whatever_the_file_says(weighted: Path) -> None:
    result = run_chunk(weighted, DiphotonProcessor(), kind="data")
    assert result.columns["weight"].tolist() == [1.0, 1.0]
    assert result.constants == {}


def test_simulation_without_a_sum_of_weights_is_refused(tmp_path: Path) -> None:
    path = write_mini(tmp_path / "mc.root", [mini_event(diphoton_photons(), XSection=1.0)])
    with pytest.raises(ChunkError, match="not finite"):
        run_chunk(path, DiphotonProcessor(), kind="simulation")


def test_variations_shift_photons_across_the_threshold(tmp_path: Path) -> None:
    photons = diphoton_photons(62.5)
    photons[1] |= {"pt_syst": 12.5, "convType": 0}
    soft = [photon(110.0, phi=0.0), photon(27.6, phi=math.pi, pt_syst=0.0)]
    soft[0] |= {"pt_syst": 5.0}  # sublead pT/m is 0.2505, below 0.25 when the leading one rises
    common = {"XSection": 1.0, "SumWeights": 1.0}
    path = write_mini(tmp_path / "mc.root", [mini_event(p, **common) for p in (photons, soft)])
    result = run_chunk(path, DiphotonProcessor(systematics=True), kind="simulation")
    histogram = result.histograms["diphoton_mass"]
    assert sorted(histogram.axes["variation"]) == [
        "nominal",
        "photon_scale_down",
        "photon_scale_up",
    ]
    sums = {name: histogram[0, name, :].sum().value for name in histogram.axes["variation"]}
    assert sums == {"nominal": 2.0, "photon_scale_down": 2.0, "photon_scale_up": 1.0}
    lead = result.histograms["lead_pt"][0, "photon_scale_up", :]
    assert lead.values()[lead.axes[0].index(75.0)] == 1.0
    assert len(result.columns["weight"]) == 2


def test_data_have_no_variations(weighted: Path) -> None:
    result = run_chunk(weighted, DiphotonProcessor(systematics=True), kind="data")
    assert list(result.histograms["met"].axes["variation"]) == ["nominal"]


@pytest.mark.parametrize("preset", DiphotonProcessor.presets)
@pytest.mark.parametrize("events", [[], [mini_event([]), mini_event([photon(10)])]])
def test_nothing_selected_gives_empty_rows_of_every_column(
    tmp_path: Path, preset: str, events: list[Event]
) -> None:
    result = run_chunk(write_mini(tmp_path / "none.root", events), DiphotonProcessor(preset=preset))
    assert list(result.columns) == [column.name for column in DiphotonProcessor.columns]
    assert {len(values) for values in result.columns.values()} == {0}
    assert next(iter(result.cutflow.values()))["raw"] == len(events)


def test_an_empty_file_has_undefined_constants(tmp_path: Path) -> None:
    path = write_mini(tmp_path / "none.root", [])
    result = run_chunk(path, DiphotonProcessor(systematics=True), kind="simulation")
    assert np.isnan(result.constants["sum_of_weights"])


@pytest.mark.parametrize("preset", DiphotonProcessor.presets)
@pytest.mark.parametrize("kind", ["data", "simulation"])
@pytest.mark.parametrize("table", [True, False])
def test_required_branches_are_exactly_those_read(
    tmp_path: Path, preset: str, kind: str, table: bool
) -> None:
    event = mini_event(diphoton_photons(), [lepton(20)], [jet(30)], XSection=1.0, SumWeights=1.0)
    path = write_mini(tmp_path / "mini.root", [event])
    processor = DiphotonProcessor(preset=preset, systematics=True, table=table)
    log: list[Any] = []
    run_chunk(path, processor, kind=kind, access_log=log)
    assert {entry.branch for entry in log} == set(processor.required_branches("mini", kind))


@pytest.mark.parametrize(("channel", "kind"), [(0, "data"), (343981, "simulation")])
def test_kind_follows_from_the_channel_number(tmp_path: Path, channel: int, kind: str) -> None:
    event = mini_event(diphoton_photons(), channelNumber=channel)
    with uproot.open(write_mini(tmp_path / "mini.root", [event])) as file:
        assert DiphotonProcessor.kind_of(file["mini"]) == kind


def test_a_file_without_events_or_channel_does_not_say_its_kind(tmp_path: Path) -> None:
    empty = write_mini(tmp_path / "empty.root", [])
    bare = write_mini(tmp_path / "bare.root", [mini_event([])], drop=["channelNumber"])
    for path in (empty, bare):
        with uproot.open(path) as file:
            assert DiphotonProcessor.kind_of(file["mini"]) is None


@pytest.mark.parametrize("preset", DiphotonProcessor.presets)
def test_parameters_survive_json(preset: str) -> None:
    processor = DiphotonProcessor(preset=preset)
    stored = json.loads(json.dumps(processor.parameters(), allow_nan=False))
    assert DiphotonProcessor.from_parameters(**stored).cuts == processor.cuts


@pytest.mark.parametrize("preset", ["official", "seed"])
def test_eager_virtual_and_lazy_arrays_give_the_same(tmp_path: Path, preset: str) -> None:
    path = write_clusters(tmp_path / "mini.root", clusters=4, xsection=2.0)
    processor = DiphotonProcessor(preset=preset, systematics=True)
    reference = run_chunk(path, processor, mode="eager", kind="simulation")
    virtual = run_chunk(path, processor, mode="virtual", kind="simulation")
    lazy = open_events(path, processor, mode="dask", kind="simulation")
    selected = processor.select(lazy)
    features, cutflow = dask.compute(selected.features, selected.cutflow)
    assert len(reference.columns["weight"]) > 0
    assert virtual.cutflow == reference.cutflow
    assert virtual.histograms == reference.histograms
    for name, values in features.items():
        expected = reference.columns[name]
        computed = np.asarray(values, dtype=expected.dtype)
        assert np.array_equal(computed, expected, equal_nan=True), name
        assert np.array_equal(virtual.columns[name], expected, equal_nan=True), name
    for name, step in reference.cutflow.items():
        assert len(cutflow[name]) == step["raw"]
        assert np.asarray(cutflow[name]).sum() == step["weighted"]


def test_the_processor_runs_under_a_plain_coffea_runner(tmp_path: Path) -> None:
    path = write_clusters(tmp_path / "mini.root")
    runner = Runner(
        IterativeExecutor(status=False),
        schema=DiphotonProcessor.schema,
        savemetrics=False,
        chunksize=50,
    )
    fileset = {"real": {"files": {str(path): "mini"}, "metadata": {"kind": "data"}}}
    result = runner(fileset, DiphotonProcessor())
    whole = run_chunk(path, DiphotonProcessor())
    assert result["cutflow"]["real"] == whole.cutflow
    rows = result["features"]["real"]["event"].value
    assert sorted(rows) == sorted(whole.columns["event"])
    assert np.array_equal(result["histograms"]["met"].values(), whole.histograms["met"].values())
