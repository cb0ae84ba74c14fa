"""Columns of the dijet table: one row for each event."""

from __future__ import annotations

from hepml.columns import Column, feature, key, label, observer

__all__ = ["COLUMNS", "JETS", "STUDY"]

JETS = ("heavy", "light")
"""The two jets: larger mass first, or larger pT (cut ``order=pt``)."""

_FEATURES = (
    ("mass", "GeV", "m", "jet mass"),
    ("tau21", "", "tau12", "tau2/tau1, 0 unless both are above 0; the published name is inverted"),
    ("tau32", "", "tau23", "tau3/tau2, 0 unless tau1 and tau2 are above 0"),
)
_MOMENTUM = (
    ("pt", "GeV", "pt", "transverse momentum"),
    ("eta", "", "eta", "pseudorapidity"),
    ("phi", "rad", "phi", "azimuth"),
)

STUDY = tuple(f"{jet}_{name}" for jet in JETS for name, *_ in _FEATURES)
"""The six features of the published study."""


def _of(jet: str, items: tuple[tuple[str, str, str, str], ...]) -> list[Column]:
    return [
        feature(f"{jet}_{name}", unit, doc=f"{doc}, {jet} jet", alias=f"{jet}_{alias}")
        if alias != name
        else feature(f"{jet}_{name}", unit, doc=f"{doc}, {jet} jet")
        for name, unit, alias, doc in items
    ]


COLUMNS: tuple[Column, ...] = (
    key("event", doc="hash of the momenta and subjettiness: the same event in any file"),
    label("label", "int8", doc="1: signal, 0: background, -1: unknown"),
    *(column for jet in JETS for column in _of(jet, _FEATURES)),
    *(column for jet in JETS for column in _of(jet, _MOMENTUM)),
    observer("dijet_mass", "GeV", doc="invariant mass of the two jets", alias="mjj"),
    observer("mx", "GeV", "float32", doc="mass of X, NaN for background"),
    observer("my", "GeV", "float32", doc="mass of Y, NaN for background"),
    observer("prongs", dtype="int8", doc="partons of each resonance, 0: background, -1: unknown"),
    # background has none in the published files: as a feature it would tell the label
    *(
        observer(
            f"{jet}_constituents",
            dtype="int32",
            doc=f"of the {jet} jet, -1 where the file has none; tells files apart, no feature",
            alias=f"{jet}_N",
        )
        for jet in JETS
    ),
    observer("file", dtype="string", doc="identity of the imported file"),
    observer("row", dtype="int64", doc="row in the original file"),
)
