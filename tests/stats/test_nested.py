"""Pseudo-experiments of nested cuts: local and global p-values of working points."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import StatisticsError
from hepml.stats.backgrounds import Background
from hepml.stats.bumphunt import hunt
from hepml.stats.excess import SignalTest
from hepml.stats.nested import nested_toys
from hepml.stats.results import HuntRow
from hepml.windows import Window

WINDOW = Window("toy", 0.0, 4.0, 6.0, 10.0, degree=1)
TEST = SignalTest(WINDOW.binning(4), Background("polynomial", 1, 0.0, 10.0))
RATES = (1.0, 0.5, 0.2, 0.1)


def cuts(signal: int = 0, seed: int = 0) -> list[HuntRow]:
    rng = np.random.default_rng(seed)
    mass = np.append(rng.uniform(0, 10, 4000), rng.uniform(4, 6, signal))
    score = np.append(rng.uniform(0, 1, 4000), rng.uniform(0.9, 1, signal))
    found = hunt(mass, WINDOW, scores={"score": score}, fpr=RATES, bins=4)
    return [row for row in found.results if row.score]


def test_one_working_point_has_no_trials_factor() -> None:
    found = nested_toys(TEST, cuts()[:1], 300)
    assert found.largest == found.points[0]
    assert found.upcrossings == 0.0


def test_the_global_p_value_is_above_each_local_one() -> None:
    rows = cuts(signal=20)
    found = nested_toys(TEST, rows, 1000)
    best = int(np.argmax([row.Z or 0.0 for row in rows]))
    assert found.points[best].p < found.largest.p < len(rows) * found.points[best].p


def test_local_p_values_are_those_of_half_a_chi_square() -> None:
    rows = cuts(signal=20)
    found = nested_toys(TEST, rows, 4000)
    for row, toys in zip(rows, found.points, strict=True):
        assert row.p is not None
        expected = min(row.p, 1.0)
        # 4 binomial standard deviations
        assert abs(toys.p - expected) < 4 * np.sqrt(expected * (1 - expected) / 4000) + 2e-3


def test_where_no_toy_reaches_the_data_crossings_say_how_rare_it_is() -> None:
    rows = cuts(signal=150)
    found = nested_toys(TEST, rows, 300)
    assert found.method == "upcrossings"
    largest = max(rows, key=lambda row: row.Z or 0.0)
    assert largest.log10_p is not None
    assert largest.log10_p < found.log10_p < -5


def test_the_same_seed_gives_the_same_toys() -> None:
    rows = cuts()
    first, second = (nested_toys(TEST, rows, 150, seed=3) for _ in range(2))
    assert (first.points, first.largest) == (second.points, second.largest)


def test_without_a_fit_there_are_no_toys() -> None:
    empty = cuts()[0].model_copy(update={"excess": None, "joint": None})
    with pytest.raises(StatisticsError, match="was not fitted"):
        nested_toys(TEST, [empty], 10)
    with pytest.raises(StatisticsError, match="no working point"):
        nested_toys(TEST, [], 10)
