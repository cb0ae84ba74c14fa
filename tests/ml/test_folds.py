"""Folds by event key: even, repeatable, independent of order and of other splits."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.keys import key_position
from hepml.ml.folds import fold_numbers
from hepml.ml.sample import Sample

RUN, EVENT = np.full(20_000, 7), np.arange(20_000)


def test_folds_of_three_events_stay_what_they_are() -> None:
    # frozen: another number would move events between folds of models on disk
    found = fold_numbers([np.array([1, 1, 2]), np.array([10, 11, 10])], 5, seed=3)
    assert found.tolist() == [4, 3, 1]
    assert found.dtype == np.int64


def test_the_order_of_the_rows_does_not_matter() -> None:
    order = np.random.default_rng(1).permutation(len(EVENT))
    shuffled = fold_numbers([RUN[order], EVENT[order]], 5, seed=2)
    np.testing.assert_array_equal(shuffled, fold_numbers([RUN, EVENT], 5, seed=2)[order])


def test_folds_are_equally_large_within_three_sigma() -> None:
    counts = np.bincount(fold_numbers([RUN, EVENT], 4, seed=5), minlength=4)
    # binomial with p = 1/4: sigma = sqrt(20000 * 3/16) = 61
    np.testing.assert_allclose(counts, 5_000, atol=3 * 61.3)


def test_folds_of_the_training_rows_of_a_split_are_even_with_the_same_seed() -> None:
    training = key_position([RUN, EVENT], 0) < 0.72
    counts = np.bincount(fold_numbers([RUN[training], EVENT[training]], 5, seed=0), minlength=5)
    np.testing.assert_allclose(counts / training.sum(), 0.2, atol=3 * np.sqrt(0.16 / 14_400))


def test_another_seed_gives_independent_folds() -> None:
    same = fold_numbers([RUN, EVENT], 5, seed=1) == fold_numbers([RUN, EVENT], 5, seed=2)
    assert same.mean() == pytest.approx(0.2, abs=3 * np.sqrt(0.16 / 20_000))


def test_rows_of_a_group_stay_together() -> None:
    group = np.repeat(np.arange(50), 4)
    sample = Sample(
        ("x",), np.zeros((200, 1), np.float32), None, (), np.ones(200), group, 50,
        {"shower": group, "row": np.arange(200)},
    )  # fmt: skip
    found = fold_numbers(sample, 3, by=["shower"]).reshape(50, 4)
    assert (found == found[:, :1]).all()


def test_too_few_folds_and_unknown_keys_are_refused() -> None:
    with pytest.raises(ParameterError, match="At least 2 folds"):
        fold_numbers([EVENT], 1)
    with pytest.raises(ParameterError, match="none is named"):
        fold_numbers([], 3)
    sample = Sample(
        ("x",), np.zeros((2, 1), np.float32), None, (), np.ones(2), np.arange(2), 2,
        {"event": np.arange(2)},
    )  # fmt: skip
    with pytest.raises(ParameterError, match="no key column 'evnt'"):
        fold_numbers(sample, 3, by=["evnt"])
