"""Energy scales are found again, and estimators judged, on made-up showers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.shower.scales import (
    PUBLISHED,
    apply_scale,
    cross_scale,
    estimate_energies,
    fit_scale,
    read_scale,
)


def counted(energy: np.ndarray, mean: Any, spread: float = 0.25, seed: int = 0) -> np.ndarray:
    return np.asarray(mean(energy) * np.random.default_rng(seed).normal(1, spread, len(energy)))


def test_a_power_law_is_found() -> None:
    energy = np.random.default_rng(1).uniform(1, 10, 4_000)
    scale = fit_scale(counted(energy, lambda e: (e / 0.005) ** (1 / 1.3)), energy, "power")
    # 4 sigma of the fit itself
    for value, error, true in zip(scale.values, scale.errors, (0.005, 1.3), strict=True):
        assert abs(value - true) < 4 * error
    assert scale.spread == pytest.approx(0.25, abs=0.015)


def test_a_straight_line_is_found() -> None:
    energy = np.random.default_rng(2).uniform(1, 10, 4_000)
    scale = fit_scale(counted(energy, lambda e: (e + 0.6) / 0.03), energy, "linear")
    for value, error, true in zip(scale.values, scale.errors, (-0.6, 0.03), strict=True):
        assert abs(value - true) < 4 * error


def test_the_scale_does_not_depend_on_how_energies_are_distributed() -> None:
    # a fit of the energy at a count would differ: few high energies pull it down
    rng = np.random.default_rng(3)
    flat, falling = rng.uniform(1, 10, 6_000), 1 + 9 * rng.beta(1, 3, 6_000)
    found = [
        fit_scale(counted(e, lambda x: 30 * x, seed=i), e, "linear")
        for i, e in enumerate((flat, falling))
    ]
    for energy in (3.0, 8.0):
        one, two = (float(apply_scale(s, np.array([30 * energy]))[0]) for s in found)
        assert one == pytest.approx(two, rel=0.03)


def test_one_energy_gives_a_proportional_scale() -> None:
    energy = np.full(500, 6.0)
    scale = fit_scale(counted(energy, lambda e: 25 * e), energy, "power")
    assert (scale.form, scale.names) == ("proportional", ("p1",))
    # 150 base-tracks for 6 GeV, 4 sigma of 0.25 / sqrt(500)
    assert scale.values[0] == pytest.approx(0.04, rel=4 * 0.25 / np.sqrt(500))


def test_published_constants_by_hand() -> None:
    np.testing.assert_allclose(apply_scale(PUBLISHED, np.array([0.0, 100.0])), [0.42, 4.42])


def test_a_scale_survives_json() -> None:
    scale = fit_scale(np.arange(1.0, 41), np.arange(1.0, 41) / 4, "power")
    assert read_scale(scale.to_json()) == scale


@pytest.mark.parametrize("values", [np.zeros(20), np.array([5.0, 6.0])])
def test_nothing_to_fit_is_an_error(values: np.ndarray) -> None:
    with pytest.raises(ModelError, match="energy scale cannot be fitted"):
        fit_scale(values, np.linspace(1, 10, len(values)))


def test_a_shower_does_not_decide_about_its_own_scale() -> None:
    energy = np.random.default_rng(4).uniform(1, 10, 200)
    number = counted(energy, lambda e: 25 * e)
    fold = np.arange(200) % 4
    before = cross_scale(number, energy, fold, "linear")
    number[fold == 0] *= 3
    after = cross_scale(number, energy, fold, "linear")
    np.testing.assert_allclose(after[fold == 0] - before[fold == 0], 2 * before[fold == 0], atol=3)
    # scales of the other folds change
    assert not np.allclose(after[fold == 1], before[fold == 1])


def test_an_estimator_is_judged_at_every_energy() -> None:
    energy = np.repeat([2.0, 4.0, 6.0, 8.0], 400)
    rng = np.random.default_rng(5)
    number = 25 * energy * (1 + rng.normal(0, 0.3 / np.sqrt(energy)))
    scale = fit_scale(number, energy, "linear")
    found = estimate_energies("size_linear", "Number", number, energy, scale)
    assert [item.energy for item in found.bins] == [2, 4, 6, 8]
    for item in found.bins:
        assert item.quantile.value is not None
        assert item.gauss is not None
        expected = 0.3 / np.sqrt(item.energy)
        # 400 showers: 4 sigma of a width known to 5 % (quantiles) or 3.5 % (Gaussian)
        assert item.quantile.value == pytest.approx(expected, rel=0.2)
        assert item.gauss.value == pytest.approx(expected, rel=0.14)
        assert item.mean.value == pytest.approx(0.0, abs=4 * expected / 20)
    assert found.stochastic is not None
    assert found.stochastic.value == pytest.approx(0.3, abs=0.06)
