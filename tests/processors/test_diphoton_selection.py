"""Every cut of every diphoton preset: an event that fails only it is lost there."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hepml.errors import ParameterError
from processors.diphoton import DiphotonCuts, DiphotonProcessor
from tests.events import (
    Event,
    diphoton_photons,
    mini_event,
    photon,
    run_chunk,
    write_mini,
)


def steps(tmp_path: Path, events: list[Event], preset: str) -> dict[str, int]:
    result = run_chunk(write_mini(tmp_path / "mini.root", events), DiphotonProcessor(preset=preset))
    return {name: step["raw"] for name, step in result.cutflow.items()}


def changed(index: int, pt: float = 62.5, **changes: Any) -> Event:
    """An event that passes (mass 125 GeV), with one of its two photons changed."""
    photons = diphoton_photons(pt)
    photons[index] |= changes
    return mini_event(photons)


def at(pt1: float, eta1: float, pt2: float, eta2: float, **scalars: Any) -> Event:
    """Two photons back to back in azimuth: m^2 = 2 pt1 pt2 (cosh(eta1 - eta2) + 1)."""
    return mini_event([photon(pt1, eta1, 0.0), photon(pt2, eta2, math.pi)], **scalars)


OFFICIAL = {
    "trigger": [mini_event(diphoton_photons(), trigP=False)],
    "two good photons": [
        mini_event([photon(62.5)]),
        mini_event([]),
        changed(1, isTightID=False),
        changed(1, eta=1.45),
        changed(0, eta=-2.4),
        at(200.0, 0.1, 24.9, 0.1),
        mini_event([*diphoton_photons(), photon(30, eta=1.0)]),
    ],
    "isolation": [changed(0, ptcone30=0.065 * 62.5), changed(1, etcone20=0.066 * 62.5)],
    "pT/m": [at(42.0, -1.0, 42.0, 1.0), at(130.0, 0.0, 27.0, 0.1)],
    "mass window": [mini_event(diphoton_photons(52.5)), mini_event(diphoton_photons(80.5))],
}
SEED_HISTOGRAM = {
    "two photons": [mini_event([photon(62.5)])],
    "tight, matched, isolated": [
        changed(0, isTightID=False),
        changed(1, trigMatched=False),
        changed(1, ptcone30=0.001),
        changed(0, etcone20=0.001),
    ],
    "photon pT": [at(34.9, 0.0, 34.9, 1.3), at(160.0, 0.1, 24.9, 0.1)],
    "acceptance": [changed(1, eta=1.45), changed(0, eta=-2.4)],
    "pT/m": [at(42.0, -1.0, 42.0, 1.0), at(130.0, 0.0, 27.0, 0.1)],
    "mass window": [mini_event(diphoton_photons(52.4)), mini_event(diphoton_photons(80.1))],
}
SEED_TABLE = {
    "trigger": [mini_event(diphoton_photons(), trigP=False)],
    "two photons": [mini_event([photon(62.5)])],
    "tight, matched, isolated": SEED_HISTOGRAM["tight, matched, isolated"],
    "photon pT": [at(160.0, 0.1, 24.9, 0.1)],
    "E/m": [at(130.0, 0.0, 27.0, 0.1)],
    "mass window": [mini_event(diphoton_photons(57.4)), mini_event(diphoton_photons(67.6))],
}
CENTRAL = {"unconverted central": [changed(0, convType=1), changed(1, eta=-0.76)]}
CASES = [
    (preset, prefix, step, index)
    for preset, prefix, table in (
        ("official", "", OFFICIAL),
        ("unconverted-central", "", CENTRAL),
        ("seed", "histogram: ", SEED_HISTOGRAM),
        ("seed", "table: ", SEED_TABLE),
        ("seed-table", "", SEED_TABLE),
    )
    for step, events in table.items()
    for index in range(len(events))
]
TABLES = {
    ("official", ""): OFFICIAL,
    ("unconverted-central", ""): CENTRAL,
    ("seed", "histogram: "): SEED_HISTOGRAM,
    ("seed", "table: "): SEED_TABLE,
    ("seed-table", ""): SEED_TABLE,
}


@pytest.mark.parametrize(("preset", "prefix", "step", "index"), CASES)
def test_an_event_that_fails_one_cut_is_lost_at_that_step(
    tmp_path: Path, preset: str, prefix: str, step: str, index: int
) -> None:
    failing = TABLES[preset, prefix][step][index]
    passing = mini_event(diphoton_photons())
    flow = steps(tmp_path, [passing, failing], preset)
    own = {name: count for name, count in flow.items() if name.startswith(prefix)}
    lost = [name for name, count in own.items() if count == 1]
    assert lost[0] == prefix + step
    assert list(own.values())[-1] == 1


@pytest.mark.parametrize("preset", ["official", "unconverted-central", "seed", "seed-table"])
def test_more_photons_do_not_hurt_if_they_are_soft_and_bad(tmp_path: Path, preset: str) -> None:
    event = mini_event([photon(24, isTightID=False), *diphoton_photons()])
    assert set(steps(tmp_path, [event], preset).values()) == {1}


def test_the_leading_two_of_all_photons_make_the_seed_pair(tmp_path: Path) -> None:
    hard_but_bad = mini_event([*diphoton_photons(), photon(90, eta=1.0, isTightID=False)])
    assert steps(tmp_path, [hard_but_bad], "official")["mass window"] == 1
    assert steps(tmp_path, [hard_but_bad], "seed")["histogram: mass window"] == 0


def test_the_seed_table_uses_energy_and_no_acceptance(tmp_path: Path) -> None:
    forward = at(35.0, 1.45, 36.0, -0.9)
    flow = steps(tmp_path, [forward], "seed")
    assert flow["histogram: acceptance"] == 0
    assert flow["table: mass window"] == 1


@pytest.mark.parametrize(("preset", "kept"), [("official", 0), ("seed-table", 1)])
@pytest.mark.parametrize("edge", ["mass_low", "mass_high"])
def test_only_the_seed_mass_window_includes_its_edges(
    tmp_path: Path, preset: str, kept: int, edge: str
) -> None:
    path = write_mini(tmp_path / "mini.root", [mini_event(diphoton_photons())])
    processor = DiphotonProcessor(preset=preset)
    (mass,) = run_chunk(path, processor).columns["diphoton_mass"]
    at_the_edge = DiphotonProcessor(replace(processor.cuts, **{edge: float(mass)}))
    assert len(run_chunk(path, at_the_edge).columns["diphoton_mass"]) == kept


def test_cuts_are_checked_when_they_are_set() -> None:
    processor = DiphotonProcessor.from_parameters(cuts={"lead_pt": "40", "trigger": "false"})
    assert processor.cuts == DiphotonCuts(lead_pt=40.0, trigger=False)
    with pytest.raises(ParameterError, match="lead_pt"):
        DiphotonProcessor.from_parameters(cuts={"led_pt": 40})
    with pytest.raises(ParameterError, match="isolation"):
        DiphotonProcessor.from_parameters(cuts={"isolation": "loose"})
    with pytest.raises(ParameterError, match="mass_low = 170"):
        DiphotonCuts(mass_low=170.0)
    with pytest.raises(ParameterError, match="finite"):
        DiphotonCuts(lead_pt=math.nan)
