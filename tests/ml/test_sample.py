"""Rows in memory: ordered by key, grouped by shower."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.sample import Sample, load_sample
from hepml.parts import write_part
from hepml.tables import FeatureTable
from tests.ml.showers import COLUMNS, rows, write_showers

GROUP = ("brick", "shower")


def loaded(folder: Path) -> Sample:
    table = FeatureTable.open(folder)
    return load_sample(table, ["link_dx", "delta_theta"], label="signal", group=GROUP)


def test_the_order_of_parts_and_rows_does_not_matter(tmp_path: Path) -> None:
    whole = rows(showers=6)
    write_part(tmp_path / "one" / "a" / "p.parquet", COLUMNS, whole, {"dataset": "a"})
    order = np.random.default_rng(1).permutation(len(whole["row"]))
    for place, chosen in enumerate(np.array_split(order, 3)):
        part = {name: values[chosen] for name, values in whole.items()}
        path = tmp_path / "three" / "a" / f"{place}.parquet"
        write_part(path, COLUMNS, part, {"dataset": "a"})
    one, three = loaded(tmp_path / "one"), loaded(tmp_path / "three")
    np.testing.assert_array_equal(one.x, three.x)
    np.testing.assert_array_equal(one.labels, three.labels)
    np.testing.assert_array_equal(one.group, three.group)


def test_a_group_is_a_shower_of_a_brick_of_a_dataset(tmp_path: Path) -> None:
    write_showers(tmp_path, "a", showers=3, candidates=20)
    write_showers(tmp_path, "b", showers=2, candidates=20)
    sample = loaded(tmp_path)
    assert sample.groups == 5
    np.testing.assert_array_equal(np.bincount(sample.group), [20] * 5)
    assert sample.columns["dataset"][sample.first_rows()].tolist() == ["a"] * 3 + ["b"] * 2


def test_signal_is_the_second_class(tmp_path: Path) -> None:
    sample = loaded(write_showers(tmp_path, showers=2))
    assert sample.classes == (0, 1)
    expected = rows(showers=2)["signal"]
    np.testing.assert_array_equal(sample.signal, expected == 1)


def test_taking_rows_numbers_their_groups_anew(tmp_path: Path) -> None:
    sample = loaded(write_showers(tmp_path, showers=4, candidates=20))
    part = sample.take((sample.group == 1) | (sample.group == 3))
    assert part.groups == 2
    np.testing.assert_array_equal(np.bincount(part.group), [20, 20])
    assert set(part.columns["shower"]) == {1, 3}


def test_a_label_out_of_the_classes_is_named(tmp_path: Path) -> None:
    table = FeatureTable.open(write_showers(tmp_path, showers=2))
    with pytest.raises(ModelError, match=r"'signal' holds 1, and the classes are 0, 2"):
        load_sample(table, ["link_dx"], label="signal", classes=(0, 2))


def test_without_labels_there_is_no_signal(tmp_path: Path) -> None:
    table = FeatureTable.open(write_showers(tmp_path, showers=2))
    sample = load_sample(table, ["link_dx"])
    with pytest.raises(ModelError, match="Two classes"):
        _ = sample.signal
    with pytest.raises(ModelError, match="no labels"):
        _ = sample.labels


def test_columns_are_picked_in_the_order_asked_for(tmp_path: Path) -> None:
    sample = loaded(write_showers(tmp_path, showers=2))
    np.testing.assert_array_equal(sample.matrix(["delta_theta"])[:, 0], sample.x[:, 1])
