"""Higgs to two photons in ATLAS Open Data: mass spectrum and production-mode features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import awkward as ak
import hist
import numpy as np

from hepml.processor import Fill, Histogram, Preset, Processor, Selected
from hepml.sample import given_cross_section
from hepml.schemas import AtlasOpenData
from processors.diphoton_features import COLUMNS, event_features
from processors.diphoton_selection import (
    SEED_HISTOGRAM,
    SEED_TABLE,
    DiphotonCuts,
    Pairs,
    select_pairs,
)
from processors.objects import float64, plain, product

__all__ = ["WEIGHT_FACTORS", "DiphotonCuts", "DiphotonProcessor", "Pairs", "select_pairs"]

_SEED_FACTORS = (
    "mcWeight",
    "scaleFactor_PILEUP",
    "scaleFactor_ELE",
    "scaleFactor_MUON",
    "scaleFactor_PHOTON",
    "scaleFactor_TAU",
    "scaleFactor_BTAG",
    "scaleFactor_LepTRIGGER",
    "scaleFactor_PhotonTRIGGER",
)
# branches whose product is the event weight of simulation, before normalisation
WEIGHT_FACTORS: dict[str, tuple[str, ...]] = {
    "official": (
        "mcWeight",
        "scaleFactor_PHOTON",
        "scaleFactor_PhotonTRIGGER",
        "scaleFactor_PILEUP",
    ),
    "seed": _SEED_FACTORS,
    "none": (),
}


class DiphotonProcessor(Processor):
    """Diphoton mass spectrum and one feature row per selected event.

    Simulation is weighted to the expected yield: event weight x cross section x luminosity / sum
    of generated weights, all as the file states them unless ``cross_sections`` says otherwise.
    """

    name = "diphoton"
    schema = AtlasOpenData
    trees = ("mini",)
    columns = COLUMNS
    presets: ClassVar[Mapping[str, Preset]] = {
        "official": Preset(DiphotonCuts(), "official"),
        "unconverted-central": Preset(DiphotonCuts(unconverted_central=True), "official"),
        "seed": Preset(SEED_HISTOGRAM, "seed"),
        "seed-table": Preset(SEED_TABLE, "seed"),
    }
    weights = tuple(WEIGHT_FACTORS)
    variations = ("photon_scale",)
    cuts: DiphotonCuts

    def histograms(self) -> tuple[Histogram, ...]:
        """Declare the histograms; the mass axis follows the cuts."""
        cuts = self.cuts
        axes = {
            "diphoton_mass": (
                cuts.bins,
                cuts.mass_low,
                cuts.mass_high,
                r"Diphoton mass $m_{\gamma\gamma}$ [GeV]",
            ),
            "lead_pt": (50, 0, 250, "Leading photon $p_T$ [GeV]"),
            "sublead_pt": (50, 0, 250, "Subleading photon $p_T$ [GeV]"),
            "lead_pt_over_mass": (40, 0, 2, r"Leading photon $p_T / m_{\gamma\gamma}$"),
            "sublead_pt_over_mass": (40, 0, 2, r"Subleading photon $p_T / m_{\gamma\gamma}$"),
            "lead_eta": (50, -2.5, 2.5, r"Leading photon $\eta$"),
            "sublead_eta": (50, -2.5, 2.5, r"Subleading photon $\eta$"),
            "n_jets": (12, -0.5, 11.5, "Number of jets"),
            "met": (50, 0, 250, "Missing transverse momentum [GeV]"),
        }
        return tuple(
            Histogram(name, (hist.axis.Regular(bins, low, high, name=name, label=label),))
            for name, (bins, low, high, label) in axes.items()
        )

    def select(self, events: Any) -> Selected:
        """Select photon pairs; the same on eager, virtual and dask-awkward arrays."""
        data = self.is_data(events)
        constants = {} if data else self._constants(events)
        weights = self._weights(events, constants)
        trigger = plain(events.trigP) if self.cuts.trigger else None
        nominal = select_pairs(events.photon, trigger, self.cuts)
        cutflow = {name: nominal.passing(weights, name) for name in nominal.steps}
        pairs, variations = {"nominal": nominal}, self.active_variations[1:]
        for variation in () if data else variations:
            shifted = getattr(events.photon, f"pt_{variation.rpartition('_')[2]}")
            pairs[variation] = select_pairs(shifted, trigger, self.cuts)
        fills: dict[str, list[Fill]] = {}
        for variation, selected in pairs.items():
            for name, fill in _fills(events, selected, weights, variation).items():
                fills.setdefault(name, []).append(fill)
        table = nominal
        if self.table and self.cuts.table == "seed":
            table = select_pairs(events.photon, events.trigP, SEED_TABLE)
            cutflow = {f"histogram: {name}": values for name, values in cutflow.items()}
            for name in table.steps:
                cutflow[f"table: {name}"] = table.passing(weights, name)
        features = {}
        if self.table:
            chosen = table.passing(events)
            features = event_features(chosen, table.lead, table.sublead, table.mass)
            features["weight"] = table.passing(weights)
        return Selected(cutflow, fills, features, constants=constants)

    def _constants(self, events: Any) -> dict[str, Any]:
        """What normalises a simulated sample, event by event as the file repeats it."""
        metadata = events.metadata or {}
        cross_section = float64(plain(events.cross_section))
        given = given_cross_section(
            self.cross_sections, metadata.get("dataset"), metadata.get("label")
        )
        if given is not None:
            cross_section = 0 * cross_section + given
        sum_of_weights = float64(plain(events.generated_weights))
        return {"cross_section": cross_section, "sum_of_weights": sum_of_weights}

    def _weights(self, events: Any, constants: Mapping[str, Any]) -> Any:
        """Weight of every event: 1 for data, expected events for simulation."""
        factors = WEIGHT_FACTORS[self.weight]
        if not constants or not factors:
            return plain(ak.ones_like(ak.num(events.photon, axis=1), dtype=np.float64))
        # a file without a sum of weights gives infinite weights, which the cutflow reports
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = self.luminosity * constants["cross_section"] / constants["sum_of_weights"]
            return product([*(plain(events[factor]) for factor in factors), scale])

    def required_branches(self, tree: str, kind: str) -> tuple[str, ...]:
        """Branches that the selection reads; simulation needs the weights on top."""
        photon = ["n", "pt", "eta", "phi", "isTightID", "ptcone30", "etcone20"]
        scalars = ["met_et"]
        lists: dict[str, Sequence[str]] = {"photon": photon, "jet": ("n",)}
        seed_table = self.table and self.cuts.table == "seed"
        if self.cuts.matched or seed_table:
            photon.append("trigMatched")
        if self.cuts.unconverted_central:
            photon.append("convType")
        shifted = self.systematics and kind == "simulation"
        if self.table or self.cuts.fraction == "energy" or shifted:
            photon.append("E")
        if self.cuts.trigger or seed_table:
            scalars.append("trigP")
        if kind == "simulation":
            scalars += [*WEIGHT_FACTORS[self.weight], "XSection", "SumWeights"]
            if shifted:
                photon.append("pt_syst")
        if self.table:
            scalars += ["runNumber", "eventNumber", "channelNumber", "met_phi"]
            lists["lep"] = ("n", "pt", "eta", "phi", "E", "charge", "z0", "ptcone30", "etcone20")
            lists["jet"] = ("n", "pt", "eta", "phi", "E", "MV2c10")
        jagged = [f"{prefix}_{name}" for prefix, names in lists.items() for name in names]
        return (*scalars, *jagged)

    @classmethod
    def kind_of(cls, tree: Any) -> str | None:
        """Tell data from simulation by the first entry of ``channelNumber`` (0 for data)."""
        if "channelNumber" not in tree or tree.num_entries == 0:
            return None
        first = tree["channelNumber"].array(entry_stop=1, library="np")
        return "data" if int(first[0]) == 0 else "simulation"


def _fills(events: Any, pairs: Pairs, weights: Any, variation: str) -> dict[str, Fill]:
    """Compute what the histograms show of the selected pairs."""
    lead, sublead, mass = pairs.lead, pairs.sublead, pairs.mass
    values = {
        "diphoton_mass": mass,
        "lead_pt": lead.pt,
        "sublead_pt": sublead.pt,
        "lead_pt_over_mass": lead.pt / mass,
        "sublead_pt_over_mass": sublead.pt / mass,
        "lead_eta": lead.eta,
        "sublead_eta": sublead.eta,
        "n_jets": plain(ak.num(pairs.passing(events.jet), axis=1)),
        "met": pairs.passing(plain(events.met.pt)),
    }
    weight = pairs.passing(weights)
    return {name: Fill((value,), weight, variation) for name, value in values.items()}
