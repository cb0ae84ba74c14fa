"""ROC and significance improvement, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError
from hepml.ml.anomaly.efficiency import auc_error, efficiency

# 100 background events at 0 ... 99, 4 signal events
BACKGROUND = np.arange(100.0)
SIGNAL = np.array([99.5, 95.5, 91.5, 10.5])


def test_the_maximum_by_hand() -> None:
    found = efficiency(SIGNAL, BACKGROUND, least=4)
    # at the cut 95.5: 2 of 4 signal, 4 of 100 background; at 91.5: 3 of 4 and 8 of 100
    assert found.sic_max.value == pytest.approx(0.75 / np.sqrt(0.08))
    assert found.sic_max_fpr == pytest.approx(0.08)
    relative = 0.25 / 3 + 0.25 * 0.92 / 8
    assert found.sic_max.error == pytest.approx(0.75 / np.sqrt(0.08) * np.sqrt(relative))


def test_the_maximum_needs_background() -> None:
    assert efficiency(SIGNAL, BACKGROUND, least=9).sic_max_fpr != pytest.approx(0.08)
    # the cut at 10.5 passes 89; the next one with at least 50 is that of background event 50
    found = efficiency(SIGNAL, BACKGROUND, least=50)
    assert found.sic_max.value == pytest.approx(0.75 / np.sqrt(0.5))
    assert found.sic_max_fpr == pytest.approx(0.5)
    assert efficiency(SIGNAL, BACKGROUND, least=101).sic_max.value is None


def test_the_area_by_hand() -> None:
    # 100 + 96 + 92 + 11 of the 400 pairs are in order
    assert efficiency(SIGNAL, BACKGROUND).auc.value == pytest.approx(299 / 400)


def test_points_at_fixed_rates() -> None:
    point, none = efficiency(SIGNAL, BACKGROUND, rates=(0.04, 0.001)).points
    # the lowest cut with no more than 4 background events: 95.5, not 96
    assert (point.background, point.signal, point.cut) == (4, 2, 95.5)
    assert point.tpr.value == pytest.approx(0.5)
    assert point.tpr.error == pytest.approx(0.25)
    assert point.sic.value == pytest.approx(2.5)
    assert point.sic.error == pytest.approx(2.5 * np.sqrt(0.5 / 2 + 0.25 * 0.96 / 4))
    # one signal event lies above all background: no background, no improvement to speak of
    assert (none.background, none.signal, none.sic.value) == (0, 1, None)


def test_a_rate_that_no_cut_reaches() -> None:
    (point,) = efficiency(SIGNAL - 50, BACKGROUND, rates=(0.001,)).points
    assert (point.background, point.signal, point.tpr.value) == (0, 0, None)
    assert point.cut > 99


def test_a_constant_score_gains_nothing() -> None:
    found = efficiency(np.ones(10), np.ones(100))
    assert found.auc.value == pytest.approx(0.5)
    assert found.sic_max.value == pytest.approx(1.0)


def test_the_error_of_the_area_is_that_of_repeated_samples() -> None:
    rng = np.random.default_rng(3)
    areas, errors = [], []
    for _ in range(200):
        signal, background = rng.normal(1, 1, 50), rng.normal(0, 1, 300)
        areas.append(efficiency(signal, background).auc.value)
        errors.append(auc_error(signal, background))
    # 200 samples know the spread to 5 %
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.15)


def test_empty_classes_and_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ModelError, match="0 signal"):
        efficiency(np.empty(0), BACKGROUND)
    with pytest.raises(ModelError, match="1 of 101"):
        efficiency(np.array([np.nan]), BACKGROUND)
    with pytest.raises(ParameterError, match="false-positive rate"):
        efficiency(SIGNAL, BACKGROUND, rates=(0.0,))
