"""Named sets of dimuon features that the published anomaly search was run with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hepml.errors import ParameterError, TableError, did_you_mean

__all__ = ["ALIASES", "DIRECTIONS", "FEATURE_SETS", "FeatureSet", "find_features", "resolve"]

ALIASES: dict[str, str] = {
    "dimu_mass": "dimuon_mass",
    "dimu_pt": "dimuon_pt",
    "dimu_eta": "dimuon_eta",
    "dimu_phi": "dimuon_phi",
    "mumu_deltaR": "delta_r",
    "mumu_deltapT": "delta_pt",
    **{
        f"{theirs}_{name}": f"{ours}_{name}"
        for theirs, ours in (("mu0", "lead"), ("mu1", "trail"))
        for name in ("pt", "eta", "phi", "ip3d", "jetiso", "iso04")
    },
}
"""Published name -> our column, for tables written by either."""

# Which values of a feature look like signal: +1 large, -1 small, 0 small absolute values.
DIRECTIONS: dict[str, int] = {
    "dimuon_pt": 1,
    "lead_pt": 1,
    "trail_pt": 1,
    "delta_r": 1,
    "lead_ip3d": -1,
    "trail_ip3d": -1,
    "lead_iso04": -1,
    "trail_iso04": -1,
    "delta_pt": -1,
    "dimuon_eta": 0,
    "lead_eta": 0,
    "trail_eta": 0,
}


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """Inputs of density and classifier; the mass is the condition and never among them."""

    name: str
    features: tuple[str, ...]
    doc: str = ""

    @property
    def published(self) -> tuple[str, ...]:
        """The published names of the features."""
        names = {ours: theirs for theirs, ours in ALIASES.items()}
        return tuple(names.get(name, name) for name in self.features)


FEATURE_SETS: dict[str, FeatureSet] = {
    item.name: item
    for item in (
        FeatureSet(
            "single_0", ("lead_pt", "trail_pt", "lead_eta", "trail_eta"), "kinematics of the muons"
        ),
        FeatureSet("single_1", ("lead_iso04", "trail_iso04"), "isolations"),
        FeatureSet("single_2", ("lead_pt", "trail_pt"), "transverse momenta"),
        FeatureSet("single_3", ("lead_ip3d", "trail_ip3d"), "impact parameters"),
        FeatureSet(
            "double_0", ("dimuon_pt", "dimuon_eta", "delta_r", "delta_pt"), "kinematics of the pair"
        ),
        FeatureSet("double_1", ("dimuon_pt", "dimuon_eta"), "the pair as one particle"),
        FeatureSet("double_2", ("delta_r", "delta_pt"), "negative control: gains nothing"),
        FeatureSet("mix_0", ("dimuon_pt", "lead_iso04", "trail_iso04"), "pair and isolations"),
        FeatureSet(
            "mix_2",
            ("dimuon_pt", "lead_ip3d", "trail_ip3d"),
            "the set of the paper (arXiv:2502.14036)",
        ),
    )
}


def find_features(text: str | Sequence[str], known: Iterable[str] | None = None) -> tuple[str, ...]:
    """Features of a named set, or of a list of columns in our names or the published ones.

    Parameters
    ----------
    text : str or sequence of str
        ``mix_2``, ``dimuon_pt,mu0_ip3d``, or a sequence of names.
    known : iterable of str, optional
        Columns of the table, which may have either kind of names; without it the result has
        our names.

    Raises
    ------
    ParameterError
        If there is no such set, a name is repeated, or the mass is among the features.
    TableError
        If the table lacks a column.
    """
    if isinstance(text, str) and text in FEATURE_SETS:
        names: tuple[str, ...] = FEATURE_SETS[text].features
    else:
        words = text.split(",") if isinstance(text, str) else list(text)
        names = tuple(ALIASES.get(word.strip(), word.strip()) for word in words if word.strip())
    columns = None if known is None else tuple(known)
    if columns is None and len(names) == 1 and names[0] not in ALIASES.values():
        raise ParameterError(
            f"There is no feature set or feature {names[0]!r}. "
            + did_you_mean(names[0], [*FEATURE_SETS, *ALIASES.values()])
        )
    if not names or len(set(names)) < len(names):
        raise ParameterError(f"Features must be named, each once: {text!r}.")
    if "dimuon_mass" in names:
        raise ParameterError(
            "The mass is what the density is conditional on; it cannot be a feature, or the "
            "classifier would sculpt it. Leave dimuon_mass out."
        )
    if columns is None:
        return names
    return tuple(resolve(name, columns, sets=isinstance(text, str)) for name in names)


def resolve(name: str, columns: Sequence[str], *, sets: bool = False) -> str:
    """The column of a table that holds a feature, under our name or the published one.

    Raises
    ------
    TableError
        If there is none.
    """
    theirs: Mapping[str, str] = {ours: alias for alias, ours in ALIASES.items()}
    for candidate in (name, ALIASES.get(name), theirs.get(name)):
        if candidate is not None and candidate in columns:
            return candidate
    hint = did_you_mean(name, [*columns, *FEATURE_SETS] if sets else columns)
    raise TableError(f"The table has no column {name!r}. {hint}")
