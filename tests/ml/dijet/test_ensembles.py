"""Trials put together without a look at the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.dijet.ensembles import (
    best_trials,
    combine_fits,
    combine_scores,
    compare_fit,
    quantiles,
    quantiles_of,
)
from hepml.ml.dijet.results import Fitted, Parameter
from hepml.ml.results import Interval


def fit(mx: float, my: float, **others: float) -> Fitted:
    values = {"mx": mx, "my": my} | others
    return Fitted(
        parameters=tuple(
            Parameter(name=name, value=value, low=value - 1, high=value + 2)
            for name, value in values.items()
        )
    )


def value(found: Fitted, name: str) -> float:
    parameter = found.parameter(name)
    assert parameter is not None
    return parameter.value


def test_the_best_trials_are_those_of_smallest_loss() -> None:
    assert best_trials([3.0, 1.0, math.nan, 2.0, math.inf], 2) == (1, 3)
    assert best_trials([3.0, 1.0, math.nan], 5) == (1, 0)


def test_trials_without_a_loss_are_no_choice() -> None:
    with pytest.raises(ModelError, match="None of 2 trials"):
        best_trials([math.nan, math.inf])


def test_scores_are_averaged_over_what_was_kept() -> None:
    scores = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 8.0], [2.0, 2.0]])
    assert combine_scores(scores, (1, 2, 3)).tolist() == [2.0, 4.0]
    assert combine_scores(scores, (1, 2, 3), "median").tolist() == [2.0, 2.0]


def test_fits_are_combined_by_their_medians() -> None:
    found = combine_fits([fit(1, 1), fit(300, 100), fit(310, 90), fit(290, 95)], (1, 2, 3))
    assert (value(found, "mx"), value(found, "my")) == (300, 95)
    first = found.parameters[0]
    assert first.low == pytest.approx(293.2)
    assert first.high == pytest.approx(306.8)


def test_a_single_fit_keeps_its_interval() -> None:
    found = combine_fits([fit(1, 1), fit(300, 100)], (1,))
    assert (found.parameters[0].low, found.parameters[0].high) == (299, 302)


def test_masses_in_the_other_order_are_exchanged_for_comparison() -> None:
    found = compare_fit(fit(98, 503, mu=0.01), {"mx": 500, "my": 100, "alpha": 0.5})
    assert (value(found, "mx"), value(found, "my")) == (503, 98)
    assert [item.truth for item in found.parameters] == [500, 100, None]
    assert found.mirrored


def test_masses_in_order_stay() -> None:
    found = compare_fit(fit(503, 98), {"mx": 500, "my": 100})
    assert value(found, "mx") == 503
    assert not found.mirrored


def test_masses_that_are_told_apart_stay() -> None:
    found = compare_fit(fit(98, 503), {"mx": 500, "my": 100}, symmetric=False)
    assert value(found, "mx") == 98


def test_pulls_use_the_side_of_the_truth() -> None:
    parameter = Parameter(name="mu", value=5.0, low=4.0, high=7.0, truth=6.0)
    assert parameter.pull == pytest.approx(-0.5)
    assert parameter.model_copy(update={"truth": 3.0}).pull == pytest.approx(2.0)
    assert parameter.model_copy(update={"truth": None}).pull is None


def test_quantiles_of_what_is_there() -> None:
    found = quantiles([0.0, None, 100.0, 50.0, math.nan])
    assert (found.count, found.low, found.median, found.high) == (3, 16.0, 50.0, 84.0)
    assert quantiles([]).median is None


def test_a_single_figure_falls_back_on_its_error() -> None:
    one = quantiles_of([Interval(value=5.0, low=4.0, high=6.0, error=1.0), Interval(value=None)])
    assert (one.low, one.median, one.high, one.error) == (4.0, 5.0, 6.0, 1.0)
