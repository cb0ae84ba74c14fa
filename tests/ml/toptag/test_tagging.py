"""Efficiencies of fixed thresholds, and masses of background, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hepml.ml.toptag.results import Rejection
from hepml.ml.toptag.scores import JetScores
from hepml.ml.toptag.tagging import mass_shapes, shares, tagging_efficiencies, wilson

POINT = Rejection(efficiency=0.5, value=4.0, threshold=0.6, reached=0.5)
JETS = JetScores(
    score=np.array([0.9, 0.6, 0.3, 0.7, 0.2, 0.1]),
    truth=np.array([1, 1, 1, 0, 0, 0], bool),
    bin=np.array([0, 0, 1, 0, 0, -1], np.int8),
    mass=np.array([170, 170, 170, 95, 105, 1e4], np.float32),
)


def test_a_jet_at_the_threshold_passes() -> None:
    found = tagging_efficiencies("a", JETS, [POINT])
    whole = {item.label: item for item in found if item.low is None}
    assert (whole["signal"].passed, whole["signal"].jets) == (2, 3)
    assert (whole["background"].passed, whole["background"].jets) == (1, 3)


def test_bins_without_jets_are_left_out() -> None:
    found = tagging_efficiencies("a", JETS, [POINT])
    signal = [item for item in found if item.label == "signal" and item.low is not None]
    assert [(item.low, item.high, item.value) for item in signal] == [
        (350.0, 550.0, 1.0),
        (550.0, 750.0, 0.0),
    ]


def test_ratios_are_to_nominal() -> None:
    nominal = shares(tagging_efficiencies("nominal", JETS, [POINT]))
    nominal[("background", 0.5, None)] = 0.5
    found = tagging_efficiencies("a", JETS, [POINT], nominal)
    ratios = {(item.label, item.low): item.ratio for item in found}
    assert ratios[("background", None)] == pytest.approx((1 / 3) / 0.5)
    assert ratios[("signal", 350.0)] == pytest.approx(1.0)
    # a share of a share of zero
    assert ratios[("signal", 550.0)] is None


def test_points_without_threshold_have_no_efficiency() -> None:
    assert tagging_efficiencies("a", JETS, [Rejection(efficiency=0.5)]) == ()


def test_the_interval_by_hand() -> None:
    # z = 1: (1/2 +- sqrt(1/16 + 1/64)) / (1 + 1/4) around (1/2 + 1/8)
    low, high = wilson(2, 4)
    half = math.sqrt(1 / 16 + 1 / 64) / 1.25
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half))
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0


def test_masses_are_those_of_background() -> None:
    found = mass_shapes(JETS, [POINT])
    assert found is not None
    whole, passed = found.spectra
    assert (sum(whole.counts), whole.counts[9], whole.counts[10]) == (2, 1, 1)
    assert (sum(passed.counts), passed.counts[9]) == (1, 1)
    assert found.outside == 1
    # two jets, one in each slice, no common bin: 1 bit
    assert passed.divergence == pytest.approx(1.0)


def test_chance_is_what_scores_without_the_mass_give() -> None:
    rng = np.random.default_rng(1)
    size = 4000
    values: list[float] = []
    promised: list[float] = []
    for _ in range(20):
        jets = JetScores(
            score=rng.random(size),
            truth=np.zeros(size, bool),
            bin=np.zeros(size, np.int8),
            mass=rng.uniform(0, 400, size).astype(np.float32),
        )
        spectrum = (mass_shapes(jets, [POINT]) or pytest.fail("no shapes")).spectra[1]
        values.append(spectrum.divergence or math.nan)
        promised.append(spectrum.chance or math.nan)
    # chi-square of 39 degrees: 23 % each, 5 % of their mean; three of these
    assert np.mean(values) == pytest.approx(np.mean(promised), rel=0.16)


def test_no_mass_no_shapes() -> None:
    assert mass_shapes(JETS.only("background"), [POINT]) is None
    only_signal = JetScores(JETS.score[:3], JETS.truth[:3], JETS.bin[:3], JETS.mass)
    assert mass_shapes(only_signal, [POINT]) is None
