"""The analysis as a hepml processor: `hepml run zpeak FILES` on every executor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import hist

from hepml.columns import Column, feature, observer, weight
from hepml.processor import Fill, Histogram, Preset, Selected
from processors.nanoaod import EVENT_KEYS, NanoProcessor
from zpeak.selection import ZCuts, z_candidates

__all__ = ["ZPeakProcessor"]

# what the table takes over from the pairs
OF_PAIRS: tuple[Column, ...] = (
    observer("dimuon_mass", "GeV"),
    observer("charge_product", dtype="int32", doc="-1 opposite sign, 1 same sign"),
    feature("dimuon_pt", "GeV"),
    feature("lead_pt", "GeV"),
    feature("lead_eta"),
    feature("trail_pt", "GeV"),
    feature("trail_eta"),
)
MUON = ("tightId", "pt", "eta", "phi", "charge", "pfRelIso04_all")


class ZPeakProcessor(NanoProcessor):
    """Z candidates: mass spectrum by charge, and one row per pair."""

    name = "zpeak"
    columns = (*EVENT_KEYS, *OF_PAIRS, weight("weight"))
    presets: ClassVar[Mapping[str, Preset]] = {"default": Preset(ZCuts(), "generator")}
    cuts: ZCuts

    def histograms(self) -> tuple[Histogram, ...]:
        """Declare the mass spectrum, opposite and same sign apart."""
        sign = hist.axis.IntCategory([-1, 1], name="charge_product", label="Product of charges")
        edges = (self.cuts.mass_low, self.cuts.mass_high)
        mass = hist.axis.Regular(60, *edges, name="dimuon_mass", label="Dimuon mass [GeV]")
        return (Histogram("dimuon_mass", (sign, mass), label="Muon pairs"),)

    def select(self, events: Any) -> Selected:
        """Select the pairs; the same on eager, virtual and dask-awkward arrays."""
        weights = self.event_weights(events)
        pairs = z_candidates(events.Muon, self.cuts)
        found = {column.name: pairs.features[column.name] for column in OF_PAIRS}
        found["weight"] = pairs.passing(weights)
        identity, entries = self.identity(events, pairs.passing)
        cutflow = {step: pairs.passing(weights, step) for step in pairs.steps}
        cutflow["opposite sign"] = found["weight"][pairs.opposite]
        fill = Fill((found["charge_product"], found["dimuon_mass"]), found["weight"])
        return Selected(cutflow, {"dimuon_mass": [fill]}, {**identity, **found}, entries)

    def required_branches(self, tree: str, kind: str) -> tuple[str, ...]:
        """Name the branches that the selection reads."""
        muon = (f"Muon_{name}" for name in MUON)
        return (*super().required_branches(tree, kind), "nMuon", *muon)
