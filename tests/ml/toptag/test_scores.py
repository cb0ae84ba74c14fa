"""Reading scores: jets without one, wrong labels, limits, several parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import TableError
from hepml.ml.toptag.scores import read_scores
from hepml.tables import FeatureTable
from tests.ml.toptag.handmade import write_scores


def opened(folder: Path) -> FeatureTable:
    return FeatureTable.open(folder)


def test_jets_without_score_are_counted_and_left_out(tmp_path: Path) -> None:
    write_scores(
        tmp_path, "a", [1, 0, 1, 0], [0.9, np.nan, np.inf, 0.1],
        pt=[400.0, 600.0, 800.0, 1000.0], mass=[1.0, 2.0, 3.0, 4.0],
        weights={"weight_isr_up": [1.0, 2.0, 3.0, 4.0]},
    )  # fmt: skip
    found = read_scores(opened(tmp_path), weights=["weight_isr_up"], mass=True)
    assert found.dropped == 2
    assert found.truth.tolist() == [True, False]
    assert found.bin.tolist() == [0, 3]
    assert found.mass is not None
    assert found.mass.tolist() == [1.0, 4.0]
    assert found.weights["weight_isr_up"].tolist() == [1.0, 4.0]


def test_parts_follow_each_other(tmp_path: Path) -> None:
    write_scores(tmp_path, "a", [1], [0.9], part="x")
    write_scores(tmp_path, "a", [0, 0], [0.1, 0.2], part="y")
    assert read_scores(opened(tmp_path)).truth.tolist() == [True, False, False]


def test_a_limit_holds_over_parts(tmp_path: Path) -> None:
    write_scores(tmp_path, "a", [1, 0], [0.9, np.nan], part="x")
    write_scores(tmp_path, "a", [0, 0], [0.1, 0.2], part="y")
    found = read_scores(opened(tmp_path), max_jets=3)
    assert (len(found), found.dropped) == (2, 1)


def test_no_jets_are_no_error(tmp_path: Path) -> None:
    write_scores(tmp_path, "a", [], [])
    found = read_scores(opened(tmp_path), mass=True)
    assert len(found) == 0


def test_a_label_that_is_neither_says_where(tmp_path: Path) -> None:
    write_scores(tmp_path, "odd", [1, -1], [0.9, 0.1])
    with pytest.raises(TableError, match=r"odd.*label.*-1"):
        read_scores(opened(tmp_path))


def test_a_score_column_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    write_scores(tmp_path, "a", [1], [0.9])
    with pytest.raises(TableError, match="score"):
        read_scores(opened(tmp_path), score="scores")


def test_signal_and_background_can_be_mixed(tmp_path: Path) -> None:
    write_scores(tmp_path, "a", [1, 0, 1], [0.9, 0.2, 0.7])
    jets = read_scores(opened(tmp_path))
    both = jets.only("background").plus(jets.only("signal"))
    assert both.truth.tolist() == [False, True, True]
    assert both.score == pytest.approx([0.2, 0.9, 0.7])
