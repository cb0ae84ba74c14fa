"""The dimuon simulator: reproducible NanoAOD files whose content is known."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from hepml.errors import OutputError, ParameterError
from hepml.simulate import dimuon
from hepml.simulate.dimuon import simulate
from hepml.simulate.dimuon_samples import RUNS
from hepml.simulate.nanoaod import PATHS, TRIGGER

DATA = 3_000
GENERATED = 2_000
YIELDS = {"upsilon_*_in_jets": 60, "z": 0, "jpsi_prompt": 7}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("simulated")
    simulate(out, DATA, 11, yields=YIELDS, files=2, clusters=2, simulated=GENERATED)
    return out


@pytest.fixture(scope="module")
def record(files: Path) -> dict[str, Any]:
    return dict(json.loads((files / "simulation.json").read_text()))


@pytest.fixture(scope="module")
def data(files: Path) -> ak.Array:
    paths = sorted(files.glob("DoubleMuon_*.root"))
    names = uproot.open(paths[1])["Events"].keys()
    common = [name for name in names if name[0] != "n"]
    return ak.concatenate([uproot.open(path)["Events"].arrays(common) for path in paths])


def contents(path: Path) -> list[Any]:
    arrays = uproot.open(path)["Events"].arrays()
    return ak.Array({name: arrays[name] for name in arrays.fields}).to_list()


# --- the files ----------------------------------------------------------------------------------


def test_data_simulation_lumi_mask_and_truth_are_written(files: Path) -> None:
    assert sorted(path.name for path in files.iterdir()) == [
        "DYToMuMu.root",
        "DoubleMuon_Run2016H_1.root",
        "DoubleMuon_Run2016H_2.root",
        "UpsilonToMuMu.root",
        "lumi_mask.json",
        "simulation.json",
    ]


def test_branches_have_the_types_of_nanoaod(files: Path) -> None:
    with uproot.open(files / "DYToMuMu.root") as file:
        assert file.classnames()["Events;1"] == "TTree"
        types = {name: branch.typename for name, branch in file["Events"].items()}
        sums = {name: branch.typename for name, branch in file["Runs"].items()}
    expected = {
        "run": "uint32_t",
        "luminosityBlock": "uint32_t",
        "event": "uint64_t",
        "Muon_pt": "float[]",
        "Muon_charge": "int32_t[]",
        "Muon_tightId": "bool[]",
        "Muon_jetIdx": "int32_t[]",
        "Jet_nConstituents": "uint8_t[]",
        "Jet_nMuons": "int32_t[]",
        "MET_sumEt": "float",
        "PV_npvsGood": "int32_t",
        "genWeight": "float",
        "Pileup_nTrueInt": "float",
        TRIGGER: "bool",
    }
    assert {name: types[name] for name in expected} == expected
    assert {"nMuon", "nJet"} < set(types)
    assert sums == {
        "run": "uint32_t",
        "genEventCount": "int64_t",
        "genEventSumw": "double",
        "genEventSumw2": "double",
    }


def test_data_have_no_generator_branches_and_no_truth(files: Path) -> None:
    with uproot.open(files / "DoubleMuon_Run2016H_1.root") as file:
        names = set(file["Events"].keys())
        assert file["Runs"].keys() == ["run"]
    assert not any("gen" in name.lower() or "truth" in name.lower() for name in names)
    assert set(PATHS) < names


def test_one_path_is_absent_from_the_last_data_file(files: Path, record: dict[str, Any]) -> None:
    first, last = sorted(files.glob("DoubleMuon_*.root"))
    lost = set(uproot.open(first)["Events"].keys()) - set(uproot.open(last)["Events"].keys())
    assert lost == {"HLT_Mu17_Mu8_DZ"}
    assert record["files"][last.name]["absent"] == ["HLT_Mu17_Mu8_DZ"]


def test_coffea_reads_the_files_without_a_warning(files: Path) -> None:
    from coffea.nanoevents import NanoAODSchema, NanoEventsFactory

    class Reduced(NanoAODSchema):  # without electrons, photons and so on
        warn_missing_crossrefs = False

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        events = NanoEventsFactory.from_root(
            {str(files / "UpsilonToMuMu.root"): "Events"}, schemaclass=Reduced
        ).events()
        matched = events.Muon.matched_jet.pt
        assert ak.all(ak.is_none(matched, axis=1) == (events.Muon.jetIdx < 0))


def test_a_file_has_as_many_clusters_as_asked(files: Path) -> None:
    tree = uproot.open(files / "DoubleMuon_Run2016H_1.root")["Events"]
    assert len(tree.common_entry_offsets()) == 3


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    one, two = (
        simulate(tmp_path / name, 60, 5, clusters=2, files=1, simulated=20)
        for name in ("one", "two")
    )
    for first, second in zip(one[:-2], two[:-2], strict=True):
        assert contents(first) == contents(second)
    assert one[-1].read_text() == two[-1].read_text()


def test_a_single_event_can_be_asked_for(tmp_path: Path) -> None:
    paths = simulate(tmp_path, 1, 0, files=2, simulated=0)
    assert [path.suffix for path in paths] == [".root", ".root", ".json", ".json"]
    assert sum(uproot.open(path)["Events"].num_entries for path in paths[:2]) == 1


def test_a_few_generated_events_may_leave_none(tmp_path: Path) -> None:
    paths = simulate(tmp_path, 10, 0, files=1, simulated=1)
    for path in paths[1:3]:
        assert uproot.open(path)["Runs"]["genEventCount"].array()[0] == 1
        assert uproot.open(path)["Events"].num_entries <= 1


# --- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"events": 0}, "at least 1"),
        ({"seed": -1}, "seed"),
        ({"simulated": -1}, "not be negative"),
        ({"clusters": 0}, "cluster"),
        ({"files": 0}, "1 to 100"),
        ({"files": 101}, "1 to 100"),
        ({"yields": {"*": 0}}, "All yields are 0"),
        ({"yields": {"upsilon_1s": -4}}, "must not be negative: -4"),
        ({"yields": {"upsilon_1S": 4}}, "Did you mean 'upsilon_1s'"),
    ],
)
def test_a_parameter_out_of_range_is_refused(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        simulate(tmp_path / "out", **({"events": 10, "seed": 1} | options))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["mine.root", "lumi_mask.json", "simulation.json"])
def test_existing_files_are_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(OutputError, match="exists already"):
        simulate(tmp_path, 10, 1)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "precious"


def test_a_failure_in_the_middle_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dimuon, "simulation_clusters", fail)
    with pytest.raises(OutputError, match="No space left on device"):
        simulate(tmp_path / "out", 10, 1, clusters=1, simulated=10)
    assert list(tmp_path.iterdir()) == []


# --- what is recorded ---------------------------------------------------------------------------


def test_the_asked_yields_are_written(files: Path, record: dict[str, Any]) -> None:
    found = record["components"]
    assert [found[name] for name in ("upsilon_1s_in_jets", "z", "jpsi_prompt")] == [60, 0, 7]
    entries = sum(
        uproot.open(path)["Events"].num_entries for path in files.glob("DoubleMuon_*.root")
    )
    assert sum(found.values()) == record["data_events"] == entries


def test_the_record_beside_the_files_agrees_with_the_one_inside(
    files: Path, record: dict[str, Any]
) -> None:
    assert record["simulated"] is True
    assert record["seed"] == 11
    for name, outside in record["files"].items():
        with uproot.open(files / name) as file:
            inside = json.loads(str(file["hepml_simulation"]))
            assert file["Events"].num_entries == outside["entries"]
        assert inside["simulated"] is True
        assert {key: inside[key] for key in outside if key != "entries"} == {
            key: value for key, value in outside.items() if key != "entries"
        }


def test_the_luminosity_is_that_of_the_default_mixture(record: dict[str, Any]) -> None:
    assert record["luminosity"] == pytest.approx(DATA * dimuon.LUMINOSITY_PER_EVENT)


def test_the_recorded_counts_are_those_of_the_published_selection(
    data: ak.Array, record: dict[str, Any]
) -> None:
    tight = data.Muon_tightId
    use = data[TRIGGER] & (ak.sum(tight, axis=1) >= 2)
    pairs = {
        name: ak.to_numpy(data[f"Muon_{name}"][use][tight[use]][:, :2]).astype(float)
        for name in ("pt", "eta", "phi", "charge", "pfRelIso04_all")
    }
    hard = (pairs["pt"] >= [17.0, 8.0]).all(axis=1)
    opposite = pairs["charge"].sum(axis=1) == 0
    isolation = (pairs["pfRelIso04_all"] >= 0.55).all(axis=1)
    angles = np.cosh(np.diff(pairs["eta"])) - np.cos(np.diff(pairs["phi"]))
    mass = np.sqrt(2.0 * pairs["pt"].prod(axis=1) * angles[:, 0])
    for name, kept in (("before_isolation", hard), ("anti_isolated", hard & isolation)):
        for sign, chosen in (("opposite_sign", opposite), ("same_sign", ~opposite)):
            counts = np.histogram(mass[kept & chosen], [5.0, 9.0, 10.6, 16.0])[0]
            assert counts.tolist() == record["selected"][name][sign]


def test_all_upsilons_of_the_signal_region_are_counted(tmp_path: Path) -> None:
    yields = {"*": 0, "upsilon_1s_in_jets": 200, "drell_yan": 200}
    simulate(tmp_path, 400, 3, yields=yields, files=1, clusters=1, simulated=0)
    selected = json.loads((tmp_path / "simulation.json").read_text())["selected"]
    # 66 % pass the selection and 72 % of them are anti-isolated; Drell-Yan hardly ever is
    found = selected["anti_isolated"]
    assert found["upsilons"] == pytest.approx(200 * 0.66 * 0.72, abs=5 * 7.1)
    assert found["upsilons"] == found["opposite_sign"][1]
    assert (
        selected["before_isolation"]["upsilons"] < selected["before_isolation"]["opposite_sign"][1]
    )


# --- identity and weights -----------------------------------------------------------------------


def test_events_are_unique_and_runs_lie_in_the_period(data: ak.Array) -> None:
    ids = np.stack([ak.to_numpy(data[name]) for name in ("run", "luminosityBlock", "event")])
    assert len(np.unique(ids, axis=1).T) == len(data)
    assert RUNS[0] <= ids[0].min() <= ids[0].max() <= RUNS[1]
    assert 1 <= ids[1].min() <= ids[1].max() <= 400


def test_the_lumi_mask_certifies_most_of_the_data(files: Path, data: ak.Array) -> None:
    mask = json.loads((files / "lumi_mask.json").read_text())
    good = [
        any(low <= block <= high for low, high in mask[str(run)])
        for run, block in zip(data.run.to_list(), data.luminosityBlock.to_list(), strict=True)
    ]
    assert 0.90 < np.mean(good) < 0.99


@pytest.mark.parametrize("name", ["DYToMuMu", "UpsilonToMuMu"])
def test_runs_sums_all_generated_weights(files: Path, record: dict[str, Any], name: str) -> None:
    with uproot.open(files / f"{name}.root") as file:
        sums = {key: value[0] for key, value in file["Runs"].arrays(library="np").items()}
        weights = file["Events"]["genWeight"].array(library="np").astype(float)
        event = file["Events"]["event"].array(library="np")
    assert sums["genEventCount"] == GENERATED
    assert sums["genEventSumw"] == record["files"][f"{name}.root"]["sum_of_weights"]
    size = np.abs(weights[0])
    assert set(np.unique(weights)) == {-size, size}
    assert sums["genEventSumw2"] == pytest.approx(GENERATED * size**2)
    # the number of negative weights follows from the sum; those kept are a fair share of them
    negative = (1.0 - sums["genEventSumw"] / (GENERATED * size)) / 2.0
    expected = len(weights) * negative
    assert abs((weights < 0).sum() - expected) < 5.0 * np.sqrt(expected)
    assert 0.5 * GENERATED < len(weights) < GENERATED
    assert len(np.unique(event)) == len(event)


# --- jets and muons -----------------------------------------------------------------------------


def test_muons_and_jets_are_ordered_in_pt(data: ak.Array) -> None:
    for pt in (data.Muon_pt, data.Jet_pt):
        assert ak.all(pt[:, :-1] >= pt[:, 1:])


def test_a_jet_index_is_that_of_a_jet_around_the_muon(data: ak.Array) -> None:
    index = data.Muon_jetIdx
    assert ak.all((index >= -1) & (index < ak.num(data.Jet_pt)))
    has = index >= 0
    jet = data.Jet_eta[index[has]], data.Jet_phi[index[has]]
    away = (data.Muon_phi[has] - jet[1] + np.pi) % (2 * np.pi) - np.pi
    assert ak.max(np.hypot(data.Muon_eta[has] - jet[0], away)) < 1.0
    assert ak.sum(has) > 0.5 * ak.count(index)


def test_energy_fractions_add_up_to_one(data: ak.Array) -> None:
    names = ("muEF", "chHEF", "chEmEF", "neEmEF", "neHEF")
    total = sum(data[f"Jet_{name}"] for name in names)
    assert ak.all(abs(total - 1.0) < 0.03)


def test_some_events_have_a_third_or_a_muon_that_is_not_tight(data: ak.Array) -> None:
    assert 0.05 < ak.mean(ak.num(data.Muon_pt) == 3) < 0.3
    assert 0.02 < ak.mean(~ak.all(data.Muon_tightId[:, :2], axis=1)) < 0.08


def test_every_data_event_fired_a_path(data: ak.Array) -> None:
    flags = [data[name] for name in PATHS if name in data.fields]
    # the path that is absent from the last file is left out here
    assert ak.mean(np.any(np.stack([ak.to_numpy(flag) for flag in flags]), axis=0)) > 0.999
