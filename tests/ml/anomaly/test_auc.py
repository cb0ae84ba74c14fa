"""Area under the ROC curve within folds."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.anomaly.auc import FoldRanking


def test_pairs_of_different_folds_do_not_count() -> None:
    scores = np.array([0.2, 0.1, 0.9, 0.05])
    truth = np.array([True, False, False, True])
    # fold 0 is in order, fold 1 is not; of the four pairs of all rows one is
    assert FoldRanking(scores, truth, np.array([0, 0, 1, 1])).auc() == pytest.approx(0.5)
    assert FoldRanking(scores, truth, np.zeros(4, np.int64)).auc() == pytest.approx(0.25)


def test_folds_count_by_their_pairs() -> None:
    scores = np.array([0.9, 0.1, 0.1, 0.1, 0.9])
    truth = np.array([True, False, False, True, False])
    # two pairs in order, one not
    assert FoldRanking(scores, truth, np.array([0, 0, 0, 1, 1])).auc() == pytest.approx(2 / 3)


def test_one_class_has_no_area() -> None:
    ranking = FoldRanking(np.ones(3), np.ones(3, np.bool_), np.zeros(3, np.int64))
    assert ranking.interval(np.arange(3)).value is None


def test_copies_in_a_group_do_not_make_the_error_smaller() -> None:
    rng = np.random.default_rng(1)
    truth = np.arange(400) < 200
    scores = rng.normal(truth, 2.0)
    fold, group = np.zeros(400, np.int64), np.arange(400)
    once = FoldRanking(scores, truth, fold).interval(group)
    four = FoldRanking(np.tile(scores, 4), np.tile(truth, 4), np.tile(fold, 4))
    assert once.error == pytest.approx(four.interval(np.tile(group, 4)).error, rel=0.2)
    assert once.error == pytest.approx(0.027, rel=0.2)
