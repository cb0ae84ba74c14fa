"""How many events weakly supervised samples have: as published, and where there is too little."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError
from hepml.ml.dijet.counts import count_events, signal_shares

# background in the stages of the published tutorial: 734,210 events, (500, 100) GeV, split 0
TRAIN = 30_327 + 30_325 + 153_208 + 153_200
VALIDATION = 183_575
PLENTY = (29_000, 29_000)


def test_published_counts_at_ten_percent_in_training() -> None:
    found = count_events(TRAIN, [29_000], 0.1)
    assert (found.reference, found.background, found.signal) == (183_530, 183_530, (20_392,))


def test_published_counts_at_ten_percent_in_validation() -> None:
    found = count_events(VALIDATION, [29_000], 0.1)
    assert (found.reference, found.background, found.signal) == (91_787, 91_787, (10_198,))


@pytest.mark.parametrize(("mu", "each"), [(5e-4, 45), (5e-3, 461)])
def test_published_counts_of_two_modes(mu: float, each: int) -> None:
    found = count_events(TRAIN, PLENTY, mu, 0.5)
    assert found.signal == (each, each)
    assert found.notes == ()


def test_modes_get_their_shares_in_spite_of_rounding() -> None:
    assert count_events(180, (90, 90), 0.1, 0.9).signal == (1, 9)


def test_without_signal_the_data_are_background() -> None:
    found = count_events(1_000, [0], 0.0)
    assert (found.data, found.fraction, found.signal) == (500, 0.0, (0,))


def test_short_signal_shrinks_both_halves_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    found = count_events(TRAIN, [1_000], 0.1)
    assert (found.reference, found.background, found.signal) == (9_000, 9_000, (1_000,))
    assert found.fraction == pytest.approx(0.1)
    assert "9,000 background events each" in found.notes[0]
    assert "9,000" in caplog.text


def test_the_mode_that_is_short_decides() -> None:
    found = count_events(TRAIN, [5_000, 100], 0.01, 0.5)
    assert found.signal == (100, 100)
    assert found.background == 19_800


def test_short_signal_can_be_an_error() -> None:
    with pytest.raises(ModelError, match="20392 signal events for 183,530"):
        count_events(TRAIN, [1_000], 0.1, short="error")


def test_no_signal_at_all_is_an_error_where_some_is_wanted() -> None:
    with pytest.raises(ModelError, match="there are 0"):
        count_events(TRAIN, [0], 0.1)


@pytest.mark.parametrize("mu", [-0.1, 1.0, float("nan")])
def test_a_fraction_out_of_range_is_refused(mu: float) -> None:
    with pytest.raises(ParameterError, match="signal fraction"):
        count_events(100, [10], mu)


def test_alpha_is_needed_for_two_modes_and_for_them_alone() -> None:
    with pytest.raises(ParameterError, match="need 1 value"):
        signal_shares(2, None)
    with pytest.raises(ParameterError, match="need 0 value"):
        signal_shares(1, 0.5)
    with pytest.raises(ParameterError, match="from 0 to 1"):
        signal_shares(2, 1.5)
    assert signal_shares(3, (0.25, 0.25)) == (0.5, 0.25, 0.25)


def test_too_little_background_is_an_error() -> None:
    with pytest.raises(ModelError, match="two halves"):
        count_events(1, [10], 0.1)


def test_fluctuating_numbers_have_the_mean_and_the_spread_of_poisson() -> None:
    rng = np.random.default_rng(5)
    found = [count_events(20_000, PLENTY, 0.01, 0.5, rng=rng) for _ in range(400)]
    signal = np.array([item.signal for item in found]).sum(axis=1)
    expected = 10_000 * 0.01 / 0.99  # 101.0: mean within 4 sigma, variance within 4 of its sigma
    assert abs(signal.mean() - expected) < 4 * np.sqrt(expected / 400)
    assert abs(signal.var() / expected - 1) < 4 * np.sqrt(2 / 400)
    data = np.array([item.background for item in found])
    assert abs(data.mean() - 10_000) < 4 * 100 / 20
    assert all(item.reference + item.background <= 20_000 for item in found)


def test_signal_that_fluctuates_above_what_there_is_is_noted() -> None:
    rng = np.random.default_rng(0)
    found = [count_events(20_000, [102], 0.01, rng=rng) for _ in range(20)]
    assert any("all of them are used" in note for item in found for note in item.notes)
    assert max(item.signal[0] for item in found) == 102
