"""Named feature sets: every column exists, in our names or the published ones."""

from __future__ import annotations

import pytest

from hepml.errors import ParameterError, TableError
from hepml.ml.feature_sets import ALIASES, DIRECTIONS, FEATURE_SETS, find_features
from processors.dimuon_columns import COLUMNS


def test_every_feature_is_a_column_of_the_dimuon_table() -> None:
    known = {column.name for column in COLUMNS}
    for item in FEATURE_SETS.values():
        assert set(item.features) <= known
    assert set(DIRECTIONS) <= known


def test_aliases_are_those_of_the_columns() -> None:
    theirs = {c.alias: c.name for c in COLUMNS if c.alias and c.alias != c.name}
    assert theirs.items() >= ALIASES.items()


def test_the_set_of_the_paper_has_its_published_names() -> None:
    assert FEATURE_SETS["mix_2"].published == ("dimu_pt", "mu0_ip3d", "mu1_ip3d")


def test_every_feature_of_a_set_has_a_direction() -> None:
    assert {name for item in FEATURE_SETS.values() for name in item.features} <= set(DIRECTIONS)


@pytest.mark.parametrize(
    "text", ["dimu_pt,mu0_ip3d", "dimuon_pt, lead_ip3d", ["dimu_pt", "mu0_ip3d"]]
)
def test_names_of_either_kind_are_understood(text: str | list[str]) -> None:
    assert find_features(text) == ("dimuon_pt", "lead_ip3d")


def test_a_table_of_published_columns_is_understood() -> None:
    known = ["dimu_pt", "mu0_ip3d", "mu1_ip3d", "dimu_mass"]
    assert find_features("mix_2", known) == ("dimu_pt", "mu0_ip3d", "mu1_ip3d")


def test_any_column_of_any_table_can_be_a_feature() -> None:
    assert find_features("tau21,mjj_ratio", ["m", "tau21", "mjj_ratio"]) == ("tau21", "mjj_ratio")


def test_a_mistyped_set_names_the_nearest() -> None:
    with pytest.raises(ParameterError, match="mix_2"):
        find_features("mix2")


def test_a_missing_column_names_the_nearest() -> None:
    with pytest.raises(TableError, match="dimuon_pt"):
        find_features("dimuon_ptt", ["dimuon_pt"])


@pytest.mark.parametrize("text", ["dimuon_pt,dimu_mass", "dimu_pt,dimuon_pt", ","])
def test_the_mass_repetitions_and_nothing_are_refused(text: str) -> None:
    with pytest.raises(ParameterError):
        find_features(text)
