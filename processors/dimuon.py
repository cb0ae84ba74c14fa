"""Muon pairs in CMS NanoAOD: opposite- and same-sign mass spectra and pair features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import awkward as ak
import hist
import numpy as np

from hepml.columns import Column, feature, key, label, observer, weight
from hepml.errors import ParameterError
from hepml.processor import Fill, Histogram, Preset, Processor, Selected
from hepml.schemas import NanoAOD
from processors.objects import (
    Flat,
    delta_r,
    float64,
    invariant_mass,
    leading_pair,
    opposite_sign,
    plain,
    positions,
)

__all__ = ["MUON_MASS", "DimuonCuts", "DimuonProcessor", "pair_features"]

# Particle Data Group, 2022 [GeV]; files store it per muon in single precision
MUON_MASS = 0.1056583755

COLUMNS: tuple[Column, ...] = (
    key("file", "string", doc="identity of the input file where it has no event ids"),
    key("run"),
    key("lumi", doc="luminosity block", alias="luminosityBlock"),
    key("event", doc="event number, or the entry in the file where it has none"),
    observer("dimuon_mass", "GeV", alias="dimu_mass"),
    observer("charge_product", dtype="int32", doc="-1 opposite sign, 1 same sign"),
    feature("lead_pt", "GeV", alias="mu0_pt"),
    feature("lead_eta", alias="mu0_eta"),
    feature("lead_phi", "rad", alias="mu0_phi"),
    feature("trail_pt", "GeV", alias="mu1_pt"),
    feature("trail_eta", alias="mu1_eta"),
    feature("trail_phi", "rad", alias="mu1_phi"),
    feature("dimuon_pt", "GeV", alias="dimu_pt"),
    feature("dimuon_eta", alias="dimu_eta"),
    feature("dimuon_phi", "rad", alias="dimu_phi"),
    feature("delta_r", alias="mumu_deltaR", doc="distance of the muons in eta and phi"),
    feature("delta_pt", "GeV", alias="mumu_deltapT", doc="difference of the muons' pT"),
    feature("n_muons", dtype="int32", alias="n_muons"),
    weight("weight"),
    label("label"),
)


@dataclass(frozen=True, slots=True)
class DimuonCuts:
    """Every number of the selection. Momenta and masses in GeV.

    Attributes
    ----------
    lead_pt, trail_pt : float
        Lower thresholds on the two muons of highest pT, included.
    mass_low, mass_high : float
        Range of the mass histogram (not a cut).
    bins : int
        Its bins, of equal width in the logarithm of the mass.
    """

    lead_pt: float = 0.0
    trail_pt: float = 0.0
    mass_low: float = 0.3
    mass_high: float = 200.0
    bins: int = 650

    def __post_init__(self) -> None:
        if not 0 < self.mass_low < self.mass_high < np.inf:
            raise ParameterError(
                f"DimuonCuts: mass_low = {self.mass_low} GeV must lie above 0 and below "
                f"mass_high = {self.mass_high} GeV."
            )
        if self.bins < 1:
            raise ParameterError(f"DimuonCuts.bins must be at least 1, not {self.bins}.")


class DimuonProcessor(Processor):
    """The two muons of highest pT in each event, of either charge combination.

    Table and histograms hold opposite- and same-sign pairs; the sign is an axis and a column.
    """

    name = "dimuon"
    schema = NanoAOD
    trees = ("Events",)
    columns = COLUMNS
    presets: ClassVar[Mapping[str, Preset]] = {"inclusive": Preset(DimuonCuts(), "generator")}
    weights = ("generator", "none")
    cuts: DimuonCuts

    def histograms(self) -> tuple[Histogram, ...]:
        """Declare the histograms: first the charge product (-1 or 1), then the quantity."""
        cuts, regular = self.cuts, hist.axis.Regular
        mass = regular(
            cuts.bins,
            cuts.mass_low,
            cuts.mass_high,
            transform=hist.axis.transform.log,
            name="dimuon_mass",
            label=r"Dimuon mass $m_{\mu\mu}$ [GeV]",
        )
        axes = (
            mass,
            regular(50, 0, 100, name="lead_pt", label="Leading muon $p_T$ [GeV]"),
            regular(50, 0, 100, name="trail_pt", label="Trailing muon $p_T$ [GeV]"),
            regular(50, 0, 100, name="dimuon_pt", label="Dimuon $p_T$ [GeV]"),
            regular(60, 0, 6, name="delta_r", label=r"$\Delta R(\mu, \mu)$"),
        )
        sign = hist.axis.IntCategory([-1, 1], name="charge_product", label="Product of charges")
        return tuple(Histogram(axis.name, (sign, axis), label="Muon pairs") for axis in axes)

    def select(self, events: Any) -> Selected:
        """Select muon pairs; the same on eager, virtual and dask-awkward arrays."""
        muons, weights = events.Muon, self._weights(events)
        counts = plain(ak.num(muons.pt, axis=1))
        enough = counts >= 2
        lead, trail = leading_pair(muons[enough])
        passed = (lead.pt >= self.cuts.lead_pt) & (trail.pt >= self.cuts.trail_pt)
        lead, trail = lead[passed], trail[passed]
        paired, kept_counts = weights[enough][passed], counts[enough][passed]
        opposite = opposite_sign(lead, trail)
        cutflow = {
            "all": weights,
            "at least two muons": weights[enough],
            "muon pT": paired,
            "opposite sign": paired[opposite],
            "exactly two muons": paired[opposite & (kept_counts == 2)],
        }
        features = pair_features(lead, trail)
        features |= {"n_muons": kept_counts, "weight": paired}
        sign = features["charge_product"]
        fills = {
            histogram.name: [Fill((sign, features[histogram.name]), paired)]
            for histogram in self.histograms()
        }
        kept = events[enough][passed]
        identity, entries = _identity(events, kept, enough, passed)
        return Selected(cutflow, fills, features | identity, entries)

    def _weights(self, events: Any) -> Any:
        """Weight of every event: the generator's for simulation, 1 otherwise."""
        if self.is_data(events) or self.weight == "none":
            return plain(ak.ones_like(ak.num(events.Muon.pt, axis=1), dtype=np.float64))
        return float64(plain(events.genWeight))

    def required_branches(self, tree: str, kind: str) -> tuple[str, ...]:
        """Branches that the selection cannot do without; event ids are read where present."""
        muon = ("nMuon", "Muon_pt", "Muon_eta", "Muon_phi", "Muon_charge")
        weighted = kind == "simulation" and self.weight == "generator"
        return (*muon, "genWeight") if weighted else muon

    @classmethod
    def kind_of(cls, tree: Any) -> str | None:
        """Tell simulation by its generator record (``genWeight`` or ``GenPart``)."""
        generated = {"genWeight", "nGenPart"} & set(tree.keys(recursive=False))
        return "simulation" if generated else "data"


def pair_features(lead: Flat, trail: Flat) -> dict[str, Any]:
    """Compute the kinematics of muon pairs, in double precision.

    Parameters
    ----------
    lead, trail : Flat
        Muons with ``pt`` [GeV], ``eta``, ``phi`` [rad] and ``charge``.

    Returns
    -------
    dict of str to array
        Columns of the feature table, GeV and rad; one entry per pair.
    """
    pt1, pt2 = float64(lead.pt), float64(trail.pt)
    phi1, phi2 = float64(lead.phi), float64(trail.phi)
    px = pt1 * np.cos(phi1) + pt2 * np.cos(phi2)
    py = pt1 * np.sin(phi1) + pt2 * np.sin(phi2)
    pz = pt1 * np.sinh(float64(lead.eta)) + pt2 * np.sinh(float64(trail.eta))
    pt = np.hypot(px, py)
    return {
        "dimuon_mass": invariant_mass(lead, trail, MUON_MASS),
        "charge_product": lead.charge * trail.charge,
        **{f"lead_{name}": getattr(lead, name) for name in ("pt", "eta", "phi")},
        **{f"trail_{name}": getattr(trail, name) for name in ("pt", "eta", "phi")},
        "dimuon_pt": pt,
        # two muons exactly back to back have no pT; the tiny number keeps eta finite
        "dimuon_eta": np.arcsinh(pz / np.maximum(pt, 1e-12)),
        "dimuon_phi": np.arctan2(py, px),
        "delta_r": delta_r(lead, trail),
        "delta_pt": pt1 - pt2,
    }


def _identity(events: Any, kept: Any, enough: Any, passed: Any) -> tuple[dict[str, Any], Any]:
    """Event ids of the rows, or their position in the chunk where the file has no ids."""
    if {"run", "luminosityBlock", "event"} <= set(events.fields):
        ids = {"run": kept.run, "lumi": kept.luminosityBlock, "event": kept.event}
        return {name: plain(values) for name, values in ids.items()}, None
    entries = plain(positions(events.Muon.pt))[enough][passed]
    return {"run": 0 * entries, "lumi": 0 * entries}, entries
