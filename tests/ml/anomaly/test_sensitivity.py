"""What sidebands alone say of a search."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import StatisticsError
from hepml.ml.anomaly.sensitivity import expected_sensitivity
from hepml.stats.significance import closed_form
from tests.ml.anomaly.windows import WINDOW

MASSES = np.random.default_rng(0).uniform(0, 10, 5000)


def test_background_and_its_error_follow_the_cut() -> None:
    found = expected_sensitivity(MASSES, WINDOW, (1.0, 0.25), bins=4)
    first, second = found.points
    # 5,000 events over 10 GeV, of which the signal region is 2
    assert pytest.approx(1000, abs=4 * first.sigma_B) == first.B
    assert (second.B, second.sigma_B) == pytest.approx((first.B / 4, first.sigma_B / 2))


def test_so_many_signal_events_have_so_many_sigma() -> None:
    point = expected_sensitivity(MASSES, WINDOW, (0.1,), bins=4).points[0]
    for signal, wanted in ((point.evidence, 3), (point.discovery, 5)):
        assert closed_form(point.B + signal, point.B, point.sigma_B) == pytest.approx(wanted)


def test_the_signal_region_is_not_looked_at() -> None:
    inside = (WINDOW.low <= MASSES) & (WINDOW.high > MASSES)
    blind = expected_sensitivity(MASSES[~inside], WINDOW, (1.0, 0.1), bins=4)
    assert blind == expected_sensitivity(MASSES, WINDOW, (1.0, 0.1), bins=4)
    assert not any(blind.counts[blind.start : blind.stop])


def test_empty_sidebands_are_refused() -> None:
    with pytest.raises(StatisticsError, match="sidebands"):
        expected_sensitivity(np.full(10, 5.0), WINDOW, (1.0,), bins=4)
