"""Presets fill what was not given; what cannot be is refused."""

from __future__ import annotations

import pytest

from hepml.errors import ParameterError
from hepml.ml.dijet.asked import DijetOptions


@pytest.mark.parametrize(
    ("strategy", "trials"), [("supervised", 1), ("weak", 10), ("prior-assisted", 10)]
)
def test_published_trials_are_filled_in(strategy: str, trials: int) -> None:
    asked = DijetOptions(strategy=strategy, preset="published")
    assert (asked.trial_count, asked.kept_count, asked.prior_count) == (trials, 5, 1)
    assert asked.learner == "network"


def test_what_is_given_stays() -> None:
    asked = DijetOptions(preset="published", trials=3, keep=2, priors=4, learner="trees")
    assert (asked.trial_count, asked.kept_count, asked.prior_count) == (3, 2, 4)
    assert asked.learner == "trees"


def test_without_a_preset_nothing_is_filled_in() -> None:
    asked = DijetOptions(strategy="weak")
    assert (asked.published, asked.learner, asked.kept_count) == (False, "auto", None)
    assert (asked.trial_count, asked.prior_count) == (10, 3)


def test_a_quick_search_has_fewer_trials() -> None:
    assert DijetOptions(preset="published", quick=True).trial_count == 5
    assert DijetOptions(strategy="supervised", preset="published", quick=True).trial_count == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"preset": "publised"}, "no preset 'publised'. Did you mean 'published'"),
        ({"kappa": (1.0,)}, "add --preset published"),
        ({"preset": "published", "kappa": (1.0, 2.0, 3.0)}, "one for each of qq, qqq"),
        ({"preset": "published", "kappa": (0.0,)}, "above 0"),
        ({"toys": -1}, "number of pseudo-experiments"),
        ({"toys": 9, "strategy": "weak"}, "only the prior-assisted fit"),
        ({"toys": 9, "preset": "published"}, "without --preset published"),
        ({"toys": 9, "folds": 5}, "of one split"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    wrong: dict[str, object], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        DijetOptions(**wrong)  # type: ignore[arg-type]
