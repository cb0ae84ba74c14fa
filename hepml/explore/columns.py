"""Which columns are looked at, and what their axes say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hepml.columns import Column
from hepml.errors import ParameterError, TableError, did_you_mean
from hepml.tables import FeatureTable

__all__ = ["axis_label", "choose_columns"]

_STATISTICS = ("min", "max", "mean", "sum", "std")
_OBJECTS = {
    "diphoton": {"lead": "Leading photon", "sublead": "Subleading photon"},
    "dimuon": {"lead": "Leading muon", "trail": "Trailing muon"},
}
_WORDS = {
    "pt": "$p_T$",
    "eta": r"$\eta$",
    "phi": r"$\phi$",
    "met": "$E_T^{miss}$",
    "mv2c10": "MV2c10",
    "lep": "lepton",
    "btag": "b-tag",
}
_COUNTS = {"n": "number of"}


def choose_columns(
    table: FeatureTable, names: Sequence[str] | None = None, *, everything: bool = False
) -> tuple[Column, ...]:
    """Choose the columns to look at.

    By default these are the features, masses and scores; of the five statistics over a list only
    the greatest value, and the sum of momenta, and none of angles.

    Parameters
    ----------
    table : FeatureTable
        The table.
    names : sequence of str, optional
        Columns by their names or published names.
    everything : bool
        Every column of numbers but keys, weights and labels.

    Raises
    ------
    TableError
        If there is no such column.
    ParameterError
        If a column holds no numbers, or none is left.
    """
    known = {column.name: column for column in table.columns}
    if names:
        found = []
        for name in dict.fromkeys(names):
            stored = name if name in known else table.aliases.get(name, "")
            if not stored:
                near = did_you_mean(name, [*known, *table.aliases])
                raise TableError(f"The table has no column {name!r}. {near}")
            if not _is_number(known[stored]):
                raise ParameterError(
                    f"Column {name!r} holds {known[stored].dtype}; only numbers have a histogram."
                )
            found.append(known[stored])
        return tuple(dict.fromkeys(found))
    numbers = [column for column in table.columns if _is_number(column)]
    if everything:
        chosen = [c for c in numbers if c.role not in ("key", "weight", "label")]
    else:
        chosen = [c for c in numbers if _is_usual(c, known)]
    if not chosen:
        raise ParameterError("The table has no feature to look at; name columns with --column.")
    return tuple(chosen)


def _is_number(column: Column) -> bool:
    try:
        return np.dtype(column.dtype).kind in "bifu"
    except TypeError:
        return False


def _is_usual(column: Column, known: Mapping[str, Column]) -> bool:
    if column.role == "observer":
        return column.name.endswith("mass") or column.doc.startswith("probability of")
    if column.role != "feature":
        return False
    stem, _, statistic = column.name.rpartition("_")
    if statistic not in _STATISTICS or any(f"{stem}_{s}" not in known for s in _STATISTICS):
        return True
    if column.unit == "rad":
        return False
    if stem.endswith("_charge"):
        return statistic == "sum"
    return statistic == "max" or (statistic == "sum" and stem.endswith("_pt"))


def axis_label(column: Column, channel: str = "", known: Mapping[str, str] | None = None) -> str:
    """Text of a column's axis, with the unit.

    Parameters
    ----------
    column : Column
        The column.
    channel : str
        Name of the processor.
    known : mapping of str to str, optional
        Texts that histograms of the same quantities have.
    """
    if known and column.name in known:
        return known[column.name]
    if column.doc.startswith("probability of"):
        return f"P{column.doc.partition(',')[0][1:]} ({column.name})"
    unit = f" [{column.unit}]" if column.unit else ""
    words = column.name.split("_")
    objects = _OBJECTS.get(channel, {})
    if words[0] in objects and len(words) > 1:
        text = " ".join([objects[words[0]], *(_WORDS.get(word, word) for word in words[1:])])
        return text + unit
    if len(words) == 1 and column.name not in _WORDS:
        return column.name + unit
    last = f", {words.pop()}" if words[-1] in _STATISTICS and len(words) > 2 else ""
    parts = [_COUNTS.get(word, _WORDS.get(word, word)) for word in words]
    text = " ".join(parts) + last
    return text[:1].upper() + text[1:] + unit
