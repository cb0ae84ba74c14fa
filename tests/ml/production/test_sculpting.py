"""Sculpting of the mass: slices by hand, and what must hold by chance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from hepml.errors import ParameterError
from hepml.ml.production.results import Sculpting
from hepml.ml.production.sculpting import sculpting


def look(
    mass: Any, score: Any, weights: Any = None, *, repeats: int = 50, **options: Any
) -> Sculpting:
    used = np.ones(len(mass)) if weights is None else np.asarray(weights, np.float64)
    return sculpting(
        np.asarray(mass, np.float64), used, np.asarray(score, np.float64),
        name="VBF", model="m", repeats=repeats, **options,
    )  # fmt: skip


def test_slices_and_their_spectra_by_hand() -> None:
    found = look(
        [106, 126, 108, 128, 200], [0.1, 0.2, 0.3, 0.4, 0.9], [1, 2, 3, -1, 5],
        window=(100, 130), bins=3, shares=(0.5, 0.5),
    )  # fmt: skip
    low, high = found.slices
    # the row at 200 GeV is not in the window
    assert (low.low, low.high, high.high) == (0.1, 0.3, 0.4)
    assert (low.events, high.events) == (2, 2)
    assert low.counts == (1.0, 0.0, 2.0)
    assert high.counts == (3.0, 0.0, -1.0)
    assert high.squares == (9.0, 0.0, 1.0)
    # shapes (1/3, 2/3) and (3/2, -1/2); squares (1, 4) and (9, 1) of sums 3 and 2 say that the
    # variances are 10/15 and 5/15 of 5/9 + 10/4
    chi2 = (7 / 6) ** 2 * (15 / 10 + 15 / 5) / (5 / 9 + 10 / 4)
    assert high.chi2 == pytest.approx(chi2)
    # the other one's rest
    assert low.chi2 == pytest.approx(chi2)
    assert high.ndf == 1


def test_a_score_without_the_mass_diverges_as_shuffled_ones_do() -> None:
    rng = np.random.default_rng(1)
    found = look(rng.uniform(105, 160, 5_000), rng.random(5_000))
    assert found.divergence == pytest.approx(found.expected, abs=4 * (found.spread or 0))
    assert (found.p or 0) > 0.01
    assert found.correlation == pytest.approx(0, abs=4 / math.sqrt(5_000))
    for item in found.slices:
        assert item.chi2 == pytest.approx(item.ndf, abs=4 * math.sqrt(2 * item.ndf))


def test_shares_of_shuffles_are_evenly_spread_without_sculpting() -> None:
    rng = np.random.default_rng(2)
    found = [
        look(rng.uniform(105, 160, 300), rng.random(300), repeats=40, seed=k).p or 0.0
        for k in range(40)
    ]
    # uniform: mean 1/2, sigma 1 / sqrt(12 * 40)
    assert np.mean(found) == pytest.approx(0.5, abs=3 / math.sqrt(480))


def test_a_score_that_knows_the_mass_is_found_out() -> None:
    rng = np.random.default_rng(3)
    mass = rng.uniform(105, 160, 2_000)
    found = look(mass, -np.abs(mass - 125) + rng.normal(0, 10, 2_000), repeats=99)
    assert found.p == pytest.approx(0.01)
    assert (found.divergence or 0) > 3 * (found.expected or 0)
    assert (found.slices[-1].divergence or 0) > (found.slices[0].divergence or 0)
    assert (found.slices[-1].chi2 or 0) > 2 * found.slices[-1].ndf


def test_a_score_that_grows_with_the_mass_is_correlated_with_it() -> None:
    mass = np.linspace(106, 159, 50)
    assert look(mass, mass**3).correlation == pytest.approx(1.0)
    assert look(mass, np.ones(50)).correlation is None


def test_the_chi_square_of_counts_is_that_of_a_contingency_table() -> None:
    rng = np.random.default_rng(4)
    mass, score = rng.uniform(105, 160, 900), rng.random(900)
    found = look(mass, score, shares=(0.8, 0.2), bins=11, repeats=2)
    table = np.array([item.counts for item in found.slices])
    assert found.slices[0].chi2 == pytest.approx(chi2_contingency(table)[0])


def test_rows_of_one_score_are_one_slice() -> None:
    found = look(np.linspace(106, 159, 50), np.full(50, 0.2))
    assert len(found.slices) == 1
    assert found.divergence == pytest.approx(0.0)


def test_no_rows_give_no_numbers() -> None:
    found = look([], [])
    assert (found.slices, found.divergence, found.p, found.correlation) == ((), None, None, None)


def test_all_negative_weights_give_no_numbers() -> None:
    found = look([110.0, 120.0], [0.1, 0.9], [-1.0, -1.0])
    assert (found.divergence, found.expected) == (None, None)
    assert found.slices[0].chi2 is None


def test_windows_and_shares_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ParameterError, match="rising window"):
        look([110.0], [0.1], window=(160, 105))
    with pytest.raises(ParameterError, match="positive shares"):
        look([110.0], [0.1], shares=(0.5, 0.0))
