"""Selection of muon pairs and what is computed of them: pure functions on arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import awkward as ak
import numpy as np

from processors.dimuon_cuts import DimuonCuts
from processors.dimuon_features import MUON_MASS, PairFeatures, jet_features, pair_features
from processors.objects import Flat, Selection, float64, plain
from processors.pairs import leading_pair

__all__ = ["MUON_MASS", "MuonPairs", "jet_features", "pair_features", "select_muon_pairs"]


@dataclass(frozen=True, slots=True)
class MuonPairs(Selection):
    """Selected muon pairs of either sign, and the way from all events to them.

    Attributes
    ----------
    lead, trail : Flat
        The muons of each selected event.
    features : mapping of str to array
        Columns of the feature table that follow from muons, jets and trigger decisions.
    """

    lead: Flat
    trail: Flat
    features: Mapping[str, Any]

    @property
    def opposite(self) -> Any:
        """Whether the charges are opposite; all other selected pairs are of the same sign."""
        return self.features["charge_product"] < 0


def select_muon_pairs(
    muons: Any,
    cuts: DimuonCuts,
    *,
    decisions: Mapping[str, Any] | None = None,
    jets: Any = None,
    good: Any = None,
) -> MuonPairs:
    """Select one muon pair per event.

    Parameters
    ----------
    muons : array of lists of muons
        As in NanoAOD: pt [GeV], eta, phi [rad], charge, and what ``cuts`` asks for on top.
    cuts : DimuonCuts
        Cut values.
    decisions : mapping of str to array of bool, optional
        Trigger decisions of each event, for every name in ``cuts.decisions``.
    jets : array of lists of jets, optional
        Needed for n_jets and for ``cuts.jets``.
    good : array of bool, optional
        Events of certified luminosity blocks; all if left out.

    Returns
    -------
    MuonPairs
        Nothing dear is computed for events that fail the counting.
    """
    decisions = {name: plain(fired) for name, fired in (decisions or {}).items()}
    best = leading_pair(muons, muons.tightId if cuts.muons == "tight" else None)
    counts_jets = cuts.jets or "n_jets" in cuts.observables
    n_jets: Any = plain(ak.num(jets, axis=1)) if counts_jets else None
    first: dict[str, Any] = {}
    if good is not None:
        first["certified luminosity"] = plain(good)
    if cuts.trigger:
        first["trigger"] = decisions[cuts.trigger]
    first["at least two tight muons" if cuts.muons == "tight" else "at least two muons"] = (
        best.counts >= 2
    )
    if cuts.jets:
        first["at least one jet"] = n_jets >= 1
    steps: dict[str, tuple[Any, ...]] = {"all": ()}
    enough = _accumulate(steps, (), first)
    lead, trail = best[enough]
    others: dict[str, Any] = {"n_muons": best.counts[enough]}
    if "n_jets" in cuts.observables:
        others["n_jets"] = n_jets[enough]
    features = PairFeatures(lead, trail, cuts.observables)
    if cuts.jets:
        others |= jet_features(jets[enough], features["dimuon_eta"], features["dimuon_phi"])
    others |= {name: fired[enough] for name, fired in decisions.items()}
    features = features.joined(others)
    passed = _accumulate(steps, (enough,), _pair_cuts(lead, trail, features, cuts))
    kept = features.passing(passed)
    return MuonPairs(steps, kept.lead, kept.trail, kept)


def _accumulate(
    steps: dict[str, tuple[Any, ...]], before: tuple[Any, ...], decisions: Mapping[str, Any]
) -> Any:
    """Add a step for each decision, passed by what passes all decisions up to it."""
    passed = None
    for name, mask in decisions.items():
        passed = mask if passed is None else passed & mask
        steps[name] = (*before, passed)
    return passed


def _pair_cuts(
    lead: Flat, trail: Flat, features: Mapping[str, Any], cuts: DimuonCuts
) -> dict[str, Any]:
    """Decide for each pair and each cut alone whether it passes; never for a value that is NaN."""
    mass = features["dimuon_mass"]
    decisions = {
        # a mass is finite and above zero only if every input is finite
        "valid pair": np.isfinite(mass)
        & (features["dimuon_pt"] > 0)
        & (np.abs(features["charge_product"]) == 1),
        "muon pT": (float64(lead.pt) >= cuts.lead_pt) & (float64(trail.pt) >= cuts.trail_pt),
    }
    for which, low in (("lead_iso04", cuts.lead_iso04), ("trail_iso04", cuts.trail_iso04)):
        if low is not None:
            decisions[f"{which} >= {low:g}"] = float64(features[which]) >= low
    if cuts.window_low is not None or cuts.window_high is not None:
        low = -np.inf if cuts.window_low is None else cuts.window_low
        high = np.inf if cuts.window_high is None else cuts.window_high
        decisions["mass window"] = (mass >= low) & (mass <= high)
    for name, low in cuts.minimum.items():
        decisions[f"minimum {name} = {low:g}"] = float64(features[name]) >= low
    for name, high in cuts.maximum.items():
        decisions[f"maximum {name} = {high:g}"] = float64(features[name]) <= high
    return decisions
