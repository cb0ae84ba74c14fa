"""The diphoton selection against a plain loop over events that shares no code with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import uproot

from processors.diphoton import DiphotonProcessor
from tests.events import run_chunk, shared_file

SAMPLES = {
    "data_A": "data",
    "mc_341081.ttH125_gamgam": "simulation",
    "mc_343981.ggH125_gamgam": "simulation",
    "mc_345041.VBFH125_gamgam": "simulation",
    "mc_345318.WpH125J_Wincl_gamgam": "simulation",
    "mc_345319.ZH125J_Zincl_gamgam": "simulation",
}
BRANCHES = ("pt", "eta", "phi", "E", "isTightID", "trigMatched", "ptcone30", "etcone20")


class Photon(NamedTuple):
    """One photon as stored: MeV."""

    pt: float
    eta: float
    phi: float
    E: float
    tight: bool
    matched: bool
    ptcone30: float
    etcone20: float


def events(path: Any) -> Iterator[tuple[bool, list[Photon]]]:
    with uproot.open(path) as file:
        names = ["trigP", *(f"photon_{name}" for name in BRANCHES)]
        arrays = file["mini"].arrays(names, library="np")
    for trigger, *columns in zip(*arrays.values(), strict=True):
        rows = zip(*(column.tolist() for column in columns), strict=True)
        yield bool(trigger), sorted((Photon(*row) for row in rows), key=lambda p: -p.pt)


def mass(a: Photon, b: Photon) -> float:
    """From energies and the opening angle, not from transverse momenta."""
    cosine = (math.cos(a.phi - b.phi) + math.sinh(a.eta) * math.sinh(b.eta)) / (
        math.cosh(a.eta) * math.cosh(b.eta)
    )
    energies = a.pt * math.cosh(a.eta) * b.pt * math.cosh(b.eta)
    return math.sqrt(2 * energies * (1 - cosine))


def fiducial(photon: Photon) -> bool:
    return abs(photon.eta) < 1.37 or 1.52 < abs(photon.eta) < 2.37


def official(trigger: bool, photons: list[Photon]) -> bool:
    good = [p for p in photons if p.tight and p.pt > 25000 and fiducial(p)]
    if not trigger or len(good) != 2:
        return False
    if any(p.ptcone30 / p.pt >= 0.065 or p.etcone20 / p.pt >= 0.065 for p in good):
        return False
    m = mass(*good)
    return good[0].pt / m > 0.35 and good[1].pt / m > 0.25 and 105000 < m < 160000


def seed_photons(photons: list[Photon]) -> bool:
    return len(photons) >= 2 and all(
        p.tight and p.matched and p.ptcone30 < 0.065 and p.etcone20 < 0.065 for p in photons[:2]
    )


def seed_histogram(trigger: bool, photons: list[Photon]) -> bool:
    if not seed_photons(photons):
        return False
    a, b = photons[:2]
    m = mass(a, b)
    if not (a.pt > 35000 and b.pt > 25000 and fiducial(a) and fiducial(b)):
        return False
    return a.pt / m > 0.35 and b.pt / m > 0.25 and 105000 <= m <= 160000


def seed_table(trigger: bool, photons: list[Photon]) -> bool:
    if not (trigger and seed_photons(photons)):
        return False
    a, b = photons[:2]
    m = mass(a, b)
    if not (a.pt > 25000 and b.pt > 25000):
        return False
    return a.E / m > 0.35 and b.E / m > 0.25 and 115000 <= m <= 135000


@pytest.mark.shared
@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize(
    ("preset", "step", "rule"),
    [
        ("official", "mass window", official),
        ("seed", "histogram: mass window", seed_histogram),
        ("seed", "table: mass window", seed_table),
    ],
)
def test_counts_agree_with_a_loop_over_events(
    sample: str, preset: str, step: str, rule: Callable[[bool, list[Photon]], bool]
) -> None:
    path = shared_file("hgg", f"{sample}.GamGam.root")
    result = run_chunk(path, DiphotonProcessor(preset=preset), kind=SAMPLES[sample])
    expected = sum(rule(trigger, photons) for trigger, photons in events(path))
    assert expected > 0
    assert result.cutflow[step]["raw"] == expected
