"""Columns of the diphoton feature table, and how they follow from the selected events."""

from __future__ import annotations

from typing import Any

import awkward as ak

from hepml.columns import Column, feature, key, label, observer, weight
from processors.objects import STATISTICS, list_statistics, signed_theta

__all__ = ["COLUMNS", "event_features"]

# our name of a quantity -> (published name, unit); one column per entry of STATISTICS
_LEPTON = {
    "pt": ("pt", "GeV"),
    "phi": ("phi", "rad"),
    "energy": ("E", "GeV"),
    "theta": ("theta", "rad"),
    "charge": ("charge", ""),
    "z0": ("z0", ""),
    "ptcone30": ("ptcone30", "GeV"),
    "etcone20": ("etcone20", "GeV"),
}
_JET = {
    "pt": ("pt", "GeV"),
    "phi": ("phi", "rad"),
    "energy": ("E", "GeV"),
    "theta": ("theta", "rad"),
    "mv2c10": ("MV2c10", ""),
}
_PHOTON = {
    "pt": ("pt", "GeV"),
    "eta": ("eta", ""),
    "phi": ("phi", "rad"),
    "energy": ("E", "GeV"),
    "etcone20": ("etcone20", "GeV"),
}


def _photon_columns() -> list[Column]:
    return [
        feature(f"{ours}_{name}", unit, alias=f"photon_{theirs}_{alias}")
        for ours, theirs in (("lead", "1lead"), ("sublead", "2lead"))
        for name, (alias, unit) in _PHOTON.items()
    ]


def _list_columns(prefix: str, quantities: dict[str, tuple[str, str]]) -> list[Column]:
    return [
        feature(
            f"{prefix}_{name}_{statistic}",
            unit,
            doc=f"{statistic} over the list, NaN if it is empty",
            alias=f"{prefix}_{alias}_{statistic}",
        )
        for name, (alias, unit) in quantities.items()
        for statistic in STATISTICS
    ]


# The 57 columns of the reference table (published names as aliases; the published numbers are in
# MeV), the 26 jet columns that it defined and left out, and the event's identity.
COLUMNS: tuple[Column, ...] = (
    key("channel", alias="channelNumber", doc="sample number, 0 for data"),
    key("run", alias="runNumber"),
    key("event", alias="eventNumber"),
    feature("n_photons", dtype="int32", alias="photon_n", doc="all photons, selected or not"),
    *_photon_columns(),
    observer("diphoton_mass", "GeV", alias="h_mass", doc="mass of the selected pair"),
    feature("n_leptons", dtype="int32", alias="lep_n"),
    *_list_columns("lep", _LEPTON),
    feature("met", "GeV", alias="met_et", doc="missing transverse momentum"),
    feature("met_phi", "rad", alias="met_phi"),
    feature("n_jets", dtype="int32", alias="jet_n"),
    *_list_columns("jet", _JET),
    weight("weight", alias="weight", doc="expected events at the run's luminosity; data: 1"),
    label("label", alias="label", doc="production mode"),
)


def event_features(events: Any, lead: Any, sublead: Any, mass: Any) -> dict[str, Any]:
    """Compute every column but the weight and the label.

    Parameters
    ----------
    events : array
        The selected events.
    lead, sublead : array of photons
        The selected pair of each event.
    mass : array
        Mass of the pair [GeV].

    Returns
    -------
    dict of str to array
        One entry per event, GeV and rad.
    """
    leptons, jets = events.lep, events.jet
    return {
        "channel": events.channelNumber,
        "run": events.runNumber,
        "event": events.eventNumber,
        "n_photons": ak.num(events.photon, axis=1),
        **{f"lead_{name}": getattr(lead, name) for name in _PHOTON},
        **{f"sublead_{name}": getattr(sublead, name) for name in _PHOTON},
        "diphoton_mass": mass,
        "n_leptons": ak.num(leptons, axis=1),
        **_statistics("lep", leptons, _LEPTON),
        "met": events.met.pt,
        "met_phi": events.met.phi,
        "n_jets": ak.num(jets, axis=1),
        **_statistics("jet", jets, _JET),
    }


def _statistics(
    prefix: str, objects: Any, quantities: dict[str, tuple[str, str]]
) -> dict[str, Any]:
    columns = {
        name: signed_theta(objects.eta)
        if name == "theta"
        else getattr(objects, {"mv2c10": "MV2c10"}.get(name, name))
        for name in quantities
    }
    return {f"{prefix}_{name}": values for name, values in list_statistics(**columns).items()}
