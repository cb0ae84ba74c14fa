"""Ensembles in folds: who sees what, class weights, rounds, repeatability, resuming."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError
from hepml.ml.anomaly import ensemble
from hepml.ml.anomaly.ensemble import Rows, class_weight, event_folds, train_folds
from hepml.ml.anomaly.settings import EnsembleSettings
from hepml.ml.anomaly.store import Store
from tests.ml.anomaly.windows import QUICK


def some(data: int = 200, background: int = 400, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(1, 1, (data, 2)), rng.normal(0, 1, (background, 2))
    folds = rng.integers(0, 5, data), rng.integers(0, 5, background)
    return Rows.of((first, folds[0]), (second, folds[1]))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[np.ndarray, np.ndarray, list[int]]]:
    """First features of training and validation rows of each fold, and the seeds."""
    calls: list[tuple[np.ndarray, np.ndarray, list[int]]] = []
    train = ensemble._train

    def spy(training, validation, seeds, settings):  # type: ignore[no-untyped-def]
        calls.append((training[0][:, 0], validation[0][:, 0], list(seeds)))
        return train(training, validation, seeds, settings)

    monkeypatch.setattr(ensemble, "_train", spy)
    return calls


def test_no_row_is_scored_by_classifiers_that_saw_it(seen) -> None:  # type: ignore[no-untyped-def]
    rows = some()
    train_folds("x", rows, 5, QUICK)
    for fold, (training, validation, _) in enumerate(seen):
        # data and samples alike
        scored, stops = rows.x[rows.fold == fold, 0], rows.x[rows.fold == (fold - 1) % 5, 0]
        assert not np.isin(scored, training).any()
        assert not np.isin(scored, validation).any()
        assert set(validation) == set(stops)
        assert len(training) + len(validation) + len(scored) == len(rows.x)


def test_without_early_stopping_all_other_folds_train(seen) -> None:  # type: ignore[no-untyped-def]
    rows = some()
    settings = EnsembleSettings(members=1, rounds=5, patience=0)
    found = train_folds("x", rows, 5, settings)
    for fold, (training, _, _) in enumerate(seen):
        assert set(training) == set(rows.x[rows.fold != fold, 0])
    assert {history.rounds for history in found.histories} == {(5,)}


def test_seeds_of_members_are_the_published_ones(seen) -> None:  # type: ignore[no-untyped-def]
    train_folds("x", some(), 5, EnsembleSettings(members=3, rounds=2))
    assert [seeds for _, _, seeds in seen[:2]] == [[1, 2, 3], [101, 102, 103]]


def test_classes_weigh_the_same() -> None:
    rows = Rows.of(
        (np.zeros((2, 1)), np.array([0, 1])),
        (np.zeros((4, 1)), np.array([0, 0, 0, 1])),
        np.array([1.0, 2.0, 3.0, 4.0]),
    )
    # fold 0: one event of data, background of 1 + 2 + 3
    assert class_weight(rows, rows.fold == 0) == pytest.approx(6.0)
    assert class_weight(rows, rows.fold >= 0) == pytest.approx(5.0)


def test_a_part_without_data_is_named() -> None:
    rows = some(data=3)
    with pytest.raises(ModelError, match="0 rows of data"):
        train_folds("x", rows, 5, QUICK)


def test_copies_of_an_event_are_in_one_fold() -> None:
    key = np.random.default_rng(1).integers(0, 2**63, 300).astype(np.uint64)
    drawn = np.random.default_rng(2).integers(0, 300, 300)
    folds = event_folds(key, 5)
    np.testing.assert_array_equal(event_folds(key[drawn], 5), folds[drawn])
    assert np.bincount(folds).min() > 30


def test_two_folds_are_too_few() -> None:
    with pytest.raises(ParameterError, match="At least 3 folds"):
        event_folds(np.zeros(3, np.uint64), 2)


def test_the_best_tree_is_kept() -> None:
    found = train_folds("x", some(), 5, EnsembleSettings(members=1, patience=3))
    for history in found.histories:
        losses = history.validation[0]
        best = int(np.argmin(losses)) + 1
        assert history.rounds == (best,)
        assert len(losses) == min(best + 3, 300)
    trees = [fold[0].num_trees() for fold in found._members]
    assert trees == [history.rounds[0] for history in found.histories]


def test_the_score_is_the_mean_of_the_members() -> None:
    rows = some()
    found = train_folds("x", rows, 5, EnsembleSettings(members=3, rounds=5))
    scores = found.scores(rows.x, rows.fold)
    place = int(np.flatnonzero(rows.fold == 2)[0])
    each = [member.predict(rows.x[place : place + 1])[0] for member in found._members[2]]
    assert len(set(each)) == 3
    assert scores[place] == pytest.approx(np.mean(each), abs=1e-14)


def test_a_share_of_the_members_has_random_cuts() -> None:
    rows = some()
    plain, half = (
        train_folds("x", rows, 5, EnsembleSettings(members=2, rounds=3, random_cuts=share))
        for share in (0.0, 0.5)
    )
    for before, after in zip(plain._members, half._members, strict=True):
        cuts = [[member.model_to_string() for member in pair] for pair in (before, after)]
        assert "[extra_trees: 0]" in cuts[1][0]
        assert "[extra_trees: 1]" in cuts[1][1]
        # nothing else changes
        assert cuts[0][0] == cuts[1][0]
        assert cuts[0][1] != cuts[1][1]


def test_the_same_rows_give_the_same_scores_and_another_seed_others() -> None:
    rows = some()
    first, second = (train_folds("x", rows, 5, QUICK).scores(rows.x, rows.fold) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = EnsembleSettings(members=2, rounds=20, patience=5, seed=1)
    assert not np.array_equal(first, train_folds("x", rows, 5, other).scores(rows.x, rows.fold))


def test_data_are_told_from_background() -> None:
    rows = some()
    scores = train_folds("x", rows, 5, QUICK).scores(rows.x, rows.fold)
    assert scores[rows.data].mean() > 0.55 > 0.5 > scores[~rows.data].mean()


def test_what_is_kept_is_not_trained_again(tmp_path: Path, seen) -> None:  # type: ignore[no-untyped-def]
    rows, store = some(), Store(tmp_path)
    first = train_folds("x", rows, 5, QUICK, store=store)
    second = train_folds("x", rows, 5, QUICK, store=store)
    assert len(seen) == 5
    np.testing.assert_array_equal(first.scores(rows.x, rows.fold), second.scores(rows.x, rows.fold))
    assert first.histories == second.histories


def test_a_stopped_training_goes_on_with_the_next_fold(tmp_path: Path, seen) -> None:  # type: ignore[no-untyped-def]
    def stop(_: str, done: int, total: int) -> None:
        if done == 2 and len(seen) == 2:
            raise KeyboardInterrupt

    rows, store = some(), Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train_folds("x", rows, 5, QUICK, store=store, progress=stop)
    found = train_folds("x", rows, 5, QUICK, store=store)
    assert len(seen) == 5
    np.testing.assert_array_equal(
        found.scores(rows.x, rows.fold),
        train_folds("x", rows, 5, QUICK).scores(rows.x, rows.fold),
    )


def test_changed_rows_never_give_an_old_answer(tmp_path: Path, seen) -> None:  # type: ignore[no-untyped-def]
    rows, store = some(), Store(tmp_path)
    train_folds("x", rows, 5, QUICK, store=store)
    x = rows.x.copy()
    x[0, 0] += 1e-9
    train_folds("x", Rows(x, rows.data, rows.fold, rows.weight), 5, QUICK, store=store)
    # the fold of that row alone does not train on it
    assert len(seen) == 9


def test_light_rows_do_not_end_the_training() -> None:
    # with no least sum of hessians LightGBM makes an empty leaf here, and fails
    rng = np.random.default_rng(48)
    x = rng.normal(size=(440, 1))
    data = np.arange(440) < 40
    x[data] += 1
    fold = rng.integers(0, 3, 440)
    weight = np.where(data, 1.0, np.where(rng.uniform(size=440) < 0.5, 0.05, 0.15))
    settings = EnsembleSettings(members=1, rounds=30, patience=0)
    rows = Rows(x, data, fold, weight)
    assert np.isfinite(train_folds("x", rows, 3, settings).scores(x, fold)).all()
