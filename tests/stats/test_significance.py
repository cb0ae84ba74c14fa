"""Significances far into the tail, and the closed form."""

from __future__ import annotations

import math

import pytest
from scipy.stats import norm

from hepml.stats.significance import closed_form, log10_p_value, p_value, significance_of


def test_p_values_are_those_of_the_survival_function() -> None:
    for significance in (0.0, 1.0, 2.5, 5.0, 20.0):
        assert p_value(significance) == pytest.approx(norm.sf(significance), rel=1e-12)


def test_forty_sigma_do_not_underflow() -> None:
    assert log10_p_value(40.0) == pytest.approx(-349.437, abs=1e-3)
    assert p_value(38.0) > 0


def test_significance_and_p_value_are_inverse() -> None:
    for significance in (0.5, 3.0, 8.0, 37.0):
        assert significance_of(p_value(significance)) == pytest.approx(significance, rel=1e-9)


def test_half_and_more_are_no_significance() -> None:
    assert significance_of(0.5) == 0.0
    assert significance_of(0.9) == 0.0


@pytest.mark.parametrize(
    ("observed", "background", "error", "expected"),
    # published closed-form values of the Upsilon study
    [(1692, 1594.84, 44.93, 1.591), (275, 163.72, 14.38, 5.00), (6542, 3586.0, 65.35, 28.15)],
)
def test_the_closed_form_gives_published_values(
    observed: float, background: float, error: float, expected: float
) -> None:
    assert closed_form(observed, background, error) == pytest.approx(expected, abs=0.005)


def test_a_known_background_is_the_limit_of_a_small_error() -> None:
    known = math.sqrt(2 * (15 * math.log(1.5) - 5))
    assert closed_form(15, 10, 0.0) == pytest.approx(known)
    assert closed_form(15, 10, 1e-3) == pytest.approx(known, rel=1e-4)


def test_a_deficit_and_an_empty_region_have_no_significance() -> None:
    assert closed_form(8, 10, 1) == 0.0
    assert closed_form(0, 0, 0) == 0.0
    assert math.isfinite(closed_form(3, 0.0, 2.0))
