"""The sideband fit recovers known curves."""

from __future__ import annotations

import numpy as np

from hepml.plots.sideband import fit_sidebands, peak_window

EDGES = np.linspace(105, 160, 31)
CENTRES = 0.5 * (EDGES[1:] + EDGES[:-1])


def cubic() -> np.ndarray:
    x = (CENTRES - 132.5) / 27.5
    return 2200 - 1900 * x + 500 * x**2 - 100 * x**3


def window() -> np.ndarray:
    return (CENTRES > 120) & (CENTRES < 130)


def test_a_cubic_is_recovered_under_a_peak() -> None:
    peak = 300 * np.exp(-0.5 * ((CENTRES - 125) / 1.5) ** 2) * window()
    fit = fit_sidebands(cubic() + peak, EDGES, window())
    assert fit is not None
    np.testing.assert_allclose(fit.expected, cubic(), rtol=1e-9)


def test_degrees_of_freedom_are_sideband_bins_minus_parameters() -> None:
    fit = fit_sidebands(cubic(), EDGES, window())
    assert fit is not None
    assert fit.ndf == int((~window()).sum()) - 4


def test_pulls_of_the_fit_in_the_window_have_unit_width() -> None:
    # seed 7, 300 toys: mean 0 +- 1/sqrt(300), width 1 +- 1/sqrt(600); tolerance 4 sigma
    rng = np.random.default_rng(7)
    pulls = []
    for _ in range(300):
        fit = fit_sidebands(rng.poisson(cubic()).astype(float), EDGES, window())
        assert fit is not None
        pulls.append(((fit.expected - cubic()) / fit.errors)[11])
    assert abs(np.mean(pulls)) < 4 / np.sqrt(300)
    assert abs(np.std(pulls) - 1) < 4 / np.sqrt(600)


def test_too_few_events_give_no_fit() -> None:
    assert fit_sidebands(np.zeros(30), EDGES, window()) is None


def test_the_window_holds_the_peak() -> None:
    inside = peak_window(np.exp(-0.5 * ((CENTRES - 125) / 2) ** 2), EDGES)
    assert inside is not None
    # two standard deviations, 121 to 129, rounded to whole bins
    assert EDGES[:-1][inside].min() < 121.5
    assert 128.5 < EDGES[1:][inside].max() < 131


def test_a_flat_signal_is_not_a_peak() -> None:
    assert peak_window(np.ones(30), EDGES) is None


def test_a_peak_at_the_edge_has_no_two_sidebands() -> None:
    assert peak_window(np.exp(-0.5 * ((CENTRES - 106) / 2) ** 2), EDGES) is None


def test_negative_bins_do_not_widen_the_window() -> None:
    values = np.exp(-0.5 * ((CENTRES - 125) / 2) ** 2)
    clean = peak_window(values, EDGES)
    values[[0, 29]] = -0.5
    np.testing.assert_array_equal(peak_window(values, EDGES), clean)
