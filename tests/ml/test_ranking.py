"""ROC, average precision, thresholds and bootstrap, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from hepml.ml.ranking import Ranking, bootstrap, rates


def some(rows: int = 4_000, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < 0.2
    # rounded, so that many rows have the same score
    scores = np.round(np.clip(rng.normal(0.35 + 0.3 * truth, 0.15), 0, 1), 2)
    return scores, truth, rng.uniform(0.5, 2.0, rows)


def test_areas_are_those_of_scikit_learn_with_weights_and_ties() -> None:
    scores, truth, weights = some()
    ranking = Ranking(scores, truth, weights)
    assert ranking.auc() == pytest.approx(roc_auc_score(truth, scores, sample_weight=weights))
    expected = average_precision_score(truth, scores, sample_weight=weights)
    assert ranking.average_precision() == pytest.approx(expected)


def test_four_rows_by_hand() -> None:
    ranking = Ranking([0.9, 0.8, 0.7, 0.1], np.array([True, False, True, False]))
    # of the 4 pairs of signal and background 3 are in order
    assert ranking.auc() == pytest.approx(0.75)
    assert ranking.average_precision() == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    fpr, tpr = ranking.roc()
    np.testing.assert_allclose(fpr, [0, 0, 0.5, 0.5, 1])
    np.testing.assert_allclose(tpr, [0, 0.5, 0.5, 1, 1])
    # taking the first three rows gives F1 = 4/5, half-way to the last
    assert ranking.best_threshold() == pytest.approx(0.4)


def test_the_best_threshold_has_the_largest_f1() -> None:
    scores, truth, _ = some()
    best = f1_score(truth, scores >= Ranking(scores, truth).best_threshold())
    others = [f1_score(truth, scores >= cut) for cut in np.linspace(0.05, 0.95, 91)]
    assert best == pytest.approx(max(others))


def test_one_class_only_has_no_area() -> None:
    assert np.isnan(Ranking([0.1, 0.2], np.array([True, True])).auc())
    assert np.isnan(Ranking([0.1, 0.2], np.array([False, False])).average_precision())
    assert np.isnan(Ranking([], np.array([], dtype=bool)).auc())


def test_negative_weights_enter_with_their_sign() -> None:
    truth = np.array([True, True, False, False])
    # the first two rows of each class cancel in part
    ranking = Ranking([0.9, 0.1, 0.5, 0.2], truth, [2.0, -1.0, 1.0, 1.0])
    assert ranking.auc() == pytest.approx(2.0)


def test_shuffled_labels_give_half_within_the_bootstrap_error() -> None:
    scores, truth, _ = some()
    shuffled = np.random.default_rng(5).permutation(truth)
    ranking = Ranking(scores, shuffled)
    _, _, error = bootstrap(ranking, np.arange(len(scores)), len(scores), repeats=50)["auc"]
    # 4 sigma
    assert abs(ranking.auc() - 0.5) < 4 * error


def test_bins_of_the_score_do_not_change_the_intervals() -> None:
    scores, truth, weights = some(20_000)
    ranking = Ranking(scores, truth, weights)
    group = np.arange(20_000) // 1_000
    binned = bootstrap(ranking, group, 20, repeats=60, seed=2)
    rng = np.random.default_rng(2)
    direct = []
    for _ in range(60):
        times = np.bincount(rng.integers(0, 20, 20), minlength=20).astype(np.float64)
        direct.append(roc_auc_score(truth, scores, sample_weight=weights * times[group]))
    np.testing.assert_allclose(binned["auc"][2], np.std(direct), rtol=0.05)
    np.testing.assert_allclose(binned["auc"][:2], np.quantile(direct, [0.16, 0.84]), atol=3e-4)


def test_groups_that_stick_together_widen_the_interval() -> None:
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(100), 50)
    # the scores of a group move together
    shift = rng.normal(0, 0.3, 100)[group]
    truth = rng.random(5_000) < 0.5
    ranking = Ranking(rng.normal(0.5 * truth + shift * truth, 0.5), truth)
    together = bootstrap(ranking, group, 100)["auc"][2]
    alone = bootstrap(ranking, np.arange(5_000), 5_000)["auc"][2]
    assert together > 1.5 * alone


def test_rates_by_hand() -> None:
    found = rates(6, 2, 4, 88)
    assert found == pytest.approx(
        {"accuracy": 0.94, "precision": 0.75, "recall": 0.6, "f1": 12 / 18}
    )
    assert np.isnan(rates(0, 0, 0, 5)["f1"])
