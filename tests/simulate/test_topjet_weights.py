"""Weights: training weights flatten the difference in pT, shower weights follow their formulas."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.simulate.topjet_weights import shower_weights, training_weights


def test_the_background_gets_the_spectrum_of_the_signal() -> None:
    rng = np.random.default_rng(1)
    pt = np.concatenate([rng.normal(1000, 200, 20_000), rng.normal(900, 300, 30_000)])
    label = np.repeat([1, 0], [20_000, 30_000])
    weights = training_weights(pt, label)
    assert weights.dtype == np.float32
    assert (weights[label == 1] == 1).all()
    background = pt[label == 0]
    assert weights[label == 0].mean() == pytest.approx(1.0)
    # 20,000 jets know their mean to 1.4; three sigmas
    assert np.average(background, weights=weights[label == 0]) == pytest.approx(1000, abs=8)


def test_few_jets_of_one_kind_stay_as_they_are() -> None:
    assert training_weights(np.arange(4.0), np.array([1, 1, 1, 1])).tolist() == [1, 1, 1, 1]
    assert training_weights(np.zeros(0), np.zeros(0, int)).shape == (0,)


def test_scales_depend_on_pt_and_multiplicity() -> None:
    rng = np.random.default_rng(2)
    pt, counts = np.repeat([400e3, 2000e3], 5000), np.tile([20, 90], 5000)
    weights = shower_weights(rng, pt, counts)
    assert weights.shape == (10_000, 27)
    assert (weights[:, 0] == 1).all()
    hard, many = pt > 1e6, counts > 50
    assert weights[hard, 4].mean() - weights[~hard, 4].mean() == pytest.approx(0.153, abs=0.01)
    assert weights[hard, 9].mean() < weights[~hard, 9].mean()
    assert weights[many, 6].mean() > weights[~many, 6].mean() + 0.3
    assert weights[many, 7].mean() < weights[~many, 7].mean() - 0.2
    # the others are noise of 2 %; four sigmas of the mean
    assert weights[:, 10:].mean(axis=0) == pytest.approx(1.0, abs=0.0008)
