"""Own cuts on muons, and the pairs that hepml's dimuon selection makes of those that pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from processors.dimuon import DimuonCuts, MuonPairs, select_muon_pairs

__all__ = ["ZCuts", "good_muons", "z_candidates"]


@dataclass(frozen=True, slots=True)
class ZCuts:
    """Every number of the selection. Momenta and masses in GeV; isolation over pT."""

    lead_pt: float = 25.0
    trail_pt: float = 15.0
    eta: float = 2.4
    isolation: float = 0.15
    mass_low: float = 60.0
    mass_high: float = 120.0


def good_muons(muons: Any, cuts: ZCuts) -> Any:
    """Whether each muon is within acceptance and isolated: jagged like the muons."""
    return (np.abs(muons.eta) < cuts.eta) & (muons.pfRelIso04_all < cuts.isolation)


def z_candidates(muons: Any, cuts: ZCuts) -> MuonPairs:
    """Pair the two good tight muons of highest pT in each event, of either sign.

    Same-sign pairs hold no Z: they show what is left of hadrons that look like muons.
    """
    pairs = DimuonCuts(
        muons="tight",
        lead_pt=cuts.lead_pt,
        trail_pt=cuts.trail_pt,
        window_low=cuts.mass_low,
        window_high=cuts.mass_high,
    )
    return select_muon_pairs(muons[good_muons(muons, cuts)], pairs)
