"""What every contender must do: branches, cuts in words, histograms, and the rows of the table.

Written down once more here, apart from hepml, so that the other contenders share none of its code.
"""

from __future__ import annotations

from typing import Any

from tables import Target

__all__ = [
    "BRANCHES",
    "HISTOGRAMS",
    "JET",
    "LEPTON",
    "STATISTICS",
    "STEPS",
    "TABLE_BRANCHES",
    "TARGETS",
    "TREE",
    "Result",
    "contents",
    "expected",
    "processor",
]

TREE = "mini"

# the branches that the histograms of data need; GeV cuts, MeV in the files
BRANCHES = (
    "trigP",
    "met_et",
    "jet_n",
    "photon_pt",
    "photon_eta",
    "photon_phi",
    "photon_isTightID",
    "photon_ptcone30",
    "photon_etcone20",
)
# quantity of the table -> branch suffix; angles are made from eta
LEPTON = {
    "pt": "pt",
    "phi": "phi",
    "energy": "E",
    "theta": "eta",
    "charge": "charge",
    "z0": "z0",
    "ptcone30": "ptcone30",
    "etcone20": "etcone20",
}
JET = {"pt": "pt", "phi": "phi", "energy": "E", "theta": "eta", "mv2c10": "MV2c10"}
STATISTICS = ("min", "max", "mean", "sum", "std")
TABLE_BRANCHES = (
    *BRANCHES,
    "runNumber",
    "eventNumber",
    "channelNumber",
    "met_phi",
    "photon_E",
    *(f"lep_{suffix}" for suffix in LEPTON.values()),
    *(f"jet_{suffix}" for suffix in JET.values()),
)
# cumulative steps of the cutflow:
# trigP; exactly two photons tight, pT > 25 GeV, abs(eta) < 2.37 outside [1.37, 1.52]; both pT > 25;
# ptcone30 and etcone20 below 0.065 pT; pT/m above 0.35 and 0.25; 105 < m < 160 GeV
STEPS = ("all", "trigger", "two good photons", "photon pT", "isolation", "pT/m", "mass window")
# name -> bins, low, high; filled with weights (1 for data) for the events that pass every step
HISTOGRAMS: dict[str, tuple[int, float, float]] = {
    "diphoton_mass": (30, 105, 160),
    "lead_pt": (50, 0, 250),
    "sublead_pt": (50, 0, 250),
    "lead_pt_over_mass": (40, 0, 2),
    "sublead_pt_over_mass": (40, 0, 2),
    "lead_eta": (50, -2.5, 2.5),
    "sublead_eta": (50, -2.5, 2.5),
    "n_jets": (12, -0.5, 11.5),
    "met": (50, 0, 250),
}

# what a contender hands back: "cutflow" (one count per step), "histograms" (name to contents with
# underflow and overflow), "seconds" (its event loop), and where asked "table" (column to sum)
Result = dict[str, Any]

TARGETS = (
    Target("rate", "hepml-futures", "rdf-typed-2", at_least=3),
    Target("wall", "rdf-typed-2", "hepml-futures", at_least=2),
    Target("rate", "hepml-futures", "rdf-strings-2", at_least=3),
    Target("wall", "rdf-strings-2", "hepml-futures", at_least=2),
    Target("cpu", "hepml-iterative", "uproot", at_most=0.8),
)


def processor(workload: str) -> Any:
    """hepml's processor; only ``table`` asks for the feature table."""
    from processors import DiphotonProcessor

    return DiphotonProcessor(table=workload == "table")


def expected(workload: str) -> set[str]:
    """Names under which the contents of the histograms are compared."""
    return set(HISTOGRAMS)


def contents(filled: dict[str, Any], workload: str) -> dict[str, list[float]]:
    """Bin contents of hepml's histograms, with underflow and overflow."""
    return {name: one[0, 0, :].values(flow=True).tolist() for name, one in filled.items()}
