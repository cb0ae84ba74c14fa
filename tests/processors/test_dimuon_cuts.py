"""Dimuon cuts: presets, names that must exist, and values that make sense."""

from __future__ import annotations

from typing import Any

import pytest

from hepml.errors import ParameterError
from processors.dimuon import DimuonProcessor
from processors.dimuon_columns import COLUMNS, OBSERVABLES, PUBLISHED_PATHS, table_columns
from processors.dimuon_cuts import INCLUSIVE, TIGHT, UPSILON_UNISOLATED, DimuonCuts
from tests.nanoaod import TRIGGER


def make(preset: str | None = None, **cuts: Any) -> DimuonCuts:
    found = DimuonProcessor.from_parameters(preset=preset, cuts=cuts).cuts
    assert isinstance(found, DimuonCuts)
    return found


def test_the_published_cuts() -> None:
    cuts = UPSILON_UNISOLATED
    assert (cuts.lead_pt, cuts.trail_pt, cuts.lead_iso04, cuts.trail_iso04) == (17, 8, 0.55, 0.55)
    assert (cuts.trigger, cuts.window_low, cuts.window_high) == (TRIGGER, 5, 16)
    assert cuts.muons == "tight"


def test_a_change_to_a_preset_keeps_its_other_cuts() -> None:
    cuts = make("upsilon-unisolated", minimum={"lead_pt": 20})
    assert cuts.minimum == {"lead_pt": 20.0}
    assert (cuts.lead_iso04, cuts.trigger) == (0.55, TRIGGER)


def test_the_inclusive_preset_needs_kinematics_and_charge_only() -> None:
    branches = DimuonProcessor().required_branches("Events", "data")
    assert branches == ("nMuon", "Muon_pt", "Muon_eta", "Muon_phi", "Muon_charge")


def test_presets_require_what_they_read() -> None:
    branches = DimuonProcessor(preset="upsilon-unisolated").required_branches("Events", "data")
    assert {TRIGGER, "Muon_tightId", *OBSERVABLES.values()} <= set(branches)
    jets = DimuonProcessor(DimuonCuts(jets=True)).required_branches("Events", "data")
    assert {"nJet", "Jet_btagDeepB"} <= set(jets)


def test_a_path_is_named_with_or_without_its_prefix() -> None:
    cuts = make(trigger="Mu17", paths=["HLT_Mu17", "Mu8"])
    assert cuts.trigger == "HLT_Mu17"
    assert cuts.decisions == ("HLT_Mu17", "HLT_Mu8")


def test_the_published_paths_have_a_short_name() -> None:
    assert len(PUBLISHED_PATHS) == 40
    assert make(paths=["published"], missing_trigger=False).decisions == PUBLISHED_PATHS


def test_paths_may_be_missing_if_the_cuts_say_so() -> None:
    cuts = DimuonCuts(trigger="Mu17", missing_trigger="false")
    processor = DimuonProcessor(cuts)
    assert "HLT_Mu17" not in processor.required_branches("Events", "data")
    assert "HLT_Mu17" in processor.optional_branches("Events", "data")
    assert "HLT_Mu17" in DimuonProcessor(DimuonCuts(trigger="Mu17")).required_branches("", "data")


@pytest.mark.parametrize("which", ["minimum", "maximum"])
def test_an_unknown_variable_is_an_error_with_near_misses(which: str) -> None:
    with pytest.raises(ParameterError, match="Did you mean 'lead_iso04'"):
        make("tight", **{which: {"lead_isso04": 0.5}})


def test_a_variable_that_the_cuts_do_not_compute_is_an_error() -> None:
    with pytest.raises(ParameterError, match=r"no 'mu0_ip3d'\. Put what it needs into observables"):
        make(maximum={"mu0_ip3d": 0.1})


def test_published_names_are_translated() -> None:
    assert make(maximum={"mumu_deltaR": 3}).maximum == {"delta_r": 3.0}


def test_a_variable_is_bounded_once() -> None:
    with pytest.raises(ParameterError, match="bounds 'lead_pt' twice"):
        make(minimum={"lead_pt": 3, "mu0_pt": 5})


def test_a_trigger_decision_can_be_bounded() -> None:
    assert make(paths=["Mu8"], minimum={"HLT_Mu8": 1}).minimum == {"HLT_Mu8": 1.0}


@pytest.mark.parametrize(
    ("cuts", "message"),
    [
        ({"minimum": {"lead_pt": float("nan")}}, "minimum.lead_pt must be finite"),
        ({"lead_pt": float("inf")}, "lead_pt must be finite"),
        ({"window_low": 16, "window_high": 5}, "window_low = 16"),
        ({"mass_low": 0}, "mass_low = 0"),
        ({"bins": 0}, "bins must be at least 1"),
        ({"lead_iso04": 0.5}, "put iso04 into observables"),
        ({"observables": ["ip3"]}, "Did you mean 'ip3d'"),
        ({"windows": ["upsylon"]}, "Did you mean 'upsilon'"),
        ({"muons": "medium"}, "muons = 'medium'"),
        ({"missing_trigger": "ignore"}, "missing_trigger = 'ignore'"),
        ({"mumu_pt": 3}, "no cut 'mumu_pt'"),
    ],
)
def test_values_that_make_no_sense_are_refused(cuts: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make(**cuts)


def test_columns_follow_from_the_cuts() -> None:
    names = {column.name for column in table_columns(INCLUSIVE)}
    assert "lead_iso04" not in names
    assert "n_jets" not in names
    tight = {column.name for column in table_columns(TIGHT)}
    assert tight - names == {
        *(f"{muon}_{name}" for muon in ("lead", "trail") for name in ("ip3d", "jetiso", "iso04")),
        "n_jets",
    }
    jets = {column.name for column in table_columns(DimuonCuts(jets=True))} - names
    assert len(jets) == 6
    assert jets <= {column.name for column in COLUMNS}


def test_parameters_make_the_same_processor_again() -> None:
    first = DimuonProcessor.from_parameters(
        preset="upsilon", cuts={"paths": ["Mu8"], "maximum": {"n_jets": 3}}
    )
    again = DimuonProcessor.from_parameters(**first.parameters())
    assert again.cuts == first.cuts
    assert again.parameters() == first.parameters()
