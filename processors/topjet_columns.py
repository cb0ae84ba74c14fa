"""Columns of the top-tagging table: one row for each jet."""

from __future__ import annotations

from hepml.columns import Column, feature, key, label, observer, weight

__all__ = ["COLUMNS", "CONSTITUENTS", "HIGH_LEVEL", "SHOWER_WEIGHTS", "UNITS"]

_DOC = {
    "Tau1_wta": "N-subjettiness, 1 axis",
    "Tau2_wta": "N-subjettiness, 2 axes",
    "Tau3_wta": "N-subjettiness, 3 axes",
    "Tau4_wta": "N-subjettiness, 4 axes",
    "Split12": "first kt splitting scale",
    "Split23": "second kt splitting scale",
    "ECF1": "energy correlation of one",
    "ECF2": "energy correlation of pairs",
    "ECF3": "energy correlation of triples",
    "C2": "ratio of energy correlations",
    "D2": "ratio of energy correlations",
    "Qw": "smallest mass of a pair of three subjets",
    "L2": "ratio of generalised energy correlations",
    "L3": "ratio of generalised energy correlations",
    "ThrustMaj": "thrust major",
}

# power of MeV that a quantity has in the files, and of GeV in the table
UNITS = {"Split12": 1, "Split23": 1, "Qw": 1, "ECF1": 1, "ECF2": 2, "ECF3": 3}
"""Power of GeV of a high-level quantity; those that are not here are numbers."""

HIGH_LEVEL = tuple(f"hl_{name}" for name in _DOC)
"""The 15 high-level quantities, in the order of the published files."""

CONSTITUENTS = ("constit_pt", "constit_eta", "constit_phi", "constit_energy")
"""Columns of lists, by descending pT."""

# variation -> column of EventInfo_mcEventWeights: the scale times 2 is "up", times 0.5 "down"
SHOWER_WEIGHTS = {"isr_up": 4, "isr_down": 9, "fsr_up": 6, "fsr_down": 7}

_SCALES = {"isr": "initial", "fsr": "final"}


def _unit(name: str) -> str:
    power = UNITS.get(name, 0)
    return {0: "", 1: "GeV"}.get(power, f"GeV^{power}")


COLUMNS: tuple[Column, ...] = (
    key("file", "string", doc="identity of the imported file"),
    key("row", doc="row of the jet in the original file"),
    key("event_number", alias="EventInfo_mcEventNumber", doc="-1 where the file has none"),
    label("label", "int8", alias="labels", doc="1: top, 0: QCD"),
    *(
        feature(f"hl_{name}", _unit(name), doc=doc, alias=f"fjet_{name}")
        for name, doc in _DOC.items()
    ),
    feature("jet_pt", "GeV", doc="calibrated, as all four of the jet"),
    feature("jet_eta"),
    feature("jet_phi", "rad"),
    feature("jet_m", "GeV"),
    feature("n_constituents", dtype="int32", doc="of the whole jet, also those not in the lists"),
    weight("weight", doc="training weight, 1 where the file has none"),
    *(
        observer(
            f"weight_{name}",
            doc=f"over the nominal weight: {_SCALES[name[:3]]}-state radiation, scale x "
            f"{'2' if name.endswith('up') else '0.5'}; NaN where the file has none",
        )
        for name in SHOWER_WEIGHTS
    ),
    observer("is_training", dtype="int8", doc="1: of a training sample"),
    observer(
        "split_ok", dtype="int8", doc="1: the event number belongs there, 0: not, -1: unknown"
    ),
    feature("constit_pt", "GeV", "list[float32]", doc="by descending pT"),
    feature("constit_eta", "", "list[float32]", doc="in the frame of the jet"),
    feature("constit_phi", "rad", "list[float32]", doc="in the frame of the jet"),
    feature("constit_energy", "GeV", "list[float32]", doc="by descending pT"),
)
