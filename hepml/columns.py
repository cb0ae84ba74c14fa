"""Declared columns of a feature table: name, dtype, unit and role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Column", "Role", "feature", "key", "label", "observer", "weight"]

Role = Literal["key", "feature", "label", "weight", "observer"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a feature table.

    Attributes
    ----------
    name : str
        Column name, ``object_quantity`` (``lead_pt``).
    dtype : str
        numpy dtype name, ``"string"`` (stored dictionary encoded), or ``"list[float32]"`` and
        the like for a list of numbers in each row (the constituents of a jet, say). A list that
        a model may use is a ``feature`` too; models that read one number a column pass it over.
    unit : str
        ``"GeV"``, ``"rad"``, ``"cm"``, or empty for a number without unit.
    role : {"key", "feature", "label", "weight", "observer"}
        What the column is for: event identity, model input, target, event weight, or a
        quantity to look at that must not enter a model.
    doc : str
        One line for people.
    alias : str
        Name of the same quantity in the original publication, empty where there is none.
    """

    name: str
    dtype: str = "float32"
    unit: str = ""
    role: Role = "feature"
    doc: str = ""
    alias: str = ""

    @property
    def is_list(self) -> bool:
        """Whether each row holds a list of numbers."""
        return self.dtype.startswith("list[")


def key(name: str, dtype: str = "int64", *, doc: str = "", alias: str = "") -> Column:
    """Declare a column that identifies the event."""
    return Column(name, dtype, "", "key", doc, alias)


def feature(
    name: str, unit: str = "", dtype: str = "float32", *, doc: str = "", alias: str = ""
) -> Column:
    """Declare a column that a model may use."""
    return Column(name, dtype, unit, "feature", doc, alias)


def label(name: str, dtype: str = "string", *, doc: str = "", alias: str = "") -> Column:
    """Declare a column that says what the event is."""
    return Column(name, dtype, "", "label", doc, alias)


def weight(name: str = "weight", unit: str = "", *, doc: str = "", alias: str = "") -> Column:
    """Declare an event weight."""
    return Column(name, "float64", unit, "weight", doc, alias)


def observer(
    name: str, unit: str = "", dtype: str = "float64", *, doc: str = "", alias: str = ""
) -> Column:
    """Declare a column to look at (a mass, say) that must not enter a model."""
    return Column(name, dtype, unit, "observer", doc, alias)
