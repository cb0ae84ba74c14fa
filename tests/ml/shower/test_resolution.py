"""Widths by Gaussian fit and quantiles, and how they fall with energy."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.results import Interval
from hepml.ml.shower.resolution import describe_bin, fit_gaussian, fit_resolution
from hepml.ml.shower.results import EnergyBin


def test_the_cut_of_the_range_does_not_bias_the_width() -> None:
    values = np.random.default_rng(0).normal(0.1, 0.4, 5_000)
    found = fit_gaussian(values)
    assert found is not None
    for item, true in zip(found, (0.1, 0.4), strict=True):
        assert item.value is not None
        assert item.error is not None
        assert abs(item.value - true) < 4 * item.error


def test_few_or_flat_values_have_no_gaussian() -> None:
    assert fit_gaussian(np.zeros(5)) is None
    assert fit_gaussian(np.linspace(-0.6, 0.6, 2_000)[1:-1]) is None


def test_a_bin_by_hand() -> None:
    true = np.full(5, 4.0)
    found = describe_bin(true, np.array([2.0, 3.0, 4.0, 5.0, 6.0]), true, low=4.0, high=4.0)
    assert found.mean.value == pytest.approx(0.0)
    assert found.median == pytest.approx(0.0)
    assert found.rms == pytest.approx(np.sqrt(0.625) / 2)
    # quantiles 0.15865 and 0.84135 of five equidistant points lie 2.7308 steps of 0.25 apart
    assert found.quantile.value == pytest.approx(0.5 * 0.25 * 4 * 0.6827, rel=1e-3)
    assert sum(found.histogram[1]) == 5


def bins(a: float, b: float) -> list[EnergyBin]:
    found = []
    for energy in (1.0, 2.0, 4.0, 8.0):
        width = float(np.sqrt(a**2 / energy + b**2))
        found.append(
            EnergyBin(
                energy=energy,
                low=energy,
                high=energy,
                showers=100,
                counted=1.0,
                mean=Interval(value=0.0),
                median=0.0,
                rms=width,
                quantile=Interval(value=width, error=0.02 * width),
                gauss_mean=None,
                gauss=None,
                histogram=((0.0, 1.0), (1,)),
            )
        )
    return found


@pytest.mark.parametrize(("a", "b"), [(0.4, 0.1), (0.3, 0.0), (0.0, 0.2)])
def test_both_terms_are_found_also_where_one_is_absent(a: float, b: float) -> None:
    found = fit_resolution(bins(a, b))
    assert found is not None
    for item, true in zip(found, (a, b), strict=False):
        assert item.value == pytest.approx(true, abs=0.02)
        assert item.error is not None
        assert np.isfinite(item.error)


def test_two_energies_are_too_few_for_two_terms() -> None:
    assert fit_resolution(bins(0.4, 0.1)[:2]) is None
