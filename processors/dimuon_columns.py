"""Columns of the dimuon feature table, and which of them a set of cuts can fill."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from hepml.columns import Column, feature, label, observer, weight
from processors.nanoaod import EVENT_KEYS

if TYPE_CHECKING:
    from processors.dimuon_cuts import DimuonCuts

__all__ = ["COLUMNS", "OBSERVABLES", "PUBLISHED_PATHS", "hlt_path", "table_columns"]

# Quantities that a reduced file may lack: our name -> NanoAOD branch.
OBSERVABLES = {
    "ip3d": "Muon_ip3d",
    "jetiso": "Muon_jetRelIso",
    "iso04": "Muon_pfRelIso04_all",
    "n_jets": "nJet",
}

# The trigger decisions kept beside the muons of the published study (script 00); some are absent
# in some of its files.
_PUBLISHED = """
DoubleMu0 DoubleMu18NoFiltersNoVtx DoubleMu23NoFiltersNoVtxDisplaced
DoubleMu28NoFiltersNoVtxDisplaced DoubleMu33NoFiltersNoVtx DoubleMu38NoFiltersNoVtx
DoubleMu8_Mass8_PFHT250 DoubleMu8_Mass8_PFHT300 L2DoubleMu23_NoVertex
L2DoubleMu28_NoVertex_2Cha_Angle2p5_Mass10 L2DoubleMu38_NoVertex_2Cha_Angle2p5_Mass10
Mu10_CentralPFJet30_BTagCSV_p13 Mu17_Mu8_DZ Mu17_Mu8_SameSign_DZ Mu17_Mu8_SameSign Mu17_Mu8
Mu17_TkMu8_DZ Mu17_TrkIsoVVL_Mu8_TrkIsoVVL_DZ Mu17_TrkIsoVVL_Mu8_TrkIsoVVL
Mu17_TrkIsoVVL_TkMu8_TrkIsoVVL_DZ Mu17_TrkIsoVVL_TkMu8_TrkIsoVVL Mu17_TrkIsoVVL Mu17
Mu20_Mu10_DZ Mu20_Mu10_SameSign_DZ Mu20_Mu10_SameSign Mu20_Mu10 Mu27_TkMu8 Mu30_TkMu11
Mu3_PFJet40 Mu40_TkMu11 Mu8_TrkIsoVVL Mu8 TkMu17_TrkIsoVVL_TkMu8_TrkIsoVVL_DZ
TkMu17_TrkIsoVVL_TkMu8_TrkIsoVVL TripleMu_12_10_5 TripleMu_5_3_3_DZ_Mass3p8 TripleMu_5_3_3
TrkMu15_DoubleTrkMu5NoFiltersNoVtx TrkMu17_DoubleTrkMu8NoFiltersNoVtx
"""
PUBLISHED_PATHS = tuple(f"HLT_{name}" for name in _PUBLISHED.split())


def _per_muon() -> list[Column]:
    """Columns of the leading (published: mu0) and the trailing muon (mu1)."""
    quantities = (
        ("pt", "GeV", ""),
        ("eta", "", ""),
        ("phi", "rad", ""),
        ("ip3d", "cm", "distance from the primary vertex in space"),
        ("jetiso", "", "relative isolation in the muon's jet"),
        ("iso04", "", "particle-flow isolation in a cone of 0.4, over pT"),
    )
    return [
        feature(f"{ours}_{name}", unit, doc=doc, alias=f"{theirs}_{name}")
        for ours, theirs in (("lead", "mu0"), ("trail", "mu1"))
        for name, unit, doc in quantities
    ]


_JET = (("btag", "", "DeepB"), ("pt", "GeV", ""), ("eta", "", ""), ("phi", "rad", ""))

# Every column but the trigger decisions, which are named after their paths. Published names
# (arXiv:2502.14036 and its code) are aliases.
COLUMNS: tuple[Column, ...] = (
    *EVENT_KEYS,
    observer("dimuon_mass", "GeV", alias="dimu_mass"),
    observer("charge_product", dtype="int32", doc="-1 opposite sign, 1 same sign"),
    *_per_muon(),
    feature("dimuon_pt", "GeV", alias="dimu_pt"),
    feature("dimuon_eta", alias="dimu_eta"),
    feature("dimuon_phi", "rad", alias="dimu_phi"),
    feature("delta_r", alias="mumu_deltaR", doc="distance of the muons in eta and phi"),
    feature("delta_pt", "GeV", alias="mumu_deltapT", doc="difference of the muons' pT"),
    feature("n_muons", dtype="int32", alias="n_muons", doc="muons that the pair is chosen from"),
    feature("n_jets", dtype="int32", alias="n_jets", doc="all stored jets"),
    *(
        feature(f"hardest_jet_{name}", unit, doc=doc or "of the first stored jet")
        for name, unit, doc in (*_JET, ("mass", "GeV", ""))
    ),
    feature("dimujet_delta_r", alias="dimujet_deltaR", doc="distance of the pair and that jet"),
    weight("weight"),
    label("label"),
)


def hlt_path(name: str) -> str:
    """Full name of a trigger path, given with or without ``HLT_``."""
    return name if name.startswith("HLT_") else f"HLT_{name}"


def table_columns(cuts: DimuonCuts, sources: Iterable[str] = ()) -> tuple[Column, ...]:
    """Columns that a selection fills.

    Parameters
    ----------
    cuts : DimuonCuts
        Says which quantities are asked of the file.
    sources : iterable of str
        Systematic sources whose shifted weights are columns too.

    Returns
    -------
    tuple of Column
        Part of ``COLUMNS``, the trigger decisions behind the features and the shifted weights
        behind the weight.
    """
    found: list[Column] = []
    for column in COLUMNS:
        quantity = column.name.removeprefix("lead_").removeprefix("trail_")
        jet = column.name.startswith(("hardest_jet_", "dimujet_"))
        if (quantity in OBSERVABLES and quantity not in cuts.observables) or (
            jet and not cuts.jets
        ):
            continue
        if column.role == "weight":
            found += [
                observer(name, dtype="bool", doc="trigger decision", alias=name)
                for name in cuts.decisions
            ]
            found.append(column)
            found += [
                replace(column, name=f"weight_{source}_{way}", doc="shifted")
                for source in sources
                for way in ("up", "down")
            ]
            continue
        found.append(column)
    return tuple(found)
