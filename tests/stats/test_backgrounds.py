"""Background families: values, derivatives, starting values, and errors in words."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.stats.backgrounds import FAMILIES, Background
from hepml.stats.rows import bin_rows
from hepml.windows import WINDOWS

ROWS = bin_rows(WINDOWS["upsilon"].binning(11))


@pytest.mark.parametrize("family", FAMILIES)
def test_derivatives_agree_with_differences(family: str) -> None:
    background = Background(family, 4, 5.0, 16.0)
    part = background.component(ROWS)
    theta = np.array([2.0, -0.5, 0.3, 0.2, 0.1])
    slope = part.evaluate(theta)[1]
    for place in range(5):
        step = np.zeros(5)
        step[place] = 1e-6
        up, down = part.evaluate(theta + step)[0], part.evaluate(theta - step)[0]
        np.testing.assert_allclose(slope[:, place], (up - down) / 2e-6, rtol=1e-6, atol=1e-8)


def test_bernstein_polynomials_add_up_to_one() -> None:
    basis = Background("bernstein", 5, 5.0, 16.0).basis(np.linspace(5, 16, 30))
    np.testing.assert_allclose(basis.sum(axis=1), 1.0)
    assert basis.min() >= 0


def test_both_bases_describe_the_same_polynomials() -> None:
    mass = np.linspace(5, 16, 40)
    legendre = Background("polynomial", 3, 5.0, 16.0).basis(mass)
    bernstein = Background("bernstein", 3, 5.0, 16.0).basis(mass)
    _, residual, rank, _ = np.linalg.lstsq(legendre, bernstein, rcond=None)
    assert rank == 4
    assert residual.max() < 1e-20


@pytest.mark.parametrize("family", FAMILIES)
def test_starting_values_of_smooth_data_are_already_close(family: str) -> None:
    background = Background(family, 3, 5.0, 16.0)
    counts = 300 * np.exp(-np.arange(75) / 40)
    expected = background.component(ROWS).evaluate(background.start(ROWS, counts, counts))[0]
    np.testing.assert_allclose(expected, counts, rtol=0.03)


def test_an_exponential_starts_from_empty_bins_too() -> None:
    counts = np.zeros(75)
    counts[3] = 2.0
    start = Background("exponential", 3, 5.0, 16.0).start(ROWS, counts, counts)
    assert np.isfinite(start).all()


def test_an_unknown_family_is_named_with_near_misses() -> None:
    with pytest.raises(ParameterError, match=r"'polynomal'.*Did you mean 'polynomial'"):
        Background("polynomal", 3, 5.0, 16.0)


@pytest.mark.parametrize("degree", [-1, 12])
def test_a_degree_out_of_range_is_refused(degree: int) -> None:
    with pytest.raises(ParameterError, match="degree of the background must be 0 to 11"):
        Background("polynomial", degree, 5.0, 16.0)
