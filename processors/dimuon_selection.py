"""Selection of muon pairs and what is computed of them: pure functions on arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import awkward as ak
import numpy as np

from processors.dimuon_cuts import DimuonCuts
from processors.objects import (
    Flat,
    Selection,
    delta_r,
    float64,
    invariant_mass,
    leading_pair,
    plain,
)

__all__ = ["MUON_MASS", "MuonPairs", "jet_features", "pair_features", "select_muon_pairs"]

# Particle Data Group, 2022 [GeV]; files store it per muon in single precision
MUON_MASS = 0.1056583755

# our name of a muon's quantity -> its field in NanoAOD
_MUON = {"pt": "pt", "eta": "eta", "phi": "phi"}
_EXTRA = {"ip3d": "ip3d", "jetiso": "jetRelIso", "iso04": "pfRelIso04_all"}
_JET = {"btag": "btagDeepB", "pt": "pt", "eta": "eta", "phi": "phi", "mass": "mass"}


@dataclass(frozen=True, slots=True)
class MuonPairs(Selection):
    """Selected muon pairs of either sign, and the way from all events to them.

    Attributes
    ----------
    lead, trail : Flat
        The muons of each selected event.
    features : dict of str to array
        Columns of the feature table that follow from muons, jets and trigger decisions.
    """

    lead: Flat
    trail: Flat
    features: dict[str, Any]

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
    usable = muons[muons.tightId] if cuts.muons == "tight" else muons
    counts = plain(ak.num(usable.pt, axis=1))
    counts_jets = cuts.jets or "n_jets" in cuts.observables
    n_jets: Any = plain(ak.num(jets, axis=1)) if counts_jets else None
    first: dict[str, Any] = {}
    if good is not None:
        first["certified luminosity"] = plain(good)
    if cuts.trigger:
        first["trigger"] = decisions[cuts.trigger]
    first["at least two tight muons" if cuts.muons == "tight" else "at least two muons"] = (
        counts >= 2
    )
    if cuts.jets:
        first["at least one jet"] = n_jets >= 1
    steps: dict[str, tuple[Any, ...]] = {"all": ()}
    enough = _accumulate(steps, (), first)
    lead, trail = leading_pair(usable[enough])
    features = pair_features(lead, trail, cuts)
    features |= {"n_muons": counts[enough]}
    if "n_jets" in cuts.observables:
        features["n_jets"] = n_jets[enough]
    if cuts.jets:
        features |= jet_features(jets[enough], features["dimuon_eta"], features["dimuon_phi"])
    features |= {name: fired[enough] for name, fired in decisions.items()}
    passed = _accumulate(steps, (enough,), _pair_cuts(lead, trail, features, cuts))
    kept = {name: values[passed] for name, values in features.items()}
    return MuonPairs(steps, lead[passed], trail[passed], kept)


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


def pair_features(lead: Flat, trail: Flat, cuts: DimuonCuts | None = None) -> dict[str, Any]:
    """Compute what follows from the muons of each pair, in double precision.

    Parameters
    ----------
    lead, trail : Flat
        Muons with ``pt`` [GeV], ``eta``, ``phi`` [rad] and ``charge``.
    cuts : DimuonCuts, optional
        ``cuts.observables`` names further quantities of the muons to pass on; none if left out.

    Returns
    -------
    dict of str to array
        Columns of the feature table, GeV, cm and rad; one entry per pair.
    """
    wanted = cuts.observables if cuts else ()
    fields = _MUON | {name: field for name, field in _EXTRA.items() if name in wanted}
    pt1, pt2 = float64(lead.pt), float64(trail.pt)
    phi1, phi2 = float64(lead.phi), float64(trail.phi)
    px = pt1 * np.cos(phi1) + pt2 * np.cos(phi2)
    py = pt1 * np.sin(phi1) + pt2 * np.sin(phi2)
    pz = pt1 * np.sinh(float64(lead.eta)) + pt2 * np.sinh(float64(trail.eta))
    pt = np.hypot(px, py)
    return {
        "dimuon_mass": invariant_mass(lead, trail, MUON_MASS),
        "charge_product": lead.charge * trail.charge,
        **{f"lead_{name}": getattr(lead, field) for name, field in fields.items()},
        **{f"trail_{name}": getattr(trail, field) for name, field in fields.items()},
        "dimuon_pt": pt,
        # two muons exactly back to back have no pT; the tiny number keeps eta finite
        "dimuon_eta": np.arcsinh(pz / np.maximum(pt, 1e-12)),
        "dimuon_phi": np.arctan2(py, px),
        "delta_r": delta_r(lead, trail),
        "delta_pt": pt1 - pt2,
    }


def jet_features(jets: Any, eta: Any, phi: Any) -> dict[str, Any]:
    """Describe the first stored jet of each event, and its distance from the pair.

    Parameters
    ----------
    jets : array of lists of jets
        At least one in every event.
    eta, phi : array
        Direction of the pair [rad].
    """
    hardest = Flat(jets[:, 0])
    features = {f"hardest_jet_{name}": getattr(hardest, field) for name, field in _JET.items()}
    features["dimujet_delta_r"] = delta_r(hardest, _Direction(eta, phi))
    return features


@dataclass(frozen=True, slots=True)
class _Direction:
    eta: Any
    phi: Any
