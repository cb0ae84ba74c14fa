"""Muon pairs in CMS NanoAOD: opposite- and same-sign mass spectra and pair features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import awkward as ak
import numpy as np

from hepml.errors import BranchError, did_you_mean
from hepml.processor import Fill, Histogram, Preset, Processor, Selected
from hepml.schemas import NanoAOD
from processors.dimuon_columns import COLUMNS, OBSERVABLES, table_columns
from processors.dimuon_cuts import INCLUSIVE, TIGHT, UPSILON, UPSILON_UNISOLATED, DimuonCuts
from processors.dimuon_histograms import dimuon_histograms, window_of
from processors.dimuon_selection import MUON_MASS, MuonPairs, pair_features, select_muon_pairs
from processors.objects import float64, plain, positions

__all__ = [
    "MUON_MASS",
    "DimuonCuts",
    "DimuonProcessor",
    "MuonPairs",
    "pair_features",
    "select_muon_pairs",
]

_IDS = ("run", "luminosityBlock", "event")


class DimuonProcessor(Processor):
    """The two muons of highest pT in each event, of either charge combination.

    Table and histograms hold opposite- and same-sign pairs; the sign is an axis and a column.
    ``columns`` of the class lists what there can be, that of an instance what its cuts compute.
    """

    name = "dimuon"
    schema = NanoAOD
    trees = ("Events",)
    columns = COLUMNS
    presets: ClassVar[Mapping[str, Preset]] = {
        "inclusive": Preset(INCLUSIVE, "generator"),
        "tight": Preset(TIGHT, "generator"),
        "upsilon": Preset(UPSILON, "generator"),
        "upsilon-unisolated": Preset(UPSILON_UNISOLATED, "generator"),
    }
    weights = ("generator", "none")
    cuts: DimuonCuts

    def __init__(self, cuts: DimuonCuts | None = None, **options: Any) -> None:
        super().__init__(cuts, **options)
        self.columns = table_columns(self.cuts)

    def histograms(self) -> tuple[Histogram, ...]:
        """Declare the histograms: first the charge product (-1 or 1), then the quantity."""
        return dimuon_histograms(self.cuts, self.columns)

    def select(self, events: Any) -> Selected:
        """Select muon pairs; the same on eager, virtual and dask-awkward arrays."""
        weights = self._weights(events)
        with np.errstate(invalid="ignore", over="ignore"):  # of muons that the selection drops
            pairs = select_muon_pairs(
                events.Muon,
                self.cuts,
                decisions=self._decisions(events),
                jets=events.Jet if self._reads_jets() else None,
            )
        cutflow = {name: pairs.passing(weights, name) for name in pairs.steps}
        weight, opposite = pairs.passing(weights), pairs.opposite
        cutflow["opposite sign"] = weight[opposite]
        if self.cuts.muons == "all":
            alone = pairs.features["n_muons"] == 2
            cutflow["exactly two muons"] = weight[opposite & alone]
        fills = {item.name: [_fill(item.name, pairs, weight)] for item in self.histograms()}
        if not self.table:
            return Selected(cutflow, fills)
        identity, entries = _identity(events, pairs)
        return Selected(cutflow, fills, pairs.features | identity | {"weight": weight}, entries)

    def _reads_jets(self) -> bool:
        return self.cuts.jets or "n_jets" in self.cuts.observables

    def _decisions(self, events: Any) -> dict[str, Any]:
        """Trigger decisions of the cuts; a missing path is an error, or never fired."""
        present = set(events.HLT.fields) if "HLT" in events.fields else set()
        found = {}
        for path in self.cuts.decisions:
            name = path.removeprefix("HLT_")
            if name in present:
                found[path] = events.HLT[name]
            elif self.cuts.missing_trigger == "false":
                found[path] = ak.zeros_like(ak.num(events.Muon.pt, axis=1), dtype=np.bool_)
            else:
                metadata = events.metadata or {}
                where = metadata.get("filename") or metadata.get("dataset")
                raise BranchError(
                    f"{where} has no trigger path {path!r}. "
                    + did_you_mean(path, [f"HLT_{other}" for other in present])
                    + " To count such files as never fired:  --cut missing_trigger=false"
                )
        return found

    def _weights(self, events: Any) -> Any:
        """Weight of every event: the generator's for simulation, 1 otherwise."""
        if self.is_data(events) or self.weight == "none":
            return plain(ak.ones_like(ak.num(events.Muon.pt, axis=1), dtype=np.float64))
        return float64(plain(events.genWeight))

    def required_branches(self, tree: str, kind: str) -> tuple[str, ...]:
        """Branches that the selection cannot do without; event ids are read where present."""
        cuts = self.cuts
        found = ["nMuon", "Muon_pt", "Muon_eta", "Muon_phi", "Muon_charge"]
        if cuts.muons == "tight":
            found.append("Muon_tightId")
        found += [OBSERVABLES[name] for name in cuts.observables]
        if cuts.jets:
            found += ["nJet", "Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass", "Jet_btagDeepB"]
        if cuts.missing_trigger == "error":
            found += cuts.decisions
        if kind == "simulation" and self.weight == "generator":
            found.append("genWeight")
        return tuple(dict.fromkeys(found))

    @classmethod
    def kind_of(cls, tree: Any) -> str | None:
        """Tell simulation by its generator record (``genWeight`` or ``GenPart``)."""
        generated = {"genWeight", "nGenPart"} & set(tree.keys(recursive=False))
        return "simulation" if generated else "data"


def _fill(name: str, pairs: MuonPairs, weight: Any) -> Fill:
    """What a histogram shows of the selected pairs; a window only of the pairs inside it."""
    sign = pairs.features["charge_product"]
    window = window_of(name)
    if window is None:
        return Fill((sign, pairs.features[name]), weight)
    mass = pairs.features["dimuon_mass"]
    inside = (mass >= window[0]) & (mass <= window[1])
    return Fill((sign[inside], mass[inside]), weight[inside])


def _identity(events: Any, pairs: MuonPairs) -> tuple[dict[str, Any], Any]:
    """Event ids of the rows, or their position in the chunk where the file has no ids."""
    if set(_IDS) <= set(events.fields):
        columns: Iterable[str] = ("run", "lumi", "event")
        return {
            ours: pairs.passing(plain(events[theirs]))
            for ours, theirs in zip(columns, _IDS, strict=True)
        }, None
    entries = pairs.passing(plain(positions(events.Muon.pt)))
    return {"run": 0 * entries, "lumi": 0 * entries}, entries
