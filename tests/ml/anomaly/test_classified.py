"""Weights of sidebands, and chance."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.anomaly.classified import sideband_weights
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.strategies import run_strategy
from tests.ml.anomaly.windows import WINDOW, sample


def test_sidebands_weigh_such_that_a_line_tells_nothing() -> None:
    mass = np.array([1.0, 3.0, 5.0, 5.5, 9.0])
    data, _ = AnomalyData.select(["a"], mass[:, None], mass, WINDOW)
    # means 2 and 9 around 5.25: shares 3.75 / 7 and 3.25 / 7 of two events
    np.testing.assert_allclose(sideband_weights(data), [3.75 / 7, 3.75 / 7, 0, 0, 2 * 3.25 / 7])


def test_the_weighted_mean_of_a_linear_feature_is_that_of_the_signal_region() -> None:
    data = sample(5_000, 0)
    weight = sideband_weights(data)
    assert weight.sum() == pytest.approx(data.signal_region.sum())
    assert weight @ data.mass / weight.sum() == pytest.approx(data.mass[data.signal_region].mean())


def test_an_empty_band_is_named() -> None:
    data = sample()
    with pytest.raises(ModelError, match="lower sideband"):
        sideband_weights(data.take(~data.low))


def test_chance_is_even_and_independent_of_folds() -> None:
    data = sample(5_000, 0)
    found = run_strategy("random", data)
    assert found.scores.mean() == pytest.approx(0.5, abs=4 * 0.29 / np.sqrt(5_000))
    assert found.ratio is None
    assert found.samples is None
