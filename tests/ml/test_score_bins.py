"""Bins of a score with the largest expected significance, against trying everything."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.ml.categories import expected_significance
from hepml.ml.score_bins import score_bins


def total(edges: np.ndarray, score: np.ndarray, background: np.ndarray) -> float:
    """Combined significance of bins; rows weigh 0.01 and 1."""
    size = len(edges) + 1
    s = 0.01 * np.bincount(np.digitize(score, edges), minlength=size)
    b = np.bincount(np.digitize(background, edges), minlength=size)
    return math.sqrt(sum(expected_significance(x, y) ** 2 for x, y in zip(s, b, strict=True)))


def events() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.beta(4, 2, 1_000), rng.beta(2, 4, 500)


def test_no_combination_of_edges_is_better() -> None:
    score, background = events()
    found = score_bins(score, np.full(1_000, 0.01), background, bins=3, candidates=12, least=10)
    tried = np.quantile(score, np.linspace(0, 1, 14)[1:-1])
    enough = [
        edges
        for edges in map(np.array, combinations(tried, 2))
        if np.bincount(np.digitize(background, edges), minlength=3).min() >= 10
    ]
    best = max(total(edges, score, background) for edges in enough)
    assert total(found, score, background) == pytest.approx(best)
    assert best > total(np.empty(0), score, background)


def test_every_bin_keeps_enough_background() -> None:
    score, background = events()
    found = score_bins(score, np.ones(1_000), background, bins=5, least=60)
    counts = np.bincount(np.digitize(background, found), minlength=len(found) + 1)
    assert counts.min() >= 60


def test_one_bin_has_no_edges() -> None:
    score, background = events()
    assert len(score_bins(score, np.ones(1_000), background, bins=1)) == 0


def test_a_score_that_says_nothing_gets_no_edges() -> None:
    assert len(score_bins(np.full(50, 0.3), np.ones(50), np.full(40, 0.3))) == 0
    assert len(score_bins(np.empty(0), np.empty(0), np.empty(0))) == 0


def test_no_bins_are_refused() -> None:
    with pytest.raises(ParameterError, match="At least 1 bin"):
        score_bins(np.ones(3), np.ones(3), np.ones(3), bins=0)
