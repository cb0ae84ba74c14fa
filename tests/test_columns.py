"""Declared columns say what they are for."""

from __future__ import annotations

import dataclasses

import pytest

from hepml.columns import Column, feature, key, label, observer, weight


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (key("event"), Column("event", "int64", "", "key")),
        (feature("pt", "GeV"), Column("pt", "float32", "GeV", "feature")),
        (label("label"), Column("label", "string", "", "label")),
        (weight("weight"), Column("weight", "float64", "", "weight")),
        (observer("mass", "GeV"), Column("mass", "float64", "GeV", "observer")),
    ],
)
def test_each_role_has_its_usual_type(column: Column, expected: Column) -> None:
    assert column == expected


def test_meaning_and_published_name_are_kept() -> None:
    column = observer("mass", "GeV", doc="of the pair", alias="h_mass")
    assert (column.doc, column.alias) == ("of the pair", "h_mass")


def test_a_column_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        feature("pt").name = "eta"  # type: ignore[misc]
