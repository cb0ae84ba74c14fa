"""Splits that are even along the condition."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.density.splits import split_rows
from tests.ml.density.toys import conditions


def test_every_row_is_in_one_part_and_both_sidebands_give_the_same_share() -> None:
    mass = conditions(1000, 0)
    train, judge = split_rows(mass, 0.2, 42)
    assert sorted([*train, *judge]) == list(range(1000))
    assert len(judge) == 200
    for side in (mass < 0, mass > 0):
        assert side[judge].sum() == pytest.approx(0.2 * side.sum(), abs=1)


def test_the_same_seed_gives_the_same_split() -> None:
    mass = conditions(100, 0)
    np.testing.assert_array_equal(split_rows(mass, 0.2, 1)[1], split_rows(mass, 0.2, 1)[1])
    assert set(split_rows(mass, 0.2, 1)[1]) != set(split_rows(mass, 0.2, 2)[1])


def test_an_empty_part_is_refused() -> None:
    with pytest.raises(ModelError, match="3 rows"):
        split_rows(np.arange(3.0), 0.1, 0)
