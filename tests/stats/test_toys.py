"""Pseudo-experiments: asymptotic quantiles, unbiased signals, the same answer every time."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.stats import binom, norm

from hepml.errors import ParameterError, StatisticsError
from hepml.stats.backgrounds import Background
from hepml.stats.excess import Outcome, SignalTest
from hepml.stats.signals import peaks_of
from hepml.stats.toys import background_toys, injected_toys, summarise, throw
from hepml.windows import WINDOWS
from tests.stats.published import OS_ANTI_ISOLATED

UPSILON = WINDOWS["upsilon"]


@cache
def case(shape: bool = False, family: str = "polynomial") -> tuple[SignalTest, Outcome]:
    test = SignalTest(
        UPSILON.binning(11),
        Background(family, 5, UPSILON.left, UPSILON.right),
        peaks_of(UPSILON) if shape else None,
    )
    return test, test.run(OS_ANTI_ISOLATED)


@pytest.mark.parametrize("shape", [False, True])
def test_background_follows_half_a_chi_square(shape: bool) -> None:
    number = 2_000
    toys = background_toys(*case(shape), number, seed=0)
    significance = np.sqrt(toys.q0)
    assert toys.failed == 0
    for above, expected in ((1e-6, 0.5), (1.0, norm.sf(1)), (2.0, norm.sf(2))):
        error = np.sqrt(expected * (1 - expected) / number)
        # seed 0: within 3 sigma of the asymptotic share
        assert abs(np.mean(significance > above) - expected) < 3 * error


def test_the_p_value_agrees_with_the_asymptotic_one() -> None:
    toys = background_toys(*case(), 2_000, seed=0)
    # 0.0553 from 2,000 toys: within 3 sigma
    assert toys.p == pytest.approx(case()[1].excess.p, abs=3 * 0.0051)
    assert toys.p_low < toys.p < toys.p_high


@pytest.mark.parametrize("shape", [False, True])
@pytest.mark.parametrize("signal", [0.0, 150.0])
def test_injected_signals_are_unbiased(signal: float, shape: bool) -> None:
    found = injected_toys(*case(shape), signal, 4_000, seed=0)
    assert found.failed == 0
    # seed 0; the mean of 4,000 pulls is known to 0.016, the width to 0.011: within 3 sigma
    assert found.pulls.mean() == pytest.approx(0, abs=0.05)
    assert found.pulls.std() == pytest.approx(1, abs=0.035)


def test_the_seed_decides() -> None:
    first, again, other = (background_toys(*case(), 120, seed=seed) for seed in (4, 4, 5))
    assert first == again
    assert first.q0 != other.q0


def test_more_toys_begin_with_the_same_ones() -> None:
    mean, scale = np.full(5, 10.0), np.ones(5)
    assert (throw(mean, scale, 1, 0, 6)[3:] == throw(mean, scale, 1, 3, 6)).all()


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hepml.stats.parallel.WORTH", 0.0)
    alone, two = (background_toys(*case(), 350, seed=2, workers=n) for n in (1, 2))
    assert alone == two


def test_progress_counts_pseudo_experiments() -> None:
    seen: list[tuple[str, int, int]] = []
    background_toys(*case(), 250, progress=lambda *what: seen.append(what))
    assert seen == [("toys", 100, 250), ("toys", 200, 250), ("toys", 250, 250)]


def test_toys_of_weighted_data_have_the_same_spread() -> None:
    counts = np.array([8.0, 4.0])
    thrown = throw(counts, np.array([0.5, 2.0]), 0, 0, 4_000)
    # variance of a scaled Poisson: mean x scale; known to 2 %
    assert thrown.var(axis=0) == pytest.approx([4.0, 8.0], rel=0.08)
    assert thrown.mean(axis=0) == pytest.approx(counts, rel=0.02)


def test_weights_of_one_half_give_the_unweighted_p_value() -> None:
    test, outcome = case()
    halved = test.run(0.5 * OS_ANTI_ISOLATED, 0.25 * OS_ANTI_ISOLATED)
    full, half = (background_toys(test, one, 200, seed=1) for one in (outcome, halved))
    assert half.p == full.p
    assert half.q0 == pytest.approx(full.q0, abs=1e-3)


@pytest.mark.parametrize("family", ["exponential", "bernstein"])
def test_other_families_are_thrown_and_fitted_too(family: str) -> None:
    toys = background_toys(*case(family=family), 20)
    assert (toys.number, toys.failed) == (20, 0)


def test_failed_fits_count_as_more_significant_than_the_data() -> None:
    toys = summarise(np.array([0.0, 1.0, 5.0]), 2, observed=4.0, seed=0)
    assert (toys.number, toys.failed) == (5, 2)
    assert toys.p == pytest.approx(4 / 6)


def test_without_a_more_significant_toy_the_p_value_is_not_zero() -> None:
    toys = summarise(np.zeros(99), 0, observed=9.0, seed=0)
    assert (toys.p, toys.p_low) == (0.01, 0.0)
    # the upper end: none seen of 99 with 16 % probability
    assert binom.pmf(0, 99, toys.p_high) == pytest.approx(0.1587, abs=1e-4)


def test_a_tie_counts_although_minimisers_differ_in_the_last_digits() -> None:
    assert summarise(np.array([3.999999, 0.0]), 0, observed=4.0, seed=0).p == pytest.approx(2 / 3)


def test_few_events_give_a_stated_result() -> None:
    test, _ = case()
    few = np.random.default_rng(0).poisson(OS_ANTI_ISOLATED * 0.002).astype(np.float64)
    toys = background_toys(test, test.run(few), 200)
    assert 0 < toys.p <= 1


@pytest.mark.parametrize(("number", "workers"), [(0, 1), (10, 0)])
def test_impossible_numbers_are_refused(number: int, workers: int) -> None:
    with pytest.raises(ParameterError, match="not 0"):
        background_toys(*case(), number, workers=workers)


def test_a_negative_signal_cannot_be_injected() -> None:
    with pytest.raises(StatisticsError, match="at least 0"):
        injected_toys(*case(), -1.0, 10)
