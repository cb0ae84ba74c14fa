"""The benchmark's analysis in plain uproot + awkward + hist, as a physicist writes it by hand."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import hist
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import uproot
from diphoton_definition import (
    BRANCHES,
    HISTOGRAMS,
    JET,
    LEPTON,
    STATISTICS,
    STEPS,
    TABLE_BRANCHES,
    Result,
)

__all__ = ["analyse"]

_ENERGIES = ("pt", "energy", "ptcone30", "etcone20")


def analyse(files: Sequence[str], workload: str, folder: Path) -> Result:
    """Loop over the files in uproot's default steps, fill, and write Parquet where asked.

    Parameters
    ----------
    files : sequence of str
        Files with a tree ``mini``.
    workload : {"spectrum", "table"}
        ``table`` also writes the feature table of the selected events as Parquet.
    folder : Path
        Where to write it.
    """
    parquet = folder / "features.parquet" if workload == "table" else None
    began, before = time.perf_counter(), time.process_time()
    cutflow = dict.fromkeys(STEPS, 0)
    histograms = {
        name: hist.Hist(hist.axis.Regular(*binning), storage=hist.storage.Weight())
        for name, binning in HISTOGRAMS.items()
    }
    writer: pq.ParquetWriter | None = None
    branches = list(BRANCHES if parquet is None else TABLE_BRANCHES)
    for events in uproot.iterate([{file: "mini"} for file in files], branches):
        selected, photons, mass = _select(events, cutflow)
        _fill(histograms, selected, photons, mass)
        if parquet is not None:
            table = pa.table(_features(selected, photons, mass))
            writer = writer or pq.ParquetWriter(parquet, table.schema)
            writer.write_table(table)
    if writer is not None:
        writer.close()
    return {
        "seconds": time.perf_counter() - began,
        "loop_cpu": time.process_time() - before,
        "cutflow": list(cutflow.values()),
        "histograms": {
            name: filled.values(flow=True).tolist() for name, filled in histograms.items()
        },
    }


def _select(events: Any, cutflow: dict[str, int]) -> tuple[Any, Any, Any]:
    """Apply the cuts of the definition; returns events, their two photons, and the mass [GeV]."""

    def keep(step: str, mask: Any, *arrays: Any) -> Any:
        cutflow[step] += int(np.count_nonzero(mask))
        return tuple(array[mask] for array in arrays)

    cutflow["all"] += len(events)
    (events,) = keep("trigger", events.trigP, events)
    pt, eta = events.photon_pt / 1000, abs(events.photon_eta)
    inside = (eta < 1.37) | ((eta > 1.52) & (eta < 2.37))
    good = events.photon_isTightID & (pt > 25) & inside
    events, good = keep("two good photons", ak.sum(good, axis=1) == 2, events, good)
    fields = {"pt": "pt", "eta": "eta", "phi": "phi"}
    fields |= {"ptcone30": "ptcone30", "etcone20": "etcone20"}
    if "photon_E" in events.fields:
        fields["energy"] = "E"
    photons = ak.zip(
        {
            name: events[f"photon_{branch}"] / (1000 if name in _ENERGIES else 1)
            for name, branch in fields.items()
        }
    )[good]
    photons = photons[ak.argsort(photons.pt, axis=1, ascending=False, stable=True)]
    events, photons = keep("photon pT", ak.all(photons.pt > 25, axis=1), events, photons)
    isolated = (photons.ptcone30 < 0.065 * photons.pt) & (photons.etcone20 < 0.065 * photons.pt)
    events, photons = keep("isolation", ak.all(isolated, axis=1), events, photons)
    lead, sublead = photons[:, 0], photons[:, 1]
    mass = _mass(lead, sublead)
    hard = (lead.pt > 0.35 * mass) & (sublead.pt > 0.25 * mass)
    events, photons, mass = keep("pT/m", hard, events, photons, mass)
    window = (mass > 105) & (mass < 160)
    return keep("mass window", window, events, photons, mass)  # type: ignore[no-any-return]


def _mass(lead: Any, sublead: Any) -> Any:
    """Mass of two massless particles in double precision [GeV]."""
    one, two = (
        {name: ak.to_numpy(photon[name]).astype(np.float64) for name in ("pt", "eta", "phi")}
        for photon in (lead, sublead)
    )
    rapidity = np.sinh(0.5 * (one["eta"] - two["eta"])) ** 2
    azimuth = np.sin(0.5 * (one["phi"] - two["phi"])) ** 2
    return 2 * np.sqrt(one["pt"] * two["pt"] * (rapidity + azimuth))


def _fill(histograms: dict[str, Any], events: Any, photons: Any, mass: Any) -> None:
    lead, sublead = photons[:, 0], photons[:, 1]
    values = {
        "diphoton_mass": mass,
        "lead_pt": lead.pt,
        "sublead_pt": sublead.pt,
        "lead_pt_over_mass": lead.pt / mass,
        "sublead_pt_over_mass": sublead.pt / mass,
        "lead_eta": lead.eta,
        "sublead_eta": sublead.eta,
        "n_jets": events.jet_n,
        "met": events.met_et / 1000,
    }
    weight = np.ones(len(mass))
    for name, value in values.items():
        histograms[name].fill(ak.to_numpy(value), weight=weight)


def _features(events: Any, photons: Any, mass: Any) -> dict[str, Any]:
    """Columns of the feature table, with the names and precision that hepml writes."""
    columns: dict[str, Any] = {
        "channel": events.channelNumber,
        "run": events.runNumber,
        "event": events.eventNumber,
        "n_photons": ak.num(events.photon_pt),
        "n_leptons": ak.num(events.lep_pt),
        "n_jets": events.jet_n,
        "met": events.met_et / 1000,
        "met_phi": events.met_phi,
        "diphoton_mass": mass,
        "weight": np.ones(len(mass)),
    }
    for place, name in enumerate(("lead", "sublead")):
        for quantity in ("pt", "eta", "phi", "energy", "etcone20"):
            columns[f"{name}_{quantity}"] = photons[quantity][:, place]
    for prefix, quantities in (("lep", LEPTON), ("jet", JET)):
        for quantity, branch in quantities.items():
            lists = _prepared(events[f"{prefix}_{branch}"], quantity)
            for statistic in STATISTICS:
                values = getattr(ak, statistic)(lists, axis=1)
                if statistic == "sum":
                    values = ak.mask(values, ak.num(lists) > 0)
                columns[f"{prefix}_{quantity}_{statistic}"] = ak.fill_none(values, np.nan)
    return {name: ak.to_numpy(values) for name, values in columns.items()}


def _prepared(lists: Any, quantity: str) -> Any:
    lists = ak.values_astype(lists, np.float64)
    if quantity == "theta":
        return np.arctan(1 / np.sinh(lists))
    return lists / 1000 if quantity in _ENERGIES else lists
