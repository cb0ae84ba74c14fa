"""Shares of rows by event key: side by side, and nothing between them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from hepml.errors import ParameterError
from hepml.splits import Share, limits_of

KEYS = pa.RecordBatch.from_pydict({"event": np.arange(1000)})


def test_parts_lie_side_by_side_and_the_last_one_ends_at_one() -> None:
    assert limits_of({"a": 0.1, "b": 0.2, "c": 0.7}) == {
        "a": (0.0, 0.1),
        "b": (0.1, pytest.approx(0.3)),
        "c": (pytest.approx(0.3), 1.0),
    }


@pytest.mark.parametrize("fractions", [{"a": 0.9, "b": 0.2}, {"a": 0.0}, {"a": -0.1}])
def test_impossible_fractions_are_refused(fractions: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="at most 1"):
        limits_of(fractions)


def test_every_row_is_in_one_of_two_shares() -> None:
    low, high = Share(0.0, 0.4, ("event",), 0), Share(0.4, 1.0, ("event",), 0)
    assert np.array_equal(low.inside(KEYS), ~high.inside(KEYS))


def test_all_of_the_places_hold_all_rows() -> None:
    assert Share(0.0, 1.0, ("event",), 7).inside(KEYS).all()
