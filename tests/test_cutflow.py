"""Steps are counted raw and weighted, and added up in order."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.cutflow import add_cutflows, count_steps, cutflow_rows
from hepml.errors import ChunkError, ProcessorError

FIRST = {"all": np.array([1.0, -0.5, 2.0]), "pT": np.array([2.0])}
SECOND = {"all": np.array([0.25]), "pT": np.array([])}


def test_a_step_has_a_count_and_a_sum() -> None:
    assert count_steps(FIRST) == {
        "all": {"raw": 3, "weighted": 2.5},
        "pT": {"raw": 1, "weighted": 2.0},
    }


def test_no_events_are_counted_as_none() -> None:
    assert count_steps({"all": np.array([])}) == {"all": {"raw": 0, "weighted": 0.0}}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ChunkError, match="1 event weights are not finite at step 'pT'"):
        count_steps({"all": np.ones(2), "pT": np.array([bad, 1.0])})


def test_chunks_are_added_step_by_step() -> None:
    total = add_cutflows([count_steps(FIRST), count_steps(SECOND)])
    assert total["all"] == {"raw": 4, "weighted": 2.75}
    assert total["pT"] == {"raw": 1, "weighted": 2.0}


def test_adding_changes_no_chunk() -> None:
    first = count_steps(FIRST)
    add_cutflows([first, count_steps(SECOND)])
    assert first == count_steps(FIRST)


@pytest.mark.parametrize("other", [{"all": np.ones(1)}, {"pT": np.ones(1), "all": np.ones(1)}])
def test_chunks_with_other_steps_are_refused(other: dict[str, np.ndarray]) -> None:
    with pytest.raises(ProcessorError, match="different steps in different chunks"):
        add_cutflows([count_steps(FIRST), count_steps(other)])


def test_rows_keep_the_order_of_steps_and_sort_datasets() -> None:
    found = cutflow_rows({"b": count_steps(FIRST), "a": count_steps(SECOND)})
    assert list(found) == ["a", "b"]
    assert found["b"] == [
        {"step": "all", "raw": 3, "weighted": 2.5},
        {"step": "pT", "raw": 1, "weighted": 2.0},
    ]
