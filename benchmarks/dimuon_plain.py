"""The benchmark's analysis in plain uproot + awkward + hist, as a physicist writes it by hand."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import hist
import numpy as np
import uproot
from dimuon_definition import (
    MUON_MASS,
    SIGNS,
    TREE,
    TRIGGER,
    WORKLOADS,
    Axis,
    Result,
    Work,
)

__all__ = ["analyse"]

_EXTRA = {"ip3d": "ip3d", "jetiso": "jetRelIso", "iso04": "pfRelIso04_all"}


def analyse(files: Sequence[str], workload: str, folder: Path) -> Result:
    """Loop over the files in uproot's default steps, and fill.

    Parameters
    ----------
    files : sequence of str
        Files with a tree ``Events``.
    workload : {"inclusive", "unisolated"}
        Which selection.
    folder : Path
        Not used: this channel is compared without a table.
    """
    began, before = time.perf_counter(), time.process_time()
    work = WORKLOADS[workload]
    cutflow = dict.fromkeys(work.steps, 0)
    filled = {
        f"{name}_{sign}": hist.Hist(_axis(axis))
        for name, axis in work.histograms.items()
        for sign in SIGNS
    }
    for events in uproot.iterate([{file: TREE} for file in files], list(work.branches)):
        values = _select(events, work, cutflow)
        for sign, product in SIGNS.items():
            own = values["charge_product"] == product
            for name in work.histograms:
                filled[f"{name}_{sign}"].fill(values[name][own])
    return {
        "seconds": time.perf_counter() - began,
        "loop_cpu": time.process_time() - before,
        "cutflow": list(cutflow.values()),
        "histograms": {name: one.values(flow=True).tolist() for name, one in filled.items()},
    }


def _axis(axis: Axis) -> Any:
    transform = hist.axis.transform.log if axis.log else None
    return hist.axis.Regular(axis.bins, axis.low, axis.high, transform=transform)


def _select(events: Any, work: Work, cutflow: dict[str, int]) -> dict[str, Any]:
    """Apply the cuts of the definition; returns flat numpy arrays of the selected pairs."""
    steps = iter(cutflow)

    def count(number: int) -> None:
        cutflow[next(steps)] += int(number)

    count(len(events))
    if work.extra:
        events = events[events[TRIGGER]]
        count(len(events))
    muons = ak.zip({name: events[f"Muon_{name}"] for name in ("pt", "eta", "phi", "charge")})
    for name in work.extra:
        muons[name] = events[f"Muon_{_EXTRA[name]}"]
    if work.extra:
        muons = muons[events.Muon_tightId]
    enough = ak.num(muons) >= 2
    events, muons = events[enough], muons[enough]
    count(len(muons))
    values = _pairs(events, muons, work)
    values = _keep(values, np.isfinite(values["dimuon_mass"]) & (values["dimuon_pt"] > 0))
    count(len(values["dimuon_mass"]))
    mass = "dimuon_mass"
    if not work.extra:
        count(len(values[mass]))  # there is no threshold
    else:
        for cut in (
            lambda v: (v["lead_pt"] >= 17) & (v["trail_pt"] >= 8),
            lambda v: v["lead_iso04"] >= 0.55,
            lambda v: v["trail_iso04"] >= 0.55,
            lambda v: (v[mass] >= 5) & (v[mass] <= 16),
        ):
            values = _keep(values, cut(values))
            count(len(values[mass]))
    opposite = values["charge_product"] < 0
    count(np.count_nonzero(opposite))
    if not work.extra:
        count(np.count_nonzero(opposite & (values["n_muons"] == 2)))
    return values


def _keep(values: dict[str, Any], mask: Any) -> dict[str, Any]:
    return {name: value[mask] for name, value in values.items()}


def _pairs(events: Any, muons: Any, work: Work) -> dict[str, Any]:
    """Quantities of the two muons of highest pT, in double precision."""
    order = ak.argsort(muons.pt, axis=1, ascending=False, stable=True)
    both = muons[order]
    values: dict[str, Any] = {"n_muons": ak.to_numpy(ak.num(muons))}
    for place, which in enumerate(("lead", "trail")):
        for name in ("pt", "eta", "phi", *work.extra):
            column = ak.to_numpy(both[name][:, place])
            values[f"{which}_{name}"] = column.astype(np.float64)
    values["charge_product"] = ak.to_numpy(both.charge[:, 0] * both.charge[:, 1])
    if work.extra:
        values["n_jets"] = ak.to_numpy(events.nJet)
    return values | _combined(values)


def _combined(v: dict[str, Any]) -> dict[str, Any]:
    """Quantities of the pair [GeV]; masses through half angles, so that nothing cancels."""
    px = v["lead_pt"] * np.cos(v["lead_phi"]) + v["trail_pt"] * np.cos(v["trail_phi"])
    py = v["lead_pt"] * np.sin(v["lead_phi"]) + v["trail_pt"] * np.sin(v["trail_phi"])
    pz = v["lead_pt"] * np.sinh(v["lead_eta"]) + v["trail_pt"] * np.sinh(v["trail_eta"])
    pt = np.hypot(px, py)
    azimuth = np.abs(v["lead_phi"] - v["trail_phi"])
    azimuth = np.minimum(azimuth, 2 * np.pi - azimuth)
    pt1, pt2 = v["lead_pt"], v["trail_pt"]
    mt1, mt2 = np.hypot(pt1, MUON_MASS), np.hypot(pt2, MUON_MASS)
    rapidity = np.arcsinh(pt1 * np.sinh(v["lead_eta"]) / mt1)
    rapidity -= np.arcsinh(pt2 * np.sinh(v["trail_eta"]) / mt2)
    # mt1 mt2 - pt1 pt2, through its conjugate
    offset = MUON_MASS**2 * (pt1**2 + pt2**2 + MUON_MASS**2) / (mt1 * mt2 + pt1 * pt2)
    angles = mt1 * mt2 * np.sinh(rapidity / 2) ** 2 + pt1 * pt2 * np.sin(azimuth / 2) ** 2
    return {
        "dimuon_mass": np.sqrt(2 * MUON_MASS**2 + 2 * offset + 4 * angles),
        "dimuon_pt": pt,
        "dimuon_eta": np.arcsinh(pz / np.maximum(pt, 1e-12)),
        "delta_r": np.hypot(v["lead_eta"] - v["trail_eta"], azimuth),
        "delta_pt": pt1 - pt2,
    }
