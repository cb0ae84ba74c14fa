"""Conditions are read as written, compared in the column's precision, and never misread."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.stats.conditions import parse_condition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pt>=2", [False, True, True]),
        ("pt <= 2", [True, True, False]),
        ("pt>2.0", [False, False, True]),
        ("pt<2e0", [True, False, False]),
        ("pt==2", [False, True, False]),
        ("pt<-1", [False, False, False]),
    ],
)
def test_each_operator_compares(text: str, expected: list[bool]) -> None:
    condition = parse_condition(text).checked(text=False)
    assert condition(np.array([1.0, 2.0, 3.0])).tolist() == expected


def test_a_number_is_compared_in_the_precision_of_the_column() -> None:
    condition = parse_condition("iso<=0.55").checked(text=False)
    assert condition(np.array([0.55], np.float32)).all()


def test_what_is_not_defined_fulfils_nothing() -> None:
    for text in ("x>=0", "x<0", "x==0"):
        assert not parse_condition(text).checked(text=False)(np.array([np.nan])).any()
    nulls = np.array([True, None], dtype=object)
    assert parse_condition("x==true").checked(text=False)(nulls).tolist() == [True, False]


def test_text_is_compared_whole() -> None:
    condition = parse_condition("label==ggH").checked(text=True)
    assert condition(np.array(["ggH", "ggH2", None], dtype=object)).tolist() == [True, False, False]
    assert condition(np.array([], dtype=object)).tolist() == []


@pytest.mark.parametrize("text", ["", "pt", "pt>=", ">=3", "pt=3", "pt!=3", "pt=>3", "pt >= "])
def test_what_is_no_condition_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ParameterError, match="is no condition; write a column"):
        parse_condition(text)


def test_one_equals_sign_is_answered_with_two() -> None:
    with pytest.raises(ParameterError, match="equals a value by =="):
        parse_condition("pt=3")


def test_text_has_no_order() -> None:
    with pytest.raises(ParameterError, match="'label' is text, which takes only =="):
        parse_condition("label>=3").checked(text=True)


def test_a_number_is_not_compared_with_a_word() -> None:
    with pytest.raises(ParameterError, match="'pt' holds numbers, and 'high' is none"):
        parse_condition("pt>high").checked(text=False)
