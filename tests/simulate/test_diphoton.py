"""The diphoton simulator: reproducible files in the published layout, with credible physics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from hepml.errors import OutputError, ParameterError
from hepml.simulate import diphoton
from hepml.simulate.diphoton import simulate

DATA = 4_000
GENERATED = 4_000
MODES = {"tt": "mc_341081", "gg": "mc_343981", "VBF": "mc_345041"}
MODES |= {"Wp": "mc_345318", "Z": "mc_345319"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("simulated")
    simulate(out, DATA, 11, clusters=2, simulated=GENERATED, periods="AB")
    return out


@pytest.fixture(scope="module")
def events(files: Path) -> dict[str, ak.Array]:
    """All branches: data under ``"data"``, the production modes under their names."""
    names = {mode: f"{prefix}*" for mode, prefix in MODES.items()} | {"data": "data_*"}
    return {
        name: ak.concatenate([uproot.open(path)["mini"].arrays() for path in files.glob(pattern)])
        for name, pattern in names.items()
    }


def contents(path: Path) -> list[Any]:
    arrays = uproot.open(path)["mini"].arrays()
    return ak.Array({name: arrays[name] for name in arrays.fields}).to_list()


def selected_mass(events: ak.Array) -> np.ndarray:
    """Mass [GeV] of the pairs that pass the published selection without its mass window."""
    eta = abs(events.photon_eta)
    good = events.photon_isTightID & (events.photon_pt > 25e3) & (eta < 2.37)
    good = good & ~((eta > 1.37) & (eta < 1.52))
    chosen = events[events.trigP & (ak.sum(good, axis=1) == 2)]
    good = good[events.trigP & (ak.sum(good, axis=1) == 2)]
    names = ("pt", "eta", "phi", "ptcone30", "etcone20")
    pt, eta, phi, track, calo = (
        ak.to_numpy(chosen[f"photon_{name}"][good]).astype(float) for name in names
    )
    mass = pair_mass(pt, eta, phi)
    share = np.sort(pt / 1e3, axis=1) / mass[:, None]
    isolated = np.all((track / pt < 0.065) & (calo / pt < 0.065), axis=1)
    return mass[isolated & (share[:, 1] > 0.35) & (share[:, 0] > 0.25)]


def pair_mass(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Mass [GeV] of pairs of massless objects (n, 2), pT in MeV."""
    angle = np.cosh(eta[:, 0] - eta[:, 1]) - np.cos(phi[:, 0] - phi[:, 1])
    return np.sqrt(2.0 * pt[:, 0] * pt[:, 1] * angle) / 1e3


def dijet_mass(events: ak.Array) -> np.ndarray:
    two = events[events.jet_n >= 2]
    return pair_mass(
        *(ak.to_numpy(two[f"jet_{name}"][:, :2]).astype(float) for name in ("pt", "eta", "phi"))
    )


def within(count: float, expected: float, total: int, sigmas: float = 5.0) -> bool:
    """Whether a count agrees with a binomial expectation."""
    return abs(count - total * expected) <= sigmas * np.sqrt(total * expected * (1 - expected))


# --- the files ----------------------------------------------------------------------------------


def test_the_files_have_the_published_names(files: Path) -> None:
    assert sorted(path.name for path in files.iterdir()) == [
        "data_A.GamGam.root",
        "data_B.GamGam.root",
        "mc_341081.ttH125_gamgam.GamGam.root",
        "mc_343981.ggH125_gamgam.GamGam.root",
        "mc_345041.VBFH125_gamgam.GamGam.root",
        "mc_345318.WpH125J_Wincl_gamgam.GamGam.root",
        "mc_345319.ZH125J_Zincl_gamgam.GamGam.root",
        "simulation.json",
    ]


def test_the_tree_has_the_81_branches_and_their_types(files: Path) -> None:
    with uproot.open(files / "data_A.GamGam.root") as file:
        assert file.classnames()["mini;1"] == "TTree"
        types = {name: branch.typename for name, branch in file["mini"].items()}
    assert len(types) == 81
    expected = {
        "eventNumber": "int32_t",
        "mcWeight": "float",
        "trigP": "bool",
        "photon_n": "int32_t",
        "photon_pt": "float[]",
        "photon_isTightID": "bool[]",
        "photon_convType": "int32_t[]",
        "lep_charge": "int32_t[]",
        "lep_type": "uint32_t[]",
        "jet_MV2c10": "float[]",
        "largeRjet_pt_syst": "float[]",
        "XSection": "float",
    }
    assert {name: types[name] for name in expected} == expected


def test_the_asked_number_of_data_events_is_written(events: dict[str, ak.Array]) -> None:
    assert len(events["data"]) == DATA


def test_a_file_has_as_many_clusters_as_asked(tmp_path: Path) -> None:
    first = simulate(tmp_path, 40, 1, clusters=8, simulated=1, periods="A")[0]
    assert list(uproot.open(first)["mini"].common_entry_offsets()) == list(range(0, 41, 5))


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    one, two = (
        simulate(tmp_path / name, 10, 5, clusters=1, simulated=10, periods="A")
        for name in ("one", "two")
    )
    for first, second in zip(one[:-1], two[:-1], strict=True):
        assert contents(first) == contents(second)
    assert one[-1].read_text() == two[-1].read_text()


def test_a_single_event_can_be_asked_for(tmp_path: Path) -> None:
    paths = simulate(tmp_path, 1, 0, simulated=1)
    assert uproot.open(paths[0])["mini"].num_entries == 1


def test_the_record_beside_the_files_agrees_with_the_one_inside(files: Path) -> None:
    record = json.loads((files / "simulation.json").read_text())
    assert record["simulated"] is True
    assert record["seed"] == 11
    assert record["higgs_factor"] == diphoton.HIGGS_FACTOR
    for name, sample in record["samples"].items():
        with uproot.open(files / name) as file:
            inside = json.loads(str(file["hepml_simulation"]))
            assert file["mini"].num_entries == sample["entries"]
        assert {key: sample[key] for key in inside.keys() & sample.keys()} == {
            key: inside[key] for key in inside.keys() & sample.keys()
        }
    data = record["samples"]["data_B.GamGam.root"]
    assert data["background"] + sum(data["higgs"].values()) == data["entries"]


# --- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"events": 0}, "at least 1"),
        ({"seed": -1}, "seed"),
        ({"simulated": 0}, "production mode"),
        ({"clusters": 0}, "cluster"),
        ({"periods": "AE"}, "A, B, C, D"),
        ({"periods": "AA"}, "at most once"),
    ],
)
def test_a_parameter_out_of_range_is_refused(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        simulate(tmp_path / "out", **({"events": 10, "seed": 1} | options))
    assert not (tmp_path / "out").exists()


def test_existing_files_are_not_overwritten(tmp_path: Path) -> None:
    taken = tmp_path / "data_A.GamGam.root"
    taken.write_text("precious")
    with pytest.raises(OutputError, match=r"data_A\.GamGam\.root exists already"):
        simulate(tmp_path, 10, 1)
    assert [path.name for path in tmp_path.iterdir()] == [taken.name]
    assert taken.read_text() == "precious"


def test_an_output_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="--out"):
        simulate(tmp_path / "file" / "below", 10, 1)


def test_a_failure_in_the_middle_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(diphoton, "simulation_clusters", fail)
    with pytest.raises(OutputError, match="No space left on device"):
        simulate(tmp_path / "out", 10, 1, clusters=1, simulated=10)
    assert list(tmp_path.iterdir()) == []


# --- weights ------------------------------------------------------------------------------------


def test_data_carry_no_weights(events: dict[str, ak.Array]) -> None:
    data = events["data"]
    assert set(data.channelNumber) == {0}
    assert set(data.mcWeight) == {1.0}
    assert set(data.SumWeights) == {0.0}
    assert not ak.any(data.photon_truthMatched)


def test_runs_lie_in_their_period(files: Path) -> None:
    runs = uproot.open(files / "data_B.GamGam.root")["mini/runNumber"].array()
    assert ak.min(runs) >= 300_345
    assert ak.max(runs) <= 300_908


@pytest.mark.parametrize("mode", MODES)
def test_event_numbers_are_unique(events: dict[str, ak.Array], mode: str) -> None:
    numbers = ak.to_numpy(events[mode].eventNumber)
    assert len(np.unique(numbers)) == len(numbers)


@pytest.mark.parametrize(
    ("mode", "share"), [("gg", 0.03), ("VBF", 0.0), ("Wp", 0.0085), ("Z", 0.02), ("tt", 0.05)]
)
def test_the_share_of_negative_weights_is_that_of_the_mode(
    events: dict[str, ak.Array], mode: str, share: float
) -> None:
    weights = ak.to_numpy(events[mode].mcWeight)
    assert within(np.sum(weights < 0), share, len(weights))


def test_associated_production_has_two_weight_values_as_published(
    events: dict[str, ak.Array],
) -> None:
    assert set(events["Wp"].mcWeight) == {np.float32(0.8768906), np.float32(-0.8768906)}


@pytest.mark.parametrize("mode", MODES)
def test_the_sum_of_weights_is_that_of_the_generated_events(
    events: dict[str, ak.Array], mode: str
) -> None:
    # 70 to 76 % pass the pre-selection; the weighted share has the same mean,
    # 5 sigma of 4,000 generated events is 0.035 (0.045 with negative weights)
    sample = events[mode]
    share = ak.sum(sample.mcWeight) / sample.SumWeights[0]
    assert 0.70 - 0.045 < share < 0.76 + 0.045
    assert len(np.unique(sample.SumWeights)) == 1


@pytest.mark.parametrize("mode", MODES)
def test_the_official_selection_accepts_about_a_third(
    events: dict[str, ak.Array], mode: str
) -> None:
    # published: 33.9 % of the produced events; simulated 0.347 to 0.362; 5 sigma is 0.038
    assert len(selected_mass(events[mode])) / GENERATED == pytest.approx(0.352, abs=0.045)


# --- physics ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_the_peak_is_at_125_with_the_published_width(
    events: dict[str, ak.Array], mode: str
) -> None:
    # rms 2.2 to 2.3 GeV, about 1,400 events: 5 sigma of the mean is 0.30, of the rms 0.21 GeV
    mass = selected_mass(events[mode])
    mass = mass[np.abs(mass - 125.0) < 10.0]
    assert mass.mean() == pytest.approx(125.0, abs=0.30)
    assert mass.std() == pytest.approx(2.24, abs=0.26)


def test_absolute_isolation_keeps_a_small_share_of_the_signal(events: dict[str, ak.Array]) -> None:
    # the reference notebook's cut, 17 % of the relative one in its sample
    two = events["gg"][events["gg"].photon_n == 2]
    absolute = ak.all((two.photon_ptcone30 < 0.065) & (two.photon_etcone20 < 0.065), axis=1)
    assert 0.10 < ak.mean(absolute) < 0.25


def test_the_selected_background_falls_as_the_published_cubic(
    events: dict[str, ak.Array],
) -> None:
    mass = selected_mass(events["data"])
    edges = np.array([105.0, 120.0, 130.0, 145.0, 160.0])
    power = np.arange(1, 5)
    integral = (np.array([9.43252e4, -1.77723e3, 11.5606, -2.56282e-2]) / power) @ (
        edges ** power[:, None]
    )
    expected = np.diff(integral)
    observed = np.histogram(mass, edges)[0]
    away = [0, 2, 3]  # without the peak
    scale = observed[away].sum() / expected[away].sum()
    pull = (observed - scale * expected)[away] / np.sqrt(scale * expected[away])
    assert np.all(np.abs(pull) < 5.0)


def test_the_recorded_luminosity_is_that_of_the_background(
    files: Path, events: dict[str, ak.Array]
) -> None:
    # sidebands of the published fit: 75,985 - 15,093 background events in 10,064 pb^-1
    record = json.loads((files / "simulation.json").read_text())
    mass = selected_mass(events["data"])
    side = np.sum((mass > 105) & (mass < 160) & ((mass < 120) | (mass > 130)))
    expected = (75_985 - 15_093) * record["luminosity"] / 10_064
    assert abs(side - expected) < 5.0 * np.sqrt(expected)


def test_the_injected_higgs_bosons_are_the_stated_multiple_of_the_true_rate(files: Path) -> None:
    # the pre-selection keeps 0.708 of gluon fusion; 5 sigma of a Poisson number
    record = json.loads((files / "simulation.json").read_text())
    expected = 0.102 * 0.708 * record["luminosity"] * record["higgs_factor"]
    assert abs(record["higgs_in_data"]["gg"] - expected) < 5.0 * np.sqrt(expected)


def test_photons_are_massless_and_two_to_four(events: dict[str, ak.Array]) -> None:
    for sample in events.values():
        energy = sample.photon_pt * np.cosh(sample.photon_eta)
        assert ak.all(abs(sample.photon_E / energy - 1.0) < 1e-5)
        assert set(sample.photon_n) <= {2, 3, 4}
    assert ak.any(events["data"].photon_n == 3)


def test_photons_are_nearly_but_not_always_sorted(events: dict[str, ak.Array]) -> None:
    pt = events["data"].photon_pt
    assert 0.005 < ak.mean(pt[:, 0] < pt[:, 1]) < 0.10


def test_jets_are_clear_of_photons(events: dict[str, ak.Array]) -> None:
    for sample in events.values():
        jets = ak.zip({"eta": sample.jet_eta, "phi": sample.jet_phi})
        photons = ak.zip({"eta": sample.photon_eta, "phi": sample.photon_phi})
        jet, photon = ak.unzip(ak.cartesian([jets, photons]))
        away = abs(jet.phi - photon.phi)
        away = ak.where(away > np.pi, 2 * np.pi - away, away)
        assert ak.all(np.hypot(jet.eta - photon.eta, away) > 0.3999)


def test_vector_boson_fusion_has_two_separated_jets(events: dict[str, ak.Array]) -> None:
    fusion, gluon = (np.median(dijet_mass(events[mode])) for mode in ("VBF", "gg"))
    assert fusion > 3.0 * gluon
    two = events["VBF"][events["VBF"].jet_n >= 2].jet_eta
    assert np.median(abs(two[:, 0] - two[:, 1])) > 3.0


def test_top_pairs_bring_b_jets_and_many_jets(events: dict[str, ak.Array]) -> None:
    count = {mode: ak.mean(ak.sum(events[mode].jet_MV2c10 > 0.83, axis=1)) for mode in MODES}
    assert count["tt"] > 0.9
    assert count["tt"] > 5.0 * count["Z"] > 5.0 * count["gg"]
    assert ak.mean(events["tt"].jet_n) > 4.0


def test_w_bosons_give_one_positive_lepton_and_z_bosons_two(events: dict[str, ak.Array]) -> None:
    # W: (10.7 + 10.6 + 0.35 x 11.4) % = 25 % times 0.88 and the acceptance
    one = ak.mean(events["Wp"].lep_n == 1)
    assert 0.15 < one < 0.24
    assert ak.all(events["Wp"].lep_charge == 1)
    pairs = events["Z"][events["Z"].lep_n == 2]
    assert 0.03 < len(pairs) / len(events["Z"]) < 0.07
    assert ak.all(ak.sum(pairs.lep_charge, axis=1) == 0)
    same = ak.to_numpy(pairs.lep_type[:, 0] == pairs.lep_type[:, 1])
    assert same.mean() > 0.9  # the rest are tau pairs


def test_leptonic_w_bosons_and_invisible_z_bosons_leave_missing_momentum(
    events: dict[str, ak.Array],
) -> None:
    assert np.median(events["gg"].met_et) < 15e3
    leptonic = events["Wp"].lep_n == 1
    assert np.median(events["Wp"].met_et[leptonic]) > 35e3
    # Z -> nu nu is 20 %
    assert within(np.sum(events["Z"].met_et > 60e3), 0.145, len(events["Z"]), 8.0)
