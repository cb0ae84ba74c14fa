"""Mass spectra: expected events and masses by inverse CDF."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import kstest

from hepml.errors import StatisticsError
from hepml.ml.density import MassModel
from hepml.stats.backgrounds import Background
from hepml.stats.fit import fit_model
from hepml.stats.likelihood import Likelihood
from hepml.stats.rows import counting_rows
from hepml.windows import UPSILON

# 100 - 50 x on [5, 16] GeV, x from -1 to 1: falls from 150 to 50 per GeV
LINE = Background("polynomial", 1, 5.0, 16.0)
FALLING = MassModel.from_background(LINE, np.array([100.0, -50.0]))


def test_expected_events_are_the_integral() -> None:
    assert FALLING.expected(5, 16) == pytest.approx(1100, rel=1e-6)
    # mean density between 9 and 10.6 GeV is the one at 9.8 GeV
    density = 100 - 50 * (2 * 9.8 - 21) / 11
    assert FALLING.expected(9, 10.6) == pytest.approx(1.6 * density, rel=1e-6)


def test_events_per_bin_become_events_per_gev() -> None:
    again = MassModel.from_background(LINE, np.array([50.0, -25.0]), width=0.5)
    assert again.expected(9, 10.6) == pytest.approx(FALLING.expected(9, 10.6))


def test_masses_follow_the_spectrum_inside_the_edges() -> None:
    mass = FALLING.sample(4000, 9, 10.6, 3)
    assert mass.min() >= 9
    assert mass.max() < 10.6
    total = FALLING.expected(9, 10.6)
    below = np.vectorize(lambda edge: FALLING.expected(9, edge) / total)
    assert kstest(mass, below).pvalue > 0.01
    np.testing.assert_array_equal(mass, FALLING.sample(4000, 9, 10.6, 3))


@pytest.mark.parametrize("family", ["polynomial", "exponential", "bernstein"])
def test_a_fit_to_the_sidebands_gives_the_events_that_it_expects(family: str) -> None:
    rows = counting_rows(UPSILON.binning(11))
    sides = len(rows.starts) - 1
    counts = rows.integrate(LINE.density(rows.nodes, np.array([1000.0, -400.0])))
    background = Background(family, 3, 5.0, 16.0)
    nodes = slice(0, rows.starts[-1])
    side = type(rows)(rows.nodes[nodes], rows.weights[nodes], rows.starts[:-1])
    fitted = fit_model(background, side, Likelihood(counts[:sides], counts[:sides]))
    expected = fitted.integral(rows)[0][-1]
    assert MassModel.from_fit(fitted).expected(9, 10.6) == pytest.approx(expected, rel=1e-4)


def test_a_negative_background_is_refused() -> None:
    with pytest.raises(StatisticsError, match=r"negative at 16.00 GeV"):
        MassModel.from_background(LINE, np.array([10.0, -50.0]))


def test_masses_outside_the_spectrum_are_refused() -> None:
    with pytest.raises(StatisticsError, match="known from 5 to 16"):
        FALLING.sample(5, 9, 17)


def test_a_kernel_density_has_the_events_and_the_shape_of_its_masses() -> None:
    mass = FALLING.sample(5000, 5, 16, 1)
    model = MassModel.from_kernel(mass, 5, 16)
    assert model.expected(5, 16) == pytest.approx(5000)
    # within 4 sigma of the counting error, also at the ends
    for low, high in ((5, 5.5), (9, 10.6), (15.5, 16)):
        expected = 5000 * FALLING.expected(low, high) / 1100
        assert model.expected(low, high) == pytest.approx(expected, abs=4 * np.sqrt(expected))


def test_too_few_masses_give_no_kernel_density() -> None:
    with pytest.raises(StatisticsError, match="1 masses between 9"):
        MassModel.from_kernel(np.array([9.5, 12.0]), 9, 10.6)


def test_json_gives_the_same_spectrum() -> None:
    again = MassModel.from_json(json.loads(json.dumps(FALLING.to_json())))
    np.testing.assert_array_equal(again.sample(50, 9, 10.6, 1), FALLING.sample(50, 9, 10.6, 1))
