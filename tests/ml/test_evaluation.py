"""Figures of a working point, and probabilities that keep what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.evaluation import class_counts, reliability, working_point
from hepml.ml.sample import Sample

TRUTH = np.array([1, 1, 1, 0, 0, 0])
SAMPLE = Sample(
    features=("a",),
    x=np.zeros((6, 1), np.float32),
    y=TRUTH,
    classes=(0, 1),
    weights=np.array([1.0, 2.0, 1.0, 1.0, -0.5, 1.0]),
    group=np.array([0, 0, 1, 0, 1, 1]),
    groups=2,
)
TAKEN = np.array([True, False, True, True, False, False])


def test_classes_are_counted_by_group_with_signed_weights() -> None:
    counts = class_counts(SAMPLE, TAKEN, SAMPLE.group, SAMPLE.groups)
    # 11, 01, 10, 00
    np.testing.assert_allclose(counts, [[1, 1, 2, 0], [1, 0, 0, 0.5]])


def test_a_working_point_by_hand() -> None:
    counts = class_counts(SAMPLE, TAKEN, SAMPLE.group, SAMPLE.groups)
    point = working_point("chosen", 0.3, counts, {"f1": (0.4, 0.6, 0.1)})
    assert (point.tp, point.fp, point.fn, point.tn) == (2, 1, 2, 0.5)
    assert point.precision.value == pytest.approx(2 / 3)
    assert point.recall.value == pytest.approx(0.5)
    assert (point.f1.low, point.f1.high, point.precision.low) == (0.4, 0.6, None)


def test_honest_probabilities_are_close_to_their_shares() -> None:
    rng = np.random.default_rng(0)
    probability = rng.random(20_000)
    truth = rng.random(20_000) < probability
    found = reliability(probability, truth, np.ones(20_000))
    pulls = (np.array(found.observed) - found.predicted) / np.array(found.errors)
    assert np.abs(pulls).max() < 4
    assert found.ece < 0.02
    # mean of p (1 - p) for p flat between 0 and 1
    assert found.brier == pytest.approx(1 / 6, abs=0.005)
    assert sum(found.rows) == 20_000


def test_boasting_is_seen() -> None:
    truth = np.random.default_rng(1).random(5_000) < 0.5
    assert reliability(np.full(5_000, 0.9), truth, np.ones(5_000)).ece == pytest.approx(
        0.4, abs=0.03
    )
