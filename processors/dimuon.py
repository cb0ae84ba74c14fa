"""Muon pairs in CMS NanoAOD: opposite- and same-sign mass spectra and pair features."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import awkward as ak
import numpy as np

from hepml.corrections import Corrections
from hepml.errors import BranchError, ParameterError, did_you_mean
from hepml.lumimask import certified, read_lumi_mask
from hepml.processor import Fill, Histogram, Preset, Selected
from processors.dimuon_columns import COLUMNS, OBSERVABLES, table_columns
from processors.dimuon_corrections import corrected_weights, correction_branches
from processors.dimuon_cuts import INCLUSIVE, TIGHT, UPSILON, UPSILON_UNISOLATED, DimuonCuts
from processors.dimuon_features import MUON_MASS, PairFeatures, pair_features
from processors.dimuon_histograms import dimuon_histograms, window_of
from processors.dimuon_selection import MuonPairs, select_muon_pairs
from processors.nanoaod import NanoProcessor

__all__ = [
    "MUON_MASS",
    "DimuonCuts",
    "DimuonProcessor",
    "MuonPairs",
    "PairFeatures",
    "pair_features",
    "select_muon_pairs",
]


class DimuonProcessor(NanoProcessor):
    """The two muons of highest pT in each event, of either charge combination.

    Table and histograms hold opposite- and same-sign pairs; the sign is an axis and a column.
    ``columns`` of the class lists what there can be, that of an instance what its cuts compute.

    Parameters
    ----------
    cuts : DimuonCuts, optional
        Cut values; default: those of the preset.
    lumi_mask : path or mapping, optional
        Golden JSON (or its content): data of other luminosity blocks are dropped. Simulation is
        not touched.
    corrections : path or mapping, optional
        Document of `hepml.correction_sources`: factors of the weight of simulation, each per
        event (columns of this table, or NanoAOD branches such as ``Pileup_nTrueInt``) or per
        ``muon`` (fields of NanoAOD's ``Muon``). They are applied once the pair is chosen.
    **common
        As for :class:`hepml.Processor`.
    """

    name = "dimuon"
    columns = COLUMNS
    presets: ClassVar[Mapping[str, Preset]] = {
        "inclusive": Preset(INCLUSIVE, "generator"),
        "tight": Preset(TIGHT, "generator"),
        "upsilon": Preset(UPSILON, "generator"),
        "upsilon-unisolated": Preset(UPSILON_UNISOLATED, "generator"),
    }
    options = ("lumi_mask", "corrections")
    cuts: DimuonCuts

    def __init__(
        self,
        cuts: DimuonCuts | None = None,
        *,
        lumi_mask: str | Path | Mapping[str, Any] | None = None,
        corrections: str | Path | Mapping[str, Any] | None = None,
        **common: Any,
    ) -> None:
        super().__init__(cuts, **common)
        self.lumi_mask = read_lumi_mask(lumi_mask) if lumi_mask is not None else None
        self.corrections = Corrections.load(corrections) if corrections is not None else None
        if self.corrections and self.weight == "none":
            raise ParameterError(
                "Corrections multiply the event weight, and --weight none counts events. Leave one "
                "of the two out."
            )
        if self.corrections:
            self.variations = self.corrections.variations
        self.columns = table_columns(self.cuts, self.variations if self.systematics else ())
        if self.corrections:
            correction_branches(self.corrections, self.columns)  # refuses what it cannot feed

    def histograms(self) -> tuple[Histogram, ...]:
        """Declare the histograms: first the charge product (-1 or 1), then the quantity."""
        return dimuon_histograms(self.cuts, self.columns)

    def select(self, events: Any) -> Selected:
        """Select muon pairs; the same on eager, virtual and dask-awkward arrays."""
        data = self.is_data(events)
        weights = self.event_weights(events)
        with np.errstate(invalid="ignore", over="ignore"):  # of muons that the selection drops
            pairs = select_muon_pairs(
                events.Muon,
                self.cuts,
                decisions=self._decisions(events),
                jets=events.Jet if self._reads_jets() else None,
                good=self._certified(events) if data else None,
            )
        cutflow = {name: pairs.passing(weights, name) for name in pairs.steps}
        shifts = dict.fromkeys(self.active_variations, pairs.passing(weights))
        if self.corrections:
            if not data:
                shifts = corrected_weights(
                    self.corrections, events, pairs, shifts["nominal"], self.active_variations
                )
            cutflow["corrections"] = shifts["nominal"]
        weight, opposite = shifts["nominal"], pairs.opposite
        cutflow["opposite sign"] = weight[opposite]
        if self.cuts.muons == "all":
            alone = pairs.features["n_muons"] == 2
            cutflow["exactly two muons"] = weight[opposite & alone]
        ways = ("nominal",) if data else self.active_variations
        fills = {
            item.name: [_fill(item.name, pairs, shifts[way], way) for way in ways]
            for item in self.histograms()
        }
        if not self.table:
            return Selected(cutflow, fills)
        identity, entries = self.identity(events, pairs.passing)
        named = {"weight" if way == "nominal" else f"weight_{way}": shifts[way] for way in shifts}
        return Selected(cutflow, fills, {**pairs.features, **identity, **named}, entries)

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

    def _certified(self, events: Any) -> Any:
        """Whether each event of data is in a certified luminosity block; all without a mask."""
        if self.lumi_mask is None:
            return None
        missing = [name for name in ("run", "luminosityBlock") if name not in events.fields]
        if missing:
            where = (events.metadata or {}).get("dataset")
            raise BranchError(
                f"{where!r} has no {' and no '.join(missing)}, so no luminosity mask can be "
                "applied to it. Run without --lumi-mask."
            )
        return certified(self.lumi_mask, events.run, events.luminosityBlock)

    def parameters(self) -> dict[str, Any]:
        """All that distinguishes this instance, as JSON; the mask by content, files by hash."""
        own: dict[str, Any] = {}
        if self.lumi_mask is not None:
            own["lumi_mask"] = self.lumi_mask
        if self.corrections is not None:
            own["corrections"] = self.corrections.parameters()
        return super().parameters() | own

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
        if kind == "data" and self.lumi_mask is not None:
            found += ("run", "luminosityBlock")
        found += super().required_branches(tree, kind)
        if kind == "simulation" and self.corrections:
            found += correction_branches(self.corrections, self.columns)
        return tuple(dict.fromkeys(found))

    def optional_branches(self, tree: str, kind: str) -> Mapping[str, str]:
        """Event ids, and with ``missing_trigger=false`` the trigger decisions."""
        found = dict(super().optional_branches(tree, kind))
        if self.cuts.missing_trigger == "false":
            found |= dict.fromkeys(
                self.cuts.decisions, "never fired, as missing_trigger=false says"
            )
        return found


def _fill(name: str, pairs: MuonPairs, weight: Any, variation: str) -> Fill:
    """What a histogram shows of the selected pairs; a window only of the pairs inside it."""
    sign = pairs.features["charge_product"]
    window = window_of(name)
    if window is None:
        return Fill((sign, pairs.features[name]), weight, variation)
    mass = pairs.features["dimuon_mass"]
    inside = (mass >= window[0]) & (mass <= window[1])
    return Fill((sign[inside], mass[inside]), weight[inside], variation)
