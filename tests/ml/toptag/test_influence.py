"""Errors of ratios of the same jets, against drawing the jets again."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.toptag.influence import influences, ratio_errors
from hepml.ml.toptag.metrics import Roc
from hepml.ml.toptag.scores import JetScores

SIZE = 10_000


def drawn(seed: int) -> tuple[JetScores, np.ndarray]:
    """Jets, and weights of background that go with the score."""
    rng = np.random.default_rng(seed)
    truth = rng.random(SIZE) < 0.5
    raw = rng.normal(np.where(truth, 0.8, -0.8))
    weights = np.where(truth, 1.0, np.exp(0.1 * raw + 0.2 * rng.normal(size=SIZE)))
    return JetScores(1 / (1 + np.exp(-raw)), truth, np.zeros(SIZE, np.int8)), weights


def ratio(seed: int) -> tuple[float, float, float]:
    """Ratio of rejections, its error, and the error of the rejection itself over it."""
    jets, weights = drawn(seed)
    plain, varied = Roc.of(jets.score, jets.truth), Roc.of(jets.score, jets.truth, weights)
    points = plain.rejection(0.5), varied.rejection(0.5)
    mine = influences(jets, weights, varied, points[1])
    others = influences(jets, None, plain, points[0])
    (found,) = ratio_errors([points[1]], [mine], [points[0]], [others])
    values = [points[0].value or 0.0, points[1].value or 0.0]
    own = (points[0].error or 0.0) / values[0]
    return values[1] / values[0], found.ratio_error or 0.0, own


def test_the_error_is_what_repeating_the_experiment_gives() -> None:
    found = np.array([ratio(seed) for seed in range(200)])
    # the deviation of 200 values is known to 5 %; three of these
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.15)
    # far below that of samples that share nothing
    assert found[:, 1].mean() < 0.5 * np.sqrt(2) * found[:, 2].mean()


def test_influences_add_up_to_the_error_of_one_rejection() -> None:
    jets, _ = drawn(1)
    roc = Roc.of(jets.score, jets.truth)
    point = roc.rejection(0.5)
    each = influences(jets, None, roc, point)
    assert each is not None
    expected = (point.error or 0.0) / (point.value or 1.0)
    assert np.sqrt(np.sum(each**2)) == pytest.approx(expected, rel=0.05)


def test_equal_weights_have_no_error() -> None:
    jets, _ = drawn(2)
    roc = Roc.of(jets.score, jets.truth)
    point = roc.rejection(0.5)
    each = influences(jets, np.ones(SIZE), roc, point)
    (found,) = ratio_errors([point], [each], [point], [influences(jets, None, roc, point)])
    assert found.ratio_error == pytest.approx(0.0, abs=1e-12)


def test_an_infinite_rejection_has_no_influences() -> None:
    jets = JetScores(np.array([0.9, 0.1]), np.array([1, 0], bool), np.zeros(2, np.int8))
    roc = Roc.of(jets.score, jets.truth)
    point = roc.rejection(0.5)
    assert influences(jets, None, roc, point) is None
    (found,) = ratio_errors([point], [None], [point], [None])
    assert found.ratio_error is None
