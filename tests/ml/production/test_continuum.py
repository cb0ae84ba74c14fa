"""Background out of sidebands: by hand where it is scaled, against the truth where it is fitted."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.ml.production.continuum import Region, fit_continuum

REGION = Region(105, 120, 130, 160)


def falling(rows: int, seed: int) -> np.ndarray:
    """Masses of a spectrum that falls by e in 30 GeV."""
    u = np.random.default_rng(seed).random(rows)
    return 105 - 30 * np.log(1 - u * (1 - np.exp(-55 / 30)))


def share(low: float, high: float) -> float:
    norm = 1 - np.exp(-55 / 30)
    return float((np.exp(-(low - 105) / 30) - np.exp(-(high - 105) / 30)) / norm)


def test_regions_are_half_open() -> None:
    mass = np.array([104.9, 105, 119.9, 120, 129.9, 130, 159.9, 160])
    assert REGION.beside(mass).tolist() == [False, True, True, False, False, True, True, False]
    assert REGION.inside(mass).tolist() == [False, False, False, True, True, False, False, False]


def test_few_rows_are_scaled_by_the_widths() -> None:
    found = fit_continuum(np.array([106.0] * 5 + [140.0] * 4 + [125.0] * 50), REGION)
    assert (found.sideband, found.shape) == (9, "flat")
    assert found.expected == pytest.approx(9 * 10 / 45)
    assert found.error == pytest.approx(3 * 10 / 45)


def test_few_rows_of_a_category_are_scaled_by_the_shape_of_all() -> None:
    together = fit_continuum(falling(5_000, 1), REGION)
    found = fit_continuum(np.array([106.0, 140.0, 150.0, 158.0]), REGION, together)
    assert found.shape == "inclusive"
    assert found.expected == pytest.approx(4 * together.ratio)
    assert found.error == pytest.approx(np.hypot(2 * together.ratio, 4 * together.ratio_error))


def test_sidebands_without_rows_count_as_one_row() -> None:
    found = fit_continuum(np.empty(0), REGION)
    assert (found.sideband, found.expected) == (0, pytest.approx(10 / 45))
    assert found.error == pytest.approx(10 / 45)


@pytest.mark.parametrize(("rows", "shape"), [(400, "degree 1"), (4_000, "degree 2")])
def test_fitted_backgrounds_are_unbiased_and_their_errors_hold(rows: int, shape: str) -> None:
    truth = rows * share(120, 130)
    sizes = np.random.default_rng(9).poisson(rows, 40)
    found = [fit_continuum(falling(size, seed), REGION) for seed, size in enumerate(sizes)]
    pulls = np.array([(item.expected - truth) / item.error for item in found])
    assert {item.shape for item in found} == {shape}
    # 40 samples: mean within 3 / sqrt(40), width within 3 / sqrt(80)
    assert pulls.mean() == pytest.approx(0, abs=3 / np.sqrt(40))
    assert pulls.std() == pytest.approx(1, abs=3 / np.sqrt(80))


def test_the_window_is_not_looked_at() -> None:
    mass = falling(3_000, 2)
    peak = np.full(500, 125.0)
    found = fit_continuum(np.append(mass, peak), REGION)
    assert found == fit_continuum(mass, REGION)


def test_a_window_outside_the_masses_is_refused() -> None:
    with pytest.raises(ParameterError, match="sideband on each side"):
        Region(115, 110, 130, 135)
