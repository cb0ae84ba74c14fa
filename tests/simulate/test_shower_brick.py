"""Exposure of a brick: what films show of showers, and the noise among them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hepml.simulate.shower_brick import Film, Signal, expose, films
from hepml.simulate.shower_settings import Settings

SMALL = Settings(showers=20, films=10, width=20, height=15, noise=10)


@pytest.fixture(scope="module")
def signal() -> Signal:
    return expose(SMALL, 1, 1)


@pytest.fixture(scope="module")
def noisy(signal: Signal) -> list[Film]:
    return list(films(SMALL, 1, 1, signal))


def noise(film: Film, name: str) -> np.ndarray:
    return film.columns[name][film.columns["event"] < 0]


def test_every_shower_begins_inside_the_margin(signal: Signal) -> None:
    first = signal.columns["plate"] == 1
    x_low, x_high, y_low, y_high = SMALL.area
    assert np.array_equal(np.unique(signal.columns["event"][first]), np.arange(20))
    assert (signal.beam.x > x_low + 5000).all()
    assert (signal.beam.x < x_high - 5000).all()
    assert (signal.beam.y > y_low + 5000).all()
    assert (signal.beam.y < y_high - 5000).all()


def test_momenta_are_in_gev_and_flags_are_pdg_codes(signal: Signal) -> None:
    primary = (signal.columns["plate"] == 1) & (signal.columns["mctrack"] == 0)
    assert signal.columns["p"][primary] == pytest.approx(6.0, rel=1e-6)
    assert set(np.unique(signal.columns["flag"])) == {-11, 11}
    assert set(signal.columns["flag"][primary]) == {11}


def test_the_same_seed_gives_the_same_showers(signal: Signal) -> None:
    again = expose(SMALL, 1, 1)
    for name, values in signal.columns.items():
        np.testing.assert_array_equal(again.columns[name], values)


@pytest.mark.parametrize(("seed", "brick"), [(2, 1), (1, 2)])
def test_another_seed_or_brick_gives_other_showers(signal: Signal, seed: int, brick: int) -> None:
    assert not np.isin(expose(SMALL, seed, brick).beam.x, signal.beam.x).any()


def test_a_shower_does_not_depend_on_how_many_there_are() -> None:
    sharp = replace(SMALL, angle_smearing=0.0)
    many, few = expose(sharp, 1, 1), expose(replace(sharp, showers=5), 1, 1)
    chosen = many.columns["event"] < 5
    for name, values in few.columns.items():
        np.testing.assert_array_equal(many.columns[name][chosen], values)


def test_angles_are_smeared_as_asked(signal: Signal) -> None:
    sharp = expose(replace(SMALL, angle_smearing=0.0), 1, 1)
    shift = signal.columns["tx"] - sharp.columns["tx"]
    # the standard error of a width is 1 / sqrt(2 n); 5 sigmas
    assert shift.std() == pytest.approx(0.003, rel=5 / np.sqrt(2 * len(shift)))
    np.testing.assert_array_equal(signal.columns["x"], sharp.columns["x"])


def test_positions_are_smeared_as_asked(signal: Signal) -> None:
    blurred = expose(replace(SMALL, position_smearing=2.0), 1, 1)
    shift = blurred.columns["y"] - signal.columns["y"]
    assert shift.std() == pytest.approx(2.0, rel=5 / np.sqrt(2 * len(shift)))


def test_an_inefficient_film_loses_its_share(signal: Signal) -> None:
    kept = len(expose(replace(SMALL, efficiency=0.9), 1, 1))
    # binomial, 5 sigmas
    assert kept == pytest.approx(0.9 * len(signal), abs=5 * np.sqrt(0.09 * len(signal)))


def test_a_missing_film_takes_nothing_from_the_others(signal: Signal) -> None:
    without = expose(replace(SMALL, missing=(4,)), 1, 1)
    others = signal.columns["plate"] != 4
    np.testing.assert_array_equal(without.columns["p"], signal.columns["p"][others])


def test_nothing_lies_outside_the_films() -> None:
    edge = expose(replace(SMALL, margin=0.0, showers=40), 1, 1).columns
    x_low, x_high, y_low, y_high = SMALL.area
    assert ((edge["x"] >= x_low) & (edge["x"] < x_high)).all()
    assert ((edge["y"] >= y_low) & (edge["y"] < y_high)).all()


def test_films_come_from_upstream_with_position_and_number(noisy: list[Film]) -> None:
    assert [film.plate for film in noisy] == list(range(1, 11))
    assert [film.pid for film in noisy] == list(range(9, -1, -1))
    assert noisy[0].z == -9 * 1315.0
    assert noisy[-1].z == 0.0


def test_every_signal_base_track_is_in_its_film(signal: Signal, noisy: list[Film]) -> None:
    found = np.concatenate([film.columns["mctrack"][film.signal] for film in noisy])
    np.testing.assert_array_equal(found, signal.columns["mctrack"])
    for film in noisy:
        np.testing.assert_array_equal(
            np.sort(film.signal), np.flatnonzero(film.columns["event"] >= 0)
        )


def test_noise_has_the_density_asked_for_and_no_truth(noisy: list[Film]) -> None:
    count = sum(len(film) - len(film.signal) for film in noisy)
    expected = 10 * 20 * 15 * len(noisy)
    assert count == pytest.approx(expected, abs=5 * np.sqrt(expected))
    for name in ("event", "mctrack", "p", "flag"):
        assert set(noise(noisy[0], name)) == {-999}


def test_noise_falls_like_the_squared_cosine(noisy: list[Film]) -> None:
    slope = np.concatenate([np.hypot(noise(film, "tx"), noise(film, "ty")) for film in noisy])
    cosine = 1 / np.sqrt(1 + slope**2)
    assert cosine.min() >= np.cos(1.0) - 1e-6
    # mean of the cosine for dN/dcos ~ cos^2 between cos(1) and 1; 5 standard errors
    low = np.cos(1.0)
    expected = 0.75 * (1 - low**4) / (1 - low**3)
    assert cosine.mean() == pytest.approx(expected, abs=5 * cosine.std() / np.sqrt(len(cosine)))


def test_noise_is_uniform_over_the_film(noisy: list[Film]) -> None:
    x_low, x_high, _, _ = SMALL.area
    x = np.concatenate([noise(film, "x") for film in noisy])
    counts = np.histogram(x, bins=10, range=(x_low, x_high))[0]
    assert counts.sum() == len(x)
    # chi2 of 9 degrees of freedom above 35 has a probability of 1e-4
    assert ((counts - len(x) / 10) ** 2 / (len(x) / 10)).sum() < 35


def passed(film: Film) -> np.ndarray:
    """The quality cut of measured couples."""
    own = film.columns
    return (
        (own["chi2p"] < 2.5)
        & (own["w"] > 13)
        & (own["n1"] == 1)
        & (own["n2"] == 1)
        & (own["flag1"] >= 0)
        & (own["flag2"] >= 0)
    )


def test_signal_passes_the_quality_cut_and_a_share_of_the_noise_fails(noisy: list[Film]) -> None:
    good = np.concatenate([passed(film) for film in noisy])
    event = np.concatenate([film.columns["event"] for film in noisy])
    assert good[event >= 0].all()
    failed = ~good[event < 0]
    assert failed.mean() == pytest.approx(0.2, abs=5 * np.sqrt(0.16 / len(failed)))


def test_other_noise_leaves_the_showers_as_they_are(signal: Signal) -> None:
    other = expose(replace(SMALL, noise=1.0, bad_noise=0.0), 1, 1)
    np.testing.assert_array_equal(other.columns["tx"], signal.columns["tx"])


def test_a_brick_that_shows_nothing_has_empty_films() -> None:
    blind = replace(SMALL, efficiency=0.0, noise=0.0)
    found = list(films(blind, 1, 1, expose(blind, 1, 1)))
    assert [len(film) for film in found] == [0] * 10
