"""Score against mass."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.anomaly.sculpted import mass_dependence
from tests.ml.anomaly.windows import WINDOW, sample


def test_no_bin_crosses_an_edge_of_the_signal_region() -> None:
    data = sample()
    found = mass_dependence(data, data.mass, bins=4)
    assert len(found.edges) == 13
    assert {WINDOW.left, WINDOW.low, WINDOW.high, WINDOW.right} < set(found.edges)
    assert sum(found.events) == len(data)


def test_quantiles_are_those_of_each_bin() -> None:
    data = sample()
    scores = np.random.default_rng(1).random(len(data))
    found = mass_dependence(data, scores, bins=1)
    place = found.levels.index(0.9)
    for mask, value in zip(
        (data.low, data.signal_region, data.high), found.quantiles[place], strict=True
    ):
        assert value == pytest.approx(np.quantile(scores[mask], 0.9))


def test_an_empty_bin_has_no_quantile() -> None:
    data = sample()
    data = data.take(~data.low)
    found = mass_dependence(data, data.x[:, 0], bins=1)
    assert found.quantiles[0][0] is None


def test_a_score_that_follows_the_mass_is_found() -> None:
    data = sample()
    rng = np.random.default_rng(1)
    free = mass_dependence(data, rng.random(len(data)))
    bound = mass_dependence(data, np.abs(data.mass - 5) + rng.random(len(data)))
    assert min(test.p for test in free.tests) > 0.01
    assert max(test.p for test in bound.tests if test.fpr > 0.01) < 1e-4


def test_a_constant_score_cannot_be_tested() -> None:
    data = sample()
    assert mass_dependence(data, np.ones(len(data))).tests == ()
