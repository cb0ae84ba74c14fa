"""Simulated dijets look like those that they stand in for: means, peaks, spectrum, any mass."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.simulate.dijet_events import Events, qcd_events, signal_events

EVENTS = 20_000
STUDY = ("mass", "tau21", "tau32")


def four(events: Events) -> np.ndarray:
    own = np.stack([jet.mass for jet in events.jets])
    momentum = np.stack([events.px, events.py, events.pz])
    return np.concatenate([[np.sqrt((momentum**2).sum(0) + own**2)], momentum])


def dijet_mass(events: Events) -> np.ndarray:
    total = four(events).sum(1)
    return np.sqrt(total[0] ** 2 - (total[1:] ** 2).sum(0))


def ordered(events: Events) -> list[np.ndarray]:
    """Mass, tau21 and tau32 of the heavier, then of the lighter jet, in the signal region."""
    mass = dijet_mass(events)
    inside = (mass > 3300) & (mass < 3700)
    swap = events.jets[1].mass > events.jets[0].mass
    return [
        np.where(swap != bool(place), getattr(events.jets[1], name), getattr(events.jets[0], name))[
            inside
        ]
        for place in (0, 1)
        for name in STUDY
    ]


def signal(mx: float, my: float, prongs: int, size: int = EVENTS, seed: int = 1) -> Events:
    return signal_events(np.random.default_rng(seed), np.full(size, mx), np.full(size, my), prongs)


@pytest.fixture(scope="module")
def background() -> Events:
    return qcd_events(np.random.default_rng(1), 100_000)


# mass [GeV], tau21 and tau32 of the heavier jet, then of the lighter one, and the tolerance
MEANS = {
    0: ((284, 0.508, 0.737, 150, 0.663, 0.809), 0.04),
    2: ((327, 0.264, 0.681, 279, 0.308, 0.715), 0.05),
    3: ((318, 0.326, 0.640, 279, 0.400, 0.676), 0.06),
}


@pytest.mark.parametrize("prongs", MEANS)
def test_means_are_those_of_the_published_simulation(background: Events, prongs: int) -> None:
    events = signal(300, 300, prongs) if prongs else background
    wanted, tolerance = MEANS[prongs]
    means = [values.mean() for values in ordered(events)]
    np.testing.assert_allclose(means, wanted, rtol=tolerance)


def test_qcd_falls_above_the_turn_on_of_the_trigger(background: Events) -> None:
    mass = dijet_mass(background)
    counts, _ = np.histogram(mass, np.arange(2800, 6001, 400))
    assert (np.diff(counts) < 0).all()
    # of the published million 12.1 % lie in the signal region
    assert np.mean((mass > 3300) & (mass < 3700)) == pytest.approx(0.13, abs=0.015)


def test_qcd_of_a_region_is_like_that_of_all_masses(background: Events) -> None:
    region = qcd_events(np.random.default_rng(2), EVENTS, (3300, 3700))
    assert dijet_mass(region).min() > 3300
    assert dijet_mass(region).max() < 3700
    for one, other in zip(ordered(region), ordered(background), strict=True):
        error = np.hypot(one.std() / len(one) ** 0.5, other.std() / len(other) ** 0.5)
        assert abs(one.mean() - other.mean()) < 4 * error
    slopes = []
    for events in (region, background):
        mass = dijet_mass(events)
        mass = mass[(mass > 3300) & (mass < 3700)]
        slopes.append((mass.mean(), mass.std() / len(mass) ** 0.5))
    assert abs(slopes[0][0] - slopes[1][0]) < 4 * np.hypot(slopes[0][1], slopes[1][1])


def test_heavy_jets_of_qcd_look_like_two_prongs(background: Events) -> None:
    jet = background.jets[0]
    by_mass = np.digitize(jet.mass, [60, 120, 240, 480])
    means = [jet.tau21[by_mass == n].mean() for n in range(5)]
    assert (np.diff(means) < 0).all()


@pytest.mark.parametrize("prongs", [2, 3])
@pytest.mark.parametrize("point", [(500.0, 100.0), (337.0, 211.0), (50.0, 600.0)])
def test_jets_peak_at_the_masses_on_and_off_the_grid(
    point: tuple[float, float], prongs: int
) -> None:
    heavy, _, _, light, _, _ = ordered(signal(*point, prongs))
    for values, mass in ((heavy, max(point)), (light, min(point))):
        counts, edges = np.histogram(values, np.linspace(0.5, 1.5, 41) * mass)
        place = int(np.argmax(counts))
        assert edges[place] - 0.03 * mass < mass < edges[place + 1] + 0.03 * mass


def test_the_pair_peaks_at_the_mass_of_the_w_prime() -> None:
    mass = dijet_mass(signal(500, 100, 2))
    assert np.median(mass) == pytest.approx(3500, rel=0.01)
    assert np.mean((mass > 3300) & (mass < 3700)) == pytest.approx(0.87, abs=0.04)


def test_three_prongs_are_told_from_two_and_from_qcd(background: Events) -> None:
    two, three, qcd = (ordered(e) for e in (signal(300, 300, 2), signal(300, 300, 3), background))
    for place in (1, 4):
        assert two[place].mean() < three[place].mean() < qcd[place].mean()
        assert three[place + 1].mean() < two[place + 1].mean() < qcd[place + 1].mean()


def test_swapped_masses_are_the_same_events_but_for_the_names() -> None:
    one, other = ordered(signal(500, 100, 3)), ordered(signal(100, 500, 3, seed=2))
    for a, b in zip(one, other, strict=True):
        error = np.hypot(a.std(), b.std()) / min(len(a), len(b)) ** 0.5
        assert abs(a.mean() - b.mean()) < 4 * error


def test_no_events_are_no_events() -> None:
    assert len(qcd_events(np.random.default_rng(1), 0)) == 0
    assert len(signal(100, 100, 2, size=0)) == 0
