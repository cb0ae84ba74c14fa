"""Confusion matrices and tables of weights, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.confusion import class_weights, confusion
from hepml.ml.sample import Sample

Y = np.array([0, 0, 0, 1, 1, 2])
WEIGHTS = np.array([1.0, 2.0, -0.5, 4.0, -1.0, 0.25])


def sample(y: np.ndarray = Y, weights: np.ndarray = WEIGHTS) -> Sample:
    rows = len(y)
    return Sample(
        ("x",), np.zeros((rows, 1), np.float32), y, ("gg", "tt", "Z"), weights, np.arange(rows),
        rows,
    )  # fmt: skip


def test_cells_hold_rows_and_signed_weights() -> None:
    found = confusion(Y, np.array([0, 1, 0, 1, 2, 2]), WEIGHTS, 3)
    assert found.events == ((2, 1, 0), (0, 1, 1), (0, 0, 1))
    assert found.weights == ((0.5, 2.0, 0.0), (0.0, 4.0, -1.0), (0.0, 0.0, 0.25))


def test_shares_are_of_the_true_class() -> None:
    found = confusion(Y, np.array([0, 1, 0, 1, 2, 2]), WEIGHTS, 3)
    assert found.by_events[0] == pytest.approx((2 / 3, 1 / 3, 0))
    assert found.by_weight[0] == pytest.approx((0.2, 0.8, 0))
    # what is subtracted in one cell is missing in the sum
    assert found.by_weight[1] == pytest.approx((0, 4 / 3, -1 / 3))


def test_a_class_without_positive_weight_has_no_shares_by_weight() -> None:
    found = confusion(np.array([0, 1]), np.array([0, 1]), np.array([1.0, -2.0]), 3)
    assert found.by_weight[1:] == ((None,) * 3, (None,) * 3)
    assert found.by_events[1:] == ((0.0, 1.0, 0.0), (None,) * 3)


def test_the_table_of_weights_by_hand() -> None:
    gg, tt, z = class_weights(sample())
    assert (gg.name, gg.events, gg.negative) == ("gg", 3, 1)
    assert gg.sum == pytest.approx(2.5)
    assert gg.error == pytest.approx(np.sqrt(1 + 4 + 0.25))
    assert gg.fraction == pytest.approx(2.5 / 5.75)
    assert gg.per_event == pytest.approx(2.5 / 3)
    assert tt.sum == pytest.approx(3.0)
    assert z.events == 1


def test_the_table_has_a_line_for_a_class_without_rows() -> None:
    z = class_weights(sample(Y[:5], WEIGHTS[:5]))[2]
    assert (z.events, z.sum, z.fraction, z.per_event) == (0, 0.0, 0.0, None)


def test_fractions_of_a_negative_total_are_not_defined() -> None:
    assert class_weights(sample(weights=-np.abs(WEIGHTS)))[0].fraction is None
