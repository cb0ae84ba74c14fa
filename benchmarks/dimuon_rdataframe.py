"""The benchmark's analysis in ROOT's RDataFrame, twice: in strings from Python, and typed in C++.

``strings`` follows ROOT's own tutorial of this channel (df102): expressions in strings, compiled
by ROOT when the loop starts, and kept compiled for the next loop. ``typed`` has functions with
C++ types, everything about a pair in one struct, logarithms in place of searches for bins. All
actions are booked before the one loop.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from dimuon_cpp import STRINGS, TYPED
from dimuon_definition import SIGNS, TREE, TRIGGER, WORKLOADS, Axis, Result

__all__ = ["STRINGS", "TYPED", "analyse_strings", "analyse_typed"]

_VALUES = {
    "charge_product": "charge[0] * charge[1]",
    "dimuon_mass": "hepml_strings::mass(pt, eta, phi)",
    "px": "Sum(pt * cos(phi))",
    "py": "Sum(pt * sin(phi))",
    "pz": "Sum(pt * sinh(eta))",
    "dimuon_pt": "std::hypot(px, py)",
    "dimuon_eta": "std::asinh(pz / std::max(dimuon_pt, 1e-12))",
    "delta_r": "std::hypot(eta[0] - eta[1], hepml_muons::wrapped(phi[0] - phi[1]))",
    "delta_pt": "pt[0] - pt[1]",
    "lead_pt": "pt[0]",
    "lead_eta": "eta[0]",
    "trail_pt": "pt[1]",
    "trail_eta": "eta[1]",
}
_EXTRA = {"ip3d": "Muon_ip3d", "jetiso": "Muon_jetRelIso", "iso04": "Muon_pfRelIso04_all"}


def analyse_typed(root: Any, files: Sequence[str], workload: str) -> Result:
    """Run the typed analysis; its event loop is timed in C++."""
    work = WORKLOADS[workload]
    models = root.std.vector["hepml_typed::Model"]()
    for name, axis in work.histograms.items():
        edges = (np.log(axis.low), np.log(axis.high)) if axis.log else (axis.low, axis.high)
        column = f"log_{name}" if axis.log else name
        models.push_back(root.hepml_typed.Model(name, column, axis.bins, *map(float, edges)))
    names = root.std.vector["std::string"](list(files))
    frame = root.RDataFrame(TREE, files[0])
    # only the variant that is needed is compiled
    counts = "int" if frame.GetColumnType("nMuon") in ("Int_t", "int") else "unsigned int"
    if work.extra:
        result = root.hepml_typed.unisolated[counts](names, models, TRIGGER)
    else:
        result = root.hepml_typed.inclusive[counts](names, models)
    labels = [f"{name}_{sign}" for sign in SIGNS for name in work.histograms]
    return {
        "seconds": float(result.seconds),
        "loop_cpu": float(result.loop_cpu),
        "cutflow": [int(count) for count in result.cutflow],
        "histograms": {
            label: list(contents) for label, contents in zip(labels, result.histograms, strict=True)
        },
    }


def analyse_strings(root: Any, files: Sequence[str], workload: str) -> Result:
    """Run the analysis in strings; ``seconds`` holds compilation only in a process's first loop."""
    work = WORKLOADS[workload]
    frame = root.RDataFrame(TREE, list(files))
    everything = frame.Count()
    selected = _selected(frame, bool(work.extra))
    signs = {sign: selected.Filter(f"charge_product == {p}") for sign, p in SIGNS.items()}
    after = [signs["os"].Count()]
    if not work.extra:
        after.append(signs["os"].Filter("n_muons == 2").Count())
    report = selected.Report()
    booked = {
        f"{name}_{sign}": node.Histo1D((name, "", *_bins(axis)), name)
        for sign, node in signs.items()
        for name, axis in work.histograms.items()
    }
    began, before = time.perf_counter(), time.process_time()
    cutflow = [int(everything.GetValue())]
    seconds, cpu = time.perf_counter() - began, time.process_time() - before
    cutflow += [int(cut.GetPass()) for cut in report.GetValue()]
    return {
        "seconds": seconds,
        "loop_cpu": cpu,
        "cutflow": cutflow + [int(count.GetValue()) for count in after],
        "histograms": {
            name: [one.GetBinContent(index) for index in range(one.GetNbinsX() + 2)]
            for name, one in booked.items()
        },
    }


def _selected(frame: Any, extra: bool) -> Any:
    """Events that pass every step, with their quantities defined."""
    if extra:
        node = (
            frame.Filter(TRIGGER, "trigger")
            .Define("n_muons", "Sum(Muon_tightId)")
            .Filter("n_muons >= 2", "at least two tight muons")
            .Define("good", "Muon_tightId")
        )
    else:
        node = (
            frame.Define("n_muons", "nMuon")
            .Filter("n_muons >= 2", "at least two muons")
            .Define("good", "Muon_pt == Muon_pt")
        )
    node = node.Define("best", "Take(Reverse(Argsort(Muon_pt[good])), 2)")
    for name in ("pt", "eta", "phi"):
        node = node.Define(name, f"ROOT::RVec<double>(Take(Muon_{name}[good], best))")
    node = node.Define("charge", "Take(Muon_charge[good], best)")
    for name, expression in _VALUES.items():
        node = node.Define(name, expression)
    node = node.Filter("std::isfinite(dimuon_mass) && dimuon_pt > 0", "valid pair")
    if not extra:
        return node.Filter("lead_pt >= 0 && trail_pt >= 0", "muon pT")
    node = node.Filter("lead_pt >= 17 && trail_pt >= 8", "muon pT")
    for name, branch in _EXTRA.items():
        node = node.Define(name, f"ROOT::RVec<double>(Take({branch}[good], best))")
        node = node.Define(f"lead_{name}", f"{name}[0]").Define(f"trail_{name}", f"{name}[1]")
    return (
        node.Filter("lead_iso04 >= 0.55", "lead isolation")
        .Filter("trail_iso04 >= 0.55", "trail isolation")
        .Filter("dimuon_mass >= 5 && dimuon_mass <= 16", "mass window")
        .Define("n_jets", "nJet")
    )


def _bins(axis: Axis) -> tuple[Any, ...]:
    if axis.log:
        return axis.bins, np.geomspace(axis.low, axis.high, axis.bins + 1)
    return axis.bins, axis.low, axis.high
