"""Inputs of a model: labels, weights, keys and observers can never become one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError, TableError
from hepml.ml.features import check_inputs, choose_features
from hepml.tables import FeatureTable
from tests.ml.showers import write_showers
from tests.toys import write_table


@pytest.fixture
def table(tmp_path: Path) -> FeatureTable:
    return FeatureTable.open(write_showers(tmp_path, showers=3))


def test_all_features_and_nothing_else_are_chosen_by_default(table: FeatureTable) -> None:
    assert choose_features(table)[0] == "link_dx"
    assert set(choose_features(table)) == set(table.names("feature"))


def test_published_names_stand_for_ours_in_the_order_asked_for(table: FeatureTable) -> None:
    assert choose_features(table, ["DeltaT", "link_dx"]) == ("delta_theta", "link_dx")


@pytest.mark.parametrize(
    ("name", "role"),
    [("signal", "label"), ("Signal", "label"), ("shower", "key"), ("energy", "an observer")],
)
def test_what_gives_the_answer_away_is_refused(table: FeatureTable, name: str, role: str) -> None:
    with pytest.raises(ParameterError, match=f"cannot be an input of a model: it is a?n? ?{role}"):
        choose_features(table, ["link_dx", name])


def test_a_weight_is_refused(tmp_path: Path) -> None:
    table = FeatureTable.open(write_table(tmp_path, {"a": [range(3)]}))
    with pytest.raises(ParameterError, match="'weight' cannot be an input"):
        choose_features(table, ["pt", "weight"])


def test_what_the_task_uses_as_label_is_refused_whatever_the_table_says(
    table: FeatureTable,
) -> None:
    with pytest.raises(ParameterError, match="what the task is about"):
        choose_features(table, ["link_dx"], reserved=["link_dx"])
    assert "link_dx" not in choose_features(table, reserved=["dx"])


def test_columns_can_be_left_out(table: FeatureTable) -> None:
    assert "link_dx" not in choose_features(table, without=["dx"])
    with pytest.raises(ParameterError, match="No feature is left"):
        choose_features(table, ["link_dx"], without=["link_dx"])


def test_an_unknown_column_is_named_with_near_misses(table: FeatureTable) -> None:
    with pytest.raises(TableError, match=r"Did you mean .*'link_dx'"):
        choose_features(table, ["link_dz"])


def test_a_feature_named_twice_is_refused(table: FeatureTable) -> None:
    with pytest.raises(ParameterError, match="named twice: link_dx"):
        choose_features(table, ["link_dx", "dx"])


def test_nan_is_an_input_but_infinity_is_not() -> None:
    x = np.array([[1.0, np.nan], [2.0, 3.0]], dtype=np.float32)
    assert check_inputs(x, ["a", "b"]) == ()
    x[0, 1] = np.inf
    with pytest.raises(ModelError, match=r"'b' is infinite in 1 of 2 rows"):
        check_inputs(x, ["a", "b"])


def test_a_feature_that_is_never_defined_is_refused() -> None:
    with pytest.raises(ModelError, match="'b' is NaN in every row"):
        check_inputs(np.array([[1.0, np.nan]], dtype=np.float32), ["a", "b"])


def test_a_constant_feature_is_noted() -> None:
    x = np.array([[1.0, 5.0], [2.0, 5.0]], dtype=np.float32)
    assert check_inputs(x, ["a", "b"]) == ("feature 'b' is 5 in every row: it says nothing",)


def test_no_row_is_an_error() -> None:
    with pytest.raises(ModelError, match="no row to train on"):
        check_inputs(np.empty((0, 1), np.float32), ["a"])
