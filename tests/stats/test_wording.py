"""Numbers are written as people read them."""

from __future__ import annotations

import pytest

from hepml.errors import ParameterError
from hepml.stats.points import working_points
from hepml.stats.wording import amount, fpr_text, percent, probability, significance


@pytest.mark.parametrize(
    ("log10_p", "text"),
    [
        (0.0, "1"),
        (-1.2596, "0.055"),
        (-3.0, "1.0e-03"),
        (-4.0000001, "1.0e-04"),
        (-7.02, "9.5e-08"),
        (-349.43, "3.7e-350"),
    ],
)
def test_p_values_keep_two_digits_at_any_size(log10_p: float, text: str) -> None:
    assert probability(log10_p) == text


def test_figures_write_powers_of_ten() -> None:
    assert probability(-349.43, tex=True) == r"3.7$\times 10^{-350}$"


def test_yields_have_three_digits_or_are_whole() -> None:
    assert [amount(x) for x in (1594.84, 97.16, -0.0123)] == ["1,595", "97.2", "-0.0123"]


def test_significances_and_rates_are_short() -> None:
    assert (significance(1.5956), significance(123.46)) == ("1.60", "123.5")
    assert [fpr_text(x) for x in (1.0, 0.25, 0.0013335)] == ["100%", "25%", "0.133%"]


def test_percentages_have_no_power_of_ten() -> None:
    assert [percent(x) for x in (0.0346, 0.994, 0.996, 1.234, 0.00089)] == [
        *("3.5", "99", "100", "123", "0.089"),
    ]


def test_working_points_are_named_or_listed() -> None:
    assert working_points("0.1,1,0.1") == (1.0, 0.1)
    assert working_points("coarse") == (1.0, 0.25, 0.1, 0.05, 0.01, 0.005)
    fine = working_points("fine")
    assert len(fine) == 25
    assert fine[8] == pytest.approx(0.1)


@pytest.mark.parametrize("text", ["", "0", "1.5", "a,b", "nan", "-1"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="--fpr"):
        working_points(text)
