"""Pure functions of the dimuon selection: which pair, which numbers, which steps."""

from __future__ import annotations

import math
from typing import Any

import awkward as ak
import numpy as np
import pytest
import vector

from processors.dimuon import MUON_MASS, MuonPairs, select_muon_pairs
from processors.dimuon_cuts import TIGHT, DimuonCuts
from tests.nanoaod import full_muon, nano_jet

NAN = float("nan")


def select(events: list[list[Any]], cuts: DimuonCuts | None = None, **more: Any) -> MuonPairs:
    # a muon in front gives the array its fields where no event has any
    muons = ak.Array([[full_muon(1.0)], *events])[1:]
    with np.errstate(invalid="ignore"):
        return select_muon_pairs(muons, cuts or DimuonCuts(), **more)


def passed(pairs: MuonPairs, total: int) -> dict[str, int]:
    return {name: len(pairs.passing(np.ones(total), name)) for name in pairs.steps}


def random_muons(seed: int, size: int, threshold: float) -> list[Any]:
    random = np.random.default_rng(seed)
    return [
        full_muon(pt, eta, phi)
        for pt, eta, phi in zip(
            random.uniform(threshold, threshold + 37, size),
            random.uniform(-2.4, 2.4, size),
            random.uniform(-math.pi, math.pi, size),
            strict=True,
        )
    ]


def test_every_observable_agrees_with_vector() -> None:
    lead, trail = random_muons(1, 500, 40.0), random_muons(2, 500, 3.0)
    found = select([list(pair) for pair in zip(lead, trail, strict=True)]).features
    one, two = (
        vector.array({name: [m[name] for m in muons] for name in ("pt", "eta", "phi")}).to_Vector4D(
            mass=MUON_MASS
        )
        for muons in (lead, trail)
    )
    pair = one + two
    for name, expected in {
        "dimuon_mass": pair.mass,
        "dimuon_pt": pair.pt,
        "dimuon_eta": pair.eta,
        "dimuon_phi": pair.phi,
        "delta_r": one.deltaR(two),
        "delta_pt": one.pt - two.pt,
    }.items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-6, atol=1e-9, err_msg=name)
        assert found[name].dtype == np.float64


def test_single_precision_inputs_do_not_spoil_a_small_mass() -> None:
    # 1 mrad apart at 40 GeV: E^2 - p^2 in single precision would be wrong by hundreds of MeV
    events = ak.Array([[full_muon(40.0, 2.0, 0.0), full_muon(40.0, 2.0, 1e-3)]])
    single = ak.values_astype(events, np.float32)
    found = select_muon_pairs(single, DimuonCuts()).features["dimuon_mass"][0]
    phi = float(np.float32(1e-3))
    one, two = (vector.obj(pt=40, eta=2, phi=angle, mass=MUON_MASS) for angle in (0, phi))
    assert found == pytest.approx((one + two).mass, rel=1e-6)


def test_muons_on_top_of_each_other_have_twice_the_mass_of_one() -> None:
    features = select([[full_muon(50, 1.5, 2.0), full_muon(50, 1.5, 2.0, -1)]]).features
    assert features["dimuon_mass"][0] == pytest.approx(2 * MUON_MASS, rel=1e-12)
    assert features["delta_r"].tolist() == [0.0]
    assert features["delta_pt"].tolist() == [0.0]


def test_the_distance_is_taken_the_short_way_round() -> None:
    features = select([[full_muon(50, 0.0, 3.1), full_muon(40, 0.0, -3.1)]]).features
    assert features["delta_r"][0] == pytest.approx(2 * math.pi - 6.2)


def test_tight_takes_the_first_two_tight_muons() -> None:
    loose = full_muon(60, tightId=False, charge=-1)
    pairs = select([[loose, full_muon(30), full_muon(20, phi=1.0), full_muon(9)]], _TIGHT)
    assert pairs.features["lead_pt"].tolist() == [30.0]
    assert pairs.features["trail_pt"].tolist() == [20.0]
    assert pairs.features["n_muons"].tolist() == [3]


def test_muons_need_not_be_stored_in_order() -> None:
    pairs = select([[full_muon(9), full_muon(20, phi=1.0), full_muon(30)]], _TIGHT)
    assert (pairs.lead.pt.tolist(), pairs.trail.pt.tolist()) == ([30.0], [20.0])


def test_between_muons_of_equal_momentum_the_stored_order_decides() -> None:
    first, second = full_muon(20, phi=0.5), full_muon(20, phi=1.5)
    pairs = select([[full_muon(5), first, second, full_muon(20, phi=2.5)]])
    assert (pairs.lead.phi.tolist(), pairs.trail.phi.tolist()) == ([0.5], [1.5])


_TIGHT = DimuonCuts(muons="tight")


@pytest.mark.parametrize(
    "muons",
    [
        [full_muon(NAN), full_muon(20)],
        [full_muon(30, phi=NAN), full_muon(20)],
        [full_muon(30, eta=math.inf), full_muon(20)],
        [full_muon(30, charge=0), full_muon(20, phi=1.0)],
        [full_muon(20, phi=0.0), full_muon(20, phi=math.pi)],
    ],
    ids=["pt", "phi", "eta", "charge", "no pT of the pair"],
)
def test_an_invalid_pair_is_dropped_in_a_step_of_its_own(muons: list[Any]) -> None:
    if muons[1]["phi"] == math.pi:
        muons[1]["pt"] = muons[0]["pt"] = 0.0  # no direction at all
    pairs = select([muons, [full_muon(9), full_muon(8, phi=1.0)]])
    assert passed(pairs, 2) == {
        "all": 2,
        "at least two muons": 2,
        "valid pair": 1,
        "muon pT": 1,
    }


def test_a_muon_of_unknown_momentum_is_passed_over_where_there_are_two_others() -> None:
    pairs = select([[full_muon(NAN), full_muon(20), full_muon(30, phi=1.0)]])
    assert pairs.lead.pt.tolist() == [30.0]
    assert pairs.trail.pt.tolist() == [20.0]


@pytest.mark.parametrize("events", [[], [[]], [[full_muon(50)], [full_muon(5, tightId=False)]]])
def test_too_few_muons_give_no_pair(events: list[Any]) -> None:
    pairs = select(events, _TIGHT)
    assert len(pairs.features["dimuon_mass"]) == 0
    assert passed(pairs, len(events))["all"] == len(events)


def test_bounds_and_thresholds_include_their_value_and_count_one_by_one() -> None:
    cuts = DimuonCuts(
        observables=("iso04",),
        lead_pt=30.0,
        trail_pt=8.0,
        lead_iso04=0.5,
        window_low=5.0,
        window_high=400.0,
        minimum={"mu1_iso04": 0.5, "delta_pt": 1.0},
        maximum={"n_muons": 2},
    )
    soft = full_muon(8.0, phi=1.0, pfRelIso04_all=0.5)
    events = [
        [full_muon(30.0, pfRelIso04_all=0.5), soft],
        [full_muon(29.9), soft],
        [full_muon(30.0, pfRelIso04_all=0.4), soft],
        [full_muon(30.0, phi=1.0), soft],
        [full_muon(30.0), soft | {"pfRelIso04_all": NAN}],
        [full_muon(30.0), soft, full_muon(7.0)],
    ]
    assert passed(select(events, cuts), 6) == {
        "all": 6,
        "at least two muons": 6,
        "valid pair": 6,
        "muon pT": 5,
        "lead_iso04 >= 0.5": 4,
        "mass window": 3,
        "minimum trail_iso04 = 0.5": 2,
        "minimum delta_pt = 1": 2,
        "maximum n_muons = 2": 1,
    }


def test_event_cuts_come_first() -> None:
    cuts = DimuonCuts(trigger="Mu17", jets=True)
    pair = [full_muon(30), full_muon(20, phi=1.0)]
    jets = ak.Array([[nano_jet(40)], [nano_jet(40)], [nano_jet(40)], [], [nano_jet(1)]])
    pairs = select(
        [pair, pair, [full_muon(30)], pair, pair],
        cuts,
        decisions={"HLT_Mu17": np.array([True, False, True, True, True])},
        jets=jets,
        good=np.array([True, True, True, True, False]),
    )
    assert passed(pairs, 5) == {
        "all": 5,
        "certified luminosity": 4,
        "trigger": 3,
        "at least two muons": 2,
        "at least one jet": 1,
        "valid pair": 1,
        "muon pT": 1,
    }
    assert pairs.features["HLT_Mu17"].tolist() == [True]


def test_the_first_stored_jet_is_described_with_its_distance() -> None:
    jets = ak.Array([[nano_jet(30, eta=1.0, phi=3.0), nano_jet(90)]])
    pair = [full_muon(30, eta=1.0, phi=-3.0), full_muon(20, eta=1.0, phi=-3.0)]
    found = select([pair], DimuonCuts(jets=True), jets=jets).features
    expected = {
        "hardest_jet_btag": 0.25,
        "hardest_jet_pt": 30.0,
        "hardest_jet_eta": 1.0,
        "hardest_jet_phi": 3.0,
        "hardest_jet_mass": 5.0,
        "dimujet_delta_r": 2 * math.pi - 6.0,
    }
    assert {name: found[name].tolist()[0] for name in expected} == pytest.approx(expected)


def test_the_selection_leaves_its_inputs_alone() -> None:
    muons = ak.Array([[full_muon(NAN), full_muon(20), full_muon(30)]])
    before = muons.pt.to_list()
    select_muon_pairs(muons, TIGHT, jets=ak.Array([[nano_jet(20)]]))
    assert str(muons.pt.to_list()) == str(before)
