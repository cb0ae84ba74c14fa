"""What every contender must do: branches, cuts in words, histograms, and the targets.

Written down once more here, apart from hepml, so that the other contenders share none of its code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tables import Target

__all__ = [
    "MUON_MASS",
    "SIGNS",
    "TARGETS",
    "TREE",
    "TRIGGER",
    "WORKLOADS",
    "Axis",
    "Result",
    "Work",
    "contents",
    "expected",
    "processor",
]

TREE = "Events"
TRIGGER = "HLT_TrkMu15_DoubleTrkMu5NoFiltersNoVtx"
MUON_MASS = 0.1056583755  # of every muon [GeV]; the files store it in single precision
SIGNS = {"os": -1, "ss": 1}  # product of the charges


@dataclass(frozen=True, slots=True)
class Axis:
    """Bins of one histogram; logarithmic ones are of equal width in the logarithm."""

    bins: int
    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """One variant of the selection.

    Attributes
    ----------
    preset : str
        hepml's name for it.
    branches : tuple of str
        What has to be read.
    steps : tuple of str
        Cumulative steps of the cutflow.
    extra : tuple of str
        Quantities of either muon beyond kinematics.
    """

    preset: str
    branches: tuple[str, ...]
    steps: tuple[str, ...]
    extra: tuple[str, ...] = ()

    @property
    def histograms(self) -> dict[str, Axis]:
        """Quantity to its axis; each is filled for either sign."""
        found = dict(_PAIR)
        for which in ("lead", "trail"):
            found |= {f"{which}_{name}": _MUON[name] for name in ("pt", "eta", *self.extra)}
        if self.extra:
            found["n_jets"] = Axis(16, -0.5, 15.5)
        return found


_KINEMATICS = ("nMuon", "Muon_pt", "Muon_eta", "Muon_phi", "Muon_charge")
_PAIR = {
    "dimuon_mass": Axis(650, 0.3, 200, log=True),
    "dimuon_pt": Axis(50, 0, 100),
    "dimuon_eta": Axis(60, -6, 6),
    "delta_r": Axis(60, 0, 6),
    "delta_pt": Axis(50, 0, 50),
    "n_muons": Axis(10, -0.5, 9.5),
}
_MUON = {
    "pt": Axis(50, 0, 100),
    "eta": Axis(50, -2.5, 2.5),
    "ip3d": Axis(60, 1e-4, 1, log=True),
    "jetiso": Axis(60, -0.5, 5.5),
    "iso04": Axis(60, 0, 3),
}

# the pair is made of the two muons (``unisolated``: tight muons) of highest pT
WORKLOADS = {
    "inclusive": Work(
        "inclusive",
        _KINEMATICS,
        # the fourth is a threshold of 0 GeV here
        (
            *("all", "at least two muons", "valid pair", "muon pT"),
            *("opposite sign", "exactly two muons"),
        ),
    ),
    "unisolated": Work(
        "upsilon-unisolated",
        (
            *_KINEMATICS,
            "Muon_tightId",
            "Muon_ip3d",
            "Muon_jetRelIso",
            "Muon_pfRelIso04_all",
            "nJet",
            TRIGGER,
        ),
        # pT of 17 and 8 GeV, isolation of both at least 0.55, mass of 5 to 16 GeV, all included
        (
            *("all", "trigger", "at least two tight muons", "valid pair", "muon pT"),
            *("lead isolation", "trail isolation", "mass window", "opposite sign"),
        ),
        ("ip3d", "jetiso", "iso04"),
    ),
}

TARGETS = tuple(
    Target("rate", hepml, f"rdf-{style}-{threads}", at_least=2)
    for style in ("typed", "strings")
    for hepml, threads in (("hepml-futures", 2), ("hepml-iterative", 1))
) + tuple(  # less sensitive to other programs on the machine
    Target("loop_cpu", f"rdf-{style}-1", "hepml-iterative", at_least=2)
    for style in ("typed", "strings")
)

# what a contender hands back: "cutflow" (one count per step), "histograms" (name and sign to
# contents) and "seconds" (its event loop)
Result = dict[str, Any]


def processor(workload: str) -> Any:
    """hepml's processor, without a table and without spectra of single mass windows."""
    from processors import DimuonProcessor

    preset = WORKLOADS[workload].preset
    return DimuonProcessor.from_parameters(preset=preset, cuts={"windows": ()}, table=False)


def expected(workload: str) -> set[str]:
    """Names under which the contents of the histograms are compared."""
    return {f"{name}_{sign}" for name in WORKLOADS[workload].histograms for sign in SIGNS}


def contents(filled: dict[str, Any], workload: str) -> dict[str, list[float]]:
    """Bin contents of hepml's histograms by name and sign, with underflow and overflow."""
    return {
        f"{name}_{sign}": one[0, 0, one.axes[2].index(product), :].values(flow=True).tolist()
        for name, one in filled.items()
        for sign, product in SIGNS.items()
    }
