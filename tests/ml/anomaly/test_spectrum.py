"""Mass spectrum of the background from the sidebands."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.anomaly.spectrum import Spectrum, fit_spectrum
from hepml.stats.backgrounds import Background
from tests.ml.anomaly.windows import WINDOW, sample


def test_masses_of_a_rising_line() -> None:
    # density 20 + 20 (m - 5) / 5 per GeV on [0, 10]: 4 m
    spectrum = Spectrum(Background("polynomial", 1, 0, 10), np.array([20.0, 20.0]))
    assert spectrum.expected(4, 6) == pytest.approx(40)
    drawn = spectrum.sample(40_000, 4, 6, random_state=1)
    assert drawn.min() >= 4
    assert drawn.max() <= 6
    # mean of m over m dm from 4 to 6
    mean = (6**3 - 4**3) / 3 / 10
    assert drawn.mean() == pytest.approx(mean, abs=4 * 0.58 / 200)


def test_the_signal_is_no_part_of_the_expectation() -> None:
    data = sample(20_000, 3_000)
    spectrum = fit_spectrum(data.mass, WINDOW, 1, 4)
    # 2,000 per GeV
    assert spectrum.expected(4, 6) == pytest.approx(4_000, abs=3 * 50)


def test_a_seed_gives_the_same_masses() -> None:
    spectrum = Spectrum(Background("polynomial", 0, 0, 10), np.array([1.0]))
    one, two, other = (spectrum.sample(5, 4, 6, random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)
