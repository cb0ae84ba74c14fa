"""Evaluation of several classes: by hand, against scikit-learn, and what must hold by chance."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from hepml.columns import feature
from hepml.errors import ModelError
from hepml.ml.class_results import ClassJudgement
from hepml.ml.classes import class_importances, compare_classes, judge_classes, macro_auc
from hepml.ml.models import TrainedModel
from hepml.ml.sample import Sample

NAMES = ("gg", "tt", "VBF")
# six rows: probabilities, true classes and signed weights
P = np.array(
    [
        [0.7, 0.2, 0.1],
        [0.4, 0.5, 0.1],
        [0.2, 0.7, 0.1],
        [0.6, 0.3, 0.1],
        [0.1, 0.1, 0.8],
        [0.3, 0.2, 0.5],
    ]
)
Y = np.array([0, 0, 1, 1, 2, 2])
W = np.array([2.0, 1.0, 3.0, -1.0, 1.0, 1.0])


def make(y: np.ndarray, weights: np.ndarray, x: np.ndarray | None = None) -> Sample:
    rows = len(y)
    inputs = np.zeros((rows, 1), np.float32) if x is None else x.astype(np.float32)
    names = tuple(f"x{place}" for place in range(inputs.shape[1]))
    return Sample(names, inputs, y, NAMES, weights, np.arange(rows), rows)


def judge(p: np.ndarray, sample: Sample, **options: Any) -> ClassJudgement:
    return judge_classes(p, sample, model="m", title="M", **({"repeats": 20} | options))


def noisy(rows: int, seed: int, separation: float = 1.0) -> tuple[np.ndarray, Sample]:
    """Probabilities that know the class up to noise, and weights of which 10 % are negative."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, rows)
    logits = rng.normal(size=(rows, 3)) + separation * np.eye(3)[y]
    weights = np.where(rng.random(rows) < 0.1, -1.0, 1.0) * (1.0 + y)
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), make(y, weights)


def test_weighted_areas_by_hand() -> None:
    found = judge(P, make(Y, W))
    # pairs (signal, background) in order, each counting w_s w_b, over the product of the sums:
    # gg: 0.7 > all (2 x 4); 0.4 > 0.2, 0.1, 0.3 (1 x (3 + 1 + 1)); 0.4 < 0.6 (weight -1)
    assert found.auc["gg"].value == pytest.approx((2 * 4 + 1 * 5) / (3 * 4))
    # tt: 0.7 > all (3 x 5); 0.3 > 0.2, 0.1, 0.2 (-1 x (2 + 1 + 1)); 0.3 < 0.5
    assert found.auc["tt"].value == pytest.approx((3 * 5 - 1 * 4) / (2 * 5))
    assert found.auc["VBF"].value == pytest.approx(1.0)
    assert found.macro_auc.value == pytest.approx((13 / 12 + 11 / 10 + 1) / 3)


def test_two_classes_are_told_apart_by_the_ratio_of_their_probabilities() -> None:
    found = {(item.first, item.second): item.auc.value for item in judge(P, make(Y, W)).pairs}
    # gg / (gg + tt): 7/9 and 4/9 against 2/9 and 6/9; the pair (4/9, 6/9) is not in order
    assert found["gg", "tt"] == pytest.approx((2 * 3 - 2 * 1 + 1 * 3) / (3 * 2))
    assert found["tt", "VBF"] == pytest.approx(1.0)
    assert list(found) == [("gg", "tt"), ("gg", "VBF"), ("tt", "VBF")]


def test_shares_that_are_right_by_hand() -> None:
    found = judge(P, make(Y, W))
    assert found.accuracy.value == pytest.approx(4 / 6)
    assert found.weighted_accuracy.value == pytest.approx((2 + 3 + 1 + 1) / 7)
    # gg: 2 of 3, tt: 3 of 2, VBF: 2 of 2
    assert found.balanced_accuracy.value == pytest.approx((2 / 3 + 3 / 2 + 1) / 3)
    assert found.predicted == (2, 2, 2)
    assert found.predicted_weights == pytest.approx((1.0, 4.0, 2.0))


def test_the_log_loss_lets_classes_weigh_as_in_the_prior() -> None:
    found = judge(P, make(Y, W), prior=(0.5, 0.25, 0.25))
    gg = -(2 * np.log(0.7) + np.log(0.4)) / 3
    tt = -(3 * np.log(0.7) - np.log(0.3)) / 2
    vbf = -(np.log(0.8) + np.log(0.5)) / 2
    assert found.log_loss.value == pytest.approx(0.5 * gg + 0.25 * tt + 0.25 * vbf)
    assert found.guess == pytest.approx(1.5 * np.log(2))


def test_positive_weights_agree_with_scikit_learn() -> None:
    p, sample = noisy(3_000, 1)
    sample = replace(sample, weights=np.abs(sample.weights))
    found = judge(p, sample, prior=np.bincount(sample.labels, sample.weights))
    for k, name in enumerate(NAMES):
        expected = roc_auc_score(sample.labels == k, p[:, k], sample_weight=sample.weights)
        assert found.auc[name].value == pytest.approx(expected)
    expected = log_loss(sample.labels, p, sample_weight=sample.weights)
    assert found.log_loss.value == pytest.approx(expected)
    assert found.macro_auc.value == pytest.approx(macro_auc(p, sample))


def test_tiny_weights_change_nothing() -> None:
    p, sample = noisy(500, 2)
    found = judge(p, sample)
    tiny = judge(p, replace(sample, weights=1e-8 * sample.weights))
    for name in NAMES:
        assert tiny.auc[name].error == pytest.approx(found.auc[name].error)
        assert tiny.reliability[name].ece == pytest.approx(found.reliability[name].ece)
    assert tiny.log_loss.value == pytest.approx(found.log_loss.value)
    for new, old in zip(tiny.confusion.by_weight, found.confusion.by_weight, strict=True):
        assert new == pytest.approx(old)


def test_shuffled_labels_give_areas_of_one_half_within_their_errors() -> None:
    p, sample = noisy(4_000, 3)
    y = np.random.default_rng(4).permutation(sample.labels)
    found = judge(p, replace(sample, y=y), repeats=100)
    for area in [*found.auc.values(), *(pair.auc for pair in found.pairs), found.macro_auc]:
        assert area.value == pytest.approx(0.5, abs=4 * (area.error or 0.0))
    assert (found.macro_auc.error or 1.0) < 0.02


def test_the_intervals_cover_the_true_area() -> None:
    truth = judge(*noisy(200_000, 5), repeats=2).auc["VBF"].value or 0.0
    # 60 samples: 0.68 of them cover, sigma sqrt(0.68 * 0.32 / 60) = 0.06
    inside = [
        (area.low or 1.0) <= truth <= (area.high or 0.0)
        for area in (judge(*noisy(200, 100 + k), repeats=40).auc["VBF"] for k in range(60))
    ]
    assert np.mean(inside) == pytest.approx(0.68, abs=3 * 0.06)


def test_true_probabilities_are_reliable_when_classes_weigh_as_in_the_prior() -> None:
    rng = np.random.default_rng(6)
    y = rng.integers(0, 3, 40_000)
    x = rng.normal(size=40_000) + y
    densities = np.exp(-0.5 * (x[:, None] - np.arange(3)) ** 2)
    p = densities / densities.sum(axis=1, keepdims=True)
    # physics weights of the classes differ a thousandfold; the training balanced them
    found = judge(p, make(y, np.array([1e-3, 1.0, 1e-6])[y]))
    assert found.prior == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    for item in found.reliability.values():
        assert item.ece < 0.01


def test_each_score_has_a_histogram_by_true_class() -> None:
    found = {item.score: item for item in judge(P, make(Y, W)).scores}
    assert len(found["tt"].edges) == len(found["tt"].events[0]) + 1
    assert [sum(line) for line in found["tt"].events] == [2, 2, 2]
    assert [sum(line) for line in found["tt"].weights] == pytest.approx([3.0, 2.0, 2.0])
    # 0.5 is the lower edge of bin 20 of 40
    assert found["tt"].events[0][20] == 1
    assert found["tt"].squares[0][20] == pytest.approx(1.0)


def test_a_class_of_negative_weight_has_no_area_and_a_note() -> None:
    found = judge(P, make(Y, np.array([2.0, 1.0, -1.5, 1.0, 1.0, 1.0])))
    assert found.auc["tt"].value is None
    assert found.auc["gg"].value is not None
    assert found.macro_auc.value is not None
    assert "tt" not in found.roc
    assert any("class tt add up to -0.5" in note for note in found.notes)
    assert found.prior == pytest.approx((0.5, 0.0, 0.5))


def test_a_class_without_rows_has_no_figures_and_a_note() -> None:
    found = judge(P[:4], make(Y[:4], np.abs(W[:4])))
    assert found.auc["VBF"].value is None
    assert found.pairs[1].auc.value is None
    assert "class VBF has no row to be judged by" in found.notes
    assert "no row is taken for class VBF" in found.notes


def test_a_judgement_survives_json() -> None:
    found = judge(P, make(Y, W))
    assert ClassJudgement.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("p", "rows", "message"),
    [
        (P[:, :2], 6, "no match"),
        (np.full((6, 3), np.nan), 6, "6 of 6 rows no finite"),
        (P[:0], 0, "cannot judge"),
    ],
)
def test_probabilities_that_do_not_fit_are_refused(p: Any, rows: int, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        judge(p, make(Y[:rows], W[:rows]))


def test_a_prior_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ModelError, match="needs 3 shares"):
        judge(P, make(Y, W), prior=(0.5, 0.5))


class FirstInput:
    """Says the class that the first input names."""

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return 0.1 + 0.7 * np.eye(3)[x[:, 0].astype(int)]

    def importance(self, kind: str) -> np.ndarray:
        return np.array([3.0, 1.0])


def test_a_model_does_not_differ_from_itself() -> None:
    p, sample = noisy(500, 8)
    found = compare_classes(p, p, sample, models=("a", "b"), repeats=10)
    assert found.macro_auc.value == found.macro_auc.error == 0.0


def test_models_that_err_alike_are_told_apart_better_than_by_their_own_errors() -> None:
    p, sample = noisy(1_000, 9)
    worse = 0.8 * p + 0.2 * np.random.default_rng(1).dirichlet(np.ones(3), len(p))
    found = compare_classes(p, worse, sample, models=("a", "b"), repeats=50)
    first, second = judge(p, sample, repeats=50), judge(worse, sample, repeats=50)
    for name in NAMES:
        difference = (first.auc[name].value or 0) - (second.auc[name].value or 0)
        assert found.auc[name].value == pytest.approx(difference)
        assert (found.auc[name].error or 1) < 0.5 * (first.auc[name].error or 0)
    assert (found.macro_auc.value or 0) > 2 * (found.macro_auc.error or 1)


def test_only_the_input_that_is_used_loses_when_shuffled() -> None:
    y = np.array([k for k, _ in product(range(3), range(200))])
    sample = make(y, np.ones(len(y)), np.stack([y, 1.0 - y], axis=1))
    model = TrainedModel(
        "m", "t", "boosted", FirstInput(), (feature("x0"), feature("x1")), NAMES
    )  # fmt: skip
    used, unused = class_importances(model, sample, seed=1)
    assert (used.feature, used.gain) == ("x0", 0.75)
    # from 1 to what labels by chance give
    assert used.permutation == pytest.approx(0.5, abs=0.05)
    assert unused.permutation == 0.0


def test_importances_without_shuffling_are_the_gains() -> None:
    model = TrainedModel(
        "m", "t", "boosted", FirstInput(), (feature("x0"), feature("x1")), NAMES
    )  # fmt: skip
    found = class_importances(model, make(Y, W, np.zeros((6, 2))), repeats=0)
    assert [item.permutation for item in found] == [None, None]
    assert [item.feature for item in found] == ["x0", "x1"]
