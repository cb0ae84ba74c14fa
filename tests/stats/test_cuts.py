"""Selections of a hunt: what is refused, and which events a cut keeps."""

import numpy as np
import pytest

from hepml.errors import ParameterError, StatisticsError
from hepml.stats.cuts import all_events, score_cuts
from hepml.windows import find_window

WINDOW = find_window("5,9,10.6,16")
MASSES = np.array([4.0, 6.0, 7.0, 9.5, 12.0, 15.0, 17.0])
EVENTS = all_events("all", MASSES, np.arange(7.0), "masses")
SCORE = np.array([9.0, 0.1, 0.2, 0.9, 0.3, 0.4, 9.0])


def test_a_cut_keeps_the_wanted_share_of_the_sidebands_and_what_lies_above_it() -> None:
    (found,) = score_cuts(EVENTS, WINDOW, {"s": SCORE}, (0.5,))
    assert (found.name, found.score, found.fpr) == ("s, FPR 0.5", "s", 0.5)
    assert found.masses.tolist() == [9.5, 12.0, 15.0]
    assert found.weights is not None
    assert found.weights.tolist() == [3.0, 4.0, 5.0]


def test_events_outside_the_window_may_lack_a_score() -> None:
    score = np.where((MASSES < 5) | (MASSES > 16), np.nan, SCORE)
    assert len(score_cuts(EVENTS, WINDOW, {"s": score}, (1.0, 0.5))) == 2


def test_without_events_in_the_sidebands_there_is_no_cut() -> None:
    events = all_events("all", np.array([9.5]), None, "masses")
    with pytest.raises(StatisticsError, match="no events in the sidebands"):
        score_cuts(events, WINDOW, {"s": np.ones(1)}, (0.5,))


def test_a_score_of_another_length_is_refused() -> None:
    with pytest.raises(ParameterError, match="'s' has 2 values for 7 events"):
        score_cuts(EVENTS, WINDOW, {"s": np.ones(2)}, (0.5,))


@pytest.mark.parametrize(
    ("masses", "weights", "text"),
    [
        (np.ones((2, 2)), None, "masses must be one-dimensional"),
        (np.ones(2), np.ones(3), "3 weights for 2 masses"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(
    masses: np.ndarray, weights: np.ndarray | None, text: str
) -> None:
    with pytest.raises(ParameterError, match=text):
        all_events("all", masses, weights, "masses")


def test_weights_must_be_finite() -> None:
    with pytest.raises(StatisticsError, match="1 weights are not finite"):
        all_events("all", np.ones(2), np.array([1.0, np.inf]), "masses")
