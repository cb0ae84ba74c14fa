"""Metrics by hand, and point by point those of scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from hepml.ml.toptag.metrics import BINS, EDGES, Roc, accuracy, pt_bins, stepped

# falling scores: signal and background in turns; 4 of each
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
TRUTH = np.array([1, 1, 0, 1, 0, 1, 0, 0], bool)


def drawn(size: int, seed: int, steps: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.random(size) < 0.4
    scores = 1 / (1 + np.exp(-rng.normal(np.where(truth, 1.0, -1.0))))
    return (scores if steps is None else np.round(scores * steps) / steps), truth


def test_a_rejection_by_hand() -> None:
    roc = Roc.of(SCORES, TRUTH)
    # tpr is 0.5 exactly after two jets without background; the next larger one is 0.75, where
    # one background jet of four passes
    assert roc.rejection(0.5).value == pytest.approx(4.0)
    assert roc.rejection(0.5).reached == pytest.approx(0.75)
    assert roc.rejection(0.5).threshold == pytest.approx(0.6)
    # above 0.8 all four signal jets pass, and two background jets
    assert roc.rejection(0.8).value == pytest.approx(2.0)


def test_a_point_at_the_working_point_is_not_above_it() -> None:
    roc = Roc.of(SCORES, TRUTH)
    assert roc.rejection(0.75).value == pytest.approx(2.0)
    assert roc.rejection(0.7499).value == pytest.approx(4.0)


def test_area_by_hand() -> None:
    # pairs of a signal and a background jet in order: 4 + 4 + 3 + 2 of 16
    assert Roc.of(SCORES, TRUTH).auc() == pytest.approx(13 / 16)


def test_no_background_that_passes_is_a_lower_limit() -> None:
    roc = Roc.of(np.array([0.9, 0.8, 0.2, 0.1]), np.array([1, 1, 0, 0], bool))
    found = roc.rejection(0.5)
    assert found.value is None
    # none of N = 2 was seen: fewer than 3.0 are expected at 95 %
    assert found.least == pytest.approx(max(2 / -math.log(0.05), 1.0))
    many = Roc.of(np.append(np.ones(10), np.zeros(600)), np.arange(610) < 10).rejection(0.5)
    assert many.least == pytest.approx(600 / 2.9957, rel=1e-4)


@pytest.mark.parametrize("truth", [[1, 1, 1], [0, 0, 0], []])
def test_one_class_has_no_metrics(truth: list[int]) -> None:
    roc = Roc.of(np.linspace(0, 1, len(truth)), np.array(truth, bool))
    assert not roc.defined
    assert roc.auc() is None
    assert roc.rejection(0.5).value is None
    assert roc.rejection(0.5).least is None
    assert roc.curve() is None


@pytest.mark.parametrize("steps", [None, 20])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_curve_is_that_of_scikit_learn(steps: int | None, weighted: bool) -> None:
    scores, truth = drawn(3000, 1, steps)
    weights = np.random.default_rng(2).gamma(2.0, size=len(scores)) if weighted else None
    roc = Roc.of(scores, truth, weights)
    fpr, tpr, thresholds = roc_curve(truth, scores, sample_weight=weights)
    np.testing.assert_allclose(roc.fpr, fpr, rtol=1e-12)
    np.testing.assert_allclose(roc.tpr, tpr, rtol=1e-12)
    np.testing.assert_array_equal(roc.thresholds, thresholds)
    expected = roc_auc_score(truth, scores, sample_weight=weights)
    assert roc.auc() == pytest.approx(expected, rel=1e-12)
    first = int(np.flatnonzero(tpr > 0.5)[0])
    assert roc.rejection(0.5).value == pytest.approx(1 / fpr[first], rel=1e-12)


def test_weights_of_zero_make_no_threshold() -> None:
    weights = np.array([1, 0, 1, 1, 0, 1, 1, 1.0])
    roc = Roc.of(SCORES, TRUTH, weights)
    fpr, _, thresholds = roc_curve(TRUTH, SCORES, sample_weight=weights)
    np.testing.assert_allclose(roc.fpr, fpr)
    np.testing.assert_array_equal(roc.thresholds, thresholds)


def test_weights_move_the_point() -> None:
    # the first signal jet weighs as much as all others: it is above 0.5 alone with a bit more
    weights = np.where(np.arange(8) == 0, 3.1, 1.0)
    assert Roc.of(SCORES, TRUTH, weights).rejection(0.5).reached == pytest.approx(3.1 / 6.1)
    assert Roc.of(SCORES, TRUTH, weights).rejection(0.5).value is None


def test_equal_scores_pass_together() -> None:
    roc = Roc.of(np.array([0.9, 0.9, 0.1]), np.array([1, 0, 1], bool))
    assert roc.rejection(0.4).value == pytest.approx(1.0)


def test_the_error_is_what_repeating_the_experiment_gives() -> None:
    found = []
    for seed in range(120):
        scores, truth = drawn(4000, 100 + seed)
        found.append(Roc.of(scores, truth).rejection(0.5))
    values = np.array([item.value for item in found])
    promised = np.mean([item.error or 0.0 for item in found])
    # the deviation of 120 values is known to 6.5 %; three of these
    assert promised == pytest.approx(values.std(), rel=0.2)


def test_half_is_background() -> None:
    scores = np.array([0.5, 0.5, 0.51, 0.4])
    truth = np.array([1, 0, 1, 0], bool)
    assert accuracy(scores, truth) == pytest.approx(3 / 4)


def test_accuracy_by_weight() -> None:
    scores, truth = np.array([0.9, 0.9]), np.array([1, 0], bool)
    assert accuracy(scores, truth, np.array([3.0, 1.0])) == pytest.approx(0.75)
    assert accuracy(scores[:0], truth[:0]) is None


def test_bins_leave_out_both_ends() -> None:
    pt = np.array([349.0, 350.0, 350.1, 549.9, 550.0, 551.0, 3149.0, 3150.0, 9000.0, np.nan])
    assert pt_bins(pt).tolist() == [-1, -1, 0, 0, -1, 1, 13, -1, -1, -1]


def test_there_are_fourteen_bins_of_200_gev() -> None:
    assert BINS == 14
    assert set(np.diff(EDGES)) == {200.0}
    assert (EDGES[0], EDGES[-1]) == (350.0, 3150.0)


def test_a_step_plot_gets_the_last_bin_twice() -> None:
    assert stepped(np.arange(14.0)).tolist() == [*range(14), 13]


def test_a_long_curve_is_thinned_out_and_keeps_its_ends() -> None:
    scores, truth = drawn(30_000, 3)
    curve = Roc.of(scores, truth).curve()
    assert curve is not None
    assert 300 < len(curve.x) < 900
    assert (curve.x[-1], curve.y[-1]) == (1.0, 1.0)
    assert all(np.diff(curve.x) >= 0)
    assert all(np.diff(curve.y) <= 0)
