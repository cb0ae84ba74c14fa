"""Bins that show a distribution whatever its tails."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from hepml.explore.binning import Spread, choose_edges

MOMENTA = Spread(
    low=25.3, high=4000.0, inner_low=31.0, inner_high=412.0, count=5000, integer=False, unit="GeV"
)
JETS = Spread(low=0, high=9, inner_low=0, inner_high=6, count=5000, integer=True)


def test_a_long_tail_is_cut_off_and_0_is_an_edge() -> None:
    edges = choose_edges(MOMENTA)
    assert edges[0] == 0.0
    assert 412 <= edges[-1] <= 440
    assert np.diff(edges) == pytest.approx(10.0)


def test_edges_are_round_numbers() -> None:
    edges = choose_edges(replace(MOMENTA, low=105.0, high=160.0, inner_low=105.2, inner_high=159.0))
    assert edges[[0, -1]].tolist() == [105.0, 160.0]
    assert np.diff(edges) == pytest.approx(1.0)


def test_few_values_have_few_bins() -> None:
    assert len(choose_edges(replace(MOMENTA, count=30))) < 26


def test_whole_numbers_are_in_the_middle_of_bins() -> None:
    assert choose_edges(JETS).tolist() == [number - 0.5 for number in range(11)]


def test_many_whole_numbers_share_bins() -> None:
    edges = choose_edges(replace(JETS, high=900, inner_high=400))
    assert np.diff(edges).tolist() == [10.0] * 41
    assert edges[0] == -0.5


@pytest.mark.parametrize(("low", "high", "bins"), [(0, 1, 2), (2, 2, 3), (-1, 1, 3)])
def test_flags_have_two_bins_and_constants_three(low: int, high: int, bins: int) -> None:
    edges = choose_edges(replace(JETS, low=low, high=high, inner_low=low, inner_high=high))
    assert len(edges) == bins + 1
    assert edges[0] < low
    assert edges[-1] > high


def test_angles_keep_the_whole_circle() -> None:
    whole = Spread(-3.14, 3.141, -3.1, 3.1, 10_000, False, "rad")
    edges = choose_edges(whole)
    assert edges[0] == -edges[-1]
    assert math.pi < edges[-1] < math.pi + 1e-6
    half = choose_edges(replace(whole, low=0.01, inner_low=0.02))
    assert half[0] == 0.0
    assert half[-1] == edges[-1]


def test_small_angles_are_seen() -> None:
    edges = choose_edges(Spread(-0.02, 0.4, 0.0, 0.35, 10_000, False, "rad"))
    assert edges[-1] < 0.5


def test_a_constant_is_inside_the_bins() -> None:
    for value in (0.0, 125.0, -1e6):
        edges = choose_edges(Spread(value, value, value, value, 100, False))
        assert len(edges) == 11
        assert edges[0] < value < edges[-1]
        assert not np.isclose(edges, value, rtol=0, atol=1e-9).any()


def test_values_beside_one_that_is_nearly_all_are_seen() -> None:
    edges = choose_edges(Spread(0.0, 8.0, 0.0, 0.0, 1000, False))
    assert edges[-1] == 8.0
