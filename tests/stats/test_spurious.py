"""Spurious signal: a bias measured on same-sign pairs, as an uncertainty."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hepml.errors import StatisticsError
from hepml.stats.backgrounds import Background
from hepml.stats.excess import SignalTest
from hepml.stats.signals import peaks_of
from hepml.stats.significance import closed_form
from hepml.stats.spurious import spurious_signal
from hepml.windows import WINDOWS
from tests.stats.published import OS_ANTI_ISOLATED, OS_PRE_ISOLATION, SS_ANTI_ISOLATED

UPSILON = WINDOWS["upsilon"]


def search(*, shape: bool = False) -> SignalTest:
    return SignalTest(
        UPSILON.binning(11),
        Background("polynomial", 5, UPSILON.left, UPSILON.right),
        peaks_of(UPSILON) if shape else None,
    )


def test_same_sign_pairs_of_the_published_data() -> None:
    test = search()
    tested = test.run(OS_ANTI_ISOLATED)
    found = spurious_signal(tested, test.run(SS_ANTI_ISOLATED))
    assert found.S == pytest.approx(24.74, abs=0.02)
    assert found.significance == pytest.approx(0.526, abs=2e-3)
    # backgrounds 1594.84 / 964.26
    assert found.scale == pytest.approx(1.6540, abs=1e-3)
    assert found.sigma == pytest.approx(40.93, abs=0.05)
    assert closed_form(1692, 1594.84, math.hypot(44.93, 40.93)) == pytest.approx(found.Z, abs=1e-3)
    assert found.Z < tested.excess.Z


def test_without_a_bias_the_closed_form_is_unchanged() -> None:
    test = search()
    tested = test.run(OS_ANTI_ISOLATED)
    flat = tested.null.expected
    found = spurious_signal(tested, test.run(flat))
    assert found.sigma == pytest.approx(0, abs=0.1)
    assert found.Z == pytest.approx(tested.excess.Z_closed, abs=1e-4)


def test_a_shape_adds_to_its_standard_error() -> None:
    test = search(shape=True)
    tested = test.run(OS_PRE_ISOLATION)
    found = spurious_signal(tested, test.run(SS_ANTI_ISOLATED))
    plain = tested.excess.S / tested.excess.Z
    assert tested.excess.S / found.Z == pytest.approx(math.hypot(plain, found.sigma))
    assert math.isfinite(found.log10_p)


@pytest.mark.parametrize("shape", [False, True])
def test_a_deficit_stays_insignificant(shape: bool) -> None:
    test = search(shape=shape)
    counts = OS_ANTI_ISOLATED.copy()
    counts[27:38] *= 0.8
    found = spurious_signal(test.run(counts), test.run(SS_ANTI_ISOLATED))
    assert (found.Z, found.p) == (0.0, 0.5)


def test_a_control_sample_without_background_is_refused() -> None:
    test = search()
    few = np.zeros(75)
    few[0] = 1
    with pytest.raises(StatisticsError, match="control sample"):
        spurious_signal(test.run(OS_ANTI_ISOLATED), test.run(few))
