"""Spectra with fits show the numbers of the result."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.plots.fitted import fitted_spectrum, overlaid_spectra, poisson_errors
from hepml.plots.style import Look
from tests.stats.findings import EDGES, peak_fit, spectrum

LOOK = Look("dimuon", "CMS", "hepml simulation")


def test_intervals_of_counts_are_garwoods() -> None:
    # R. Cousins et al., and every table of the 68.27 % central interval
    below, above = poisson_errors(np.array([0.0, 1.0, 10.0]), np.array([0.0, 1.0, 10.0]))
    np.testing.assert_allclose(below, [0.0, 0.8272, 3.1087], atol=2e-4)
    np.testing.assert_allclose(above, [1.8410, 2.2995, 4.2669], atol=2e-4)


def test_intervals_of_weighted_counts_scale() -> None:
    below, above = poisson_errors(np.array([5.0]), np.array([2.5]))
    plain = poisson_errors(np.array([10.0]), np.array([10.0]))
    np.testing.assert_allclose([below[0], above[0]], [plain[0][0] / 2, plain[1][0] / 2])


def test_data_and_fit_are_drawn_as_they_are() -> None:
    found = spectrum()
    upper = fitted_spectrum(found, LOOK, fit="Line", text="S = 80").axes[0]
    assert upper.containers[0][0].get_ydata().tolist() == list(found.counts)
    (curve,) = [line for line in upper.lines if line.get_label() == "Line"]
    assert curve.get_ydata().tolist() == list(found.background)
    assert upper.get_legend().get_title().get_text() == "S = 80"
    assert upper.get_ylabel() == "Events / 1 GeV"


def test_residuals_are_in_standard_deviations_of_the_expected_count() -> None:
    lower = fitted_spectrum(spectrum(), LOOK).axes[1]
    shown = lower.lines[1].get_ydata()
    np.testing.assert_allclose(shown, [0, 0, 0, 0, 4, 4, 0, 0, 0, 0])


def test_far_residuals_are_marked_at_the_edge() -> None:
    lower = fitted_spectrum(spectrum(excess=500.0), LOOK).axes[1]
    marks = {line.get_marker(): line for line in lower.lines if len(line.get_xdata())}
    assert len(marks["^"].get_xdata()) == 2
    assert marks["^"].get_ydata().max() < lower.get_ylim()[1]


def test_a_signal_is_added_to_the_background_and_taken_from_the_residuals() -> None:
    found = spectrum(signal=(0, 0, 0, 0, 40, 40, 0, 0, 0, 0))
    upper, lower = fitted_spectrum(found, LOOK).axes
    (total,) = [patch for patch in upper.patches if patch.get_label() == "With signal"]
    assert total.get_data().values.tolist() == list(found.counts)
    np.testing.assert_allclose(lower.lines[1].get_ydata(), 0.0)


def test_a_peak_is_shown_over_the_subtracted_background() -> None:
    found = peak_fit().spectrum
    lower = fitted_spectrum(found, LOOK, subtract=True).axes[1]
    (signal,) = [patch for patch in lower.patches if hasattr(patch, "get_data")]
    np.testing.assert_allclose(signal.get_data().values, found.signal)
    assert lower.get_ylabel() == "Data − bkg."


def test_the_signal_region_is_shaded() -> None:
    upper = fitted_spectrum(spectrum(), LOOK).axes[0]
    (shade,) = [patch for patch in upper.patches if patch.get_label() == "Signal region"]
    assert (shade.get_x(), shade.get_x() + shade.get_width()) == (9.0, 11.0)


def test_resonances_in_the_window_are_named_without_touching() -> None:
    figure = fitted_spectrum(spectrum(), LOOK, text="S")
    figure.canvas.draw()
    axes = figure.axes[0]
    names = [text for text in axes.texts if text.get_gid() == "resonance"]
    assert [text.get_text() for text in names] == [rf"$\Upsilon({n}S)$" for n in (1, 2, 3, 4)]
    from matplotlib.text import Text

    boxes = [Text.get_window_extent(text) for text in names]
    boxes.append(axes.get_legend().get_window_extent())
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[index + 1 :])


def test_a_peak_that_dwarfs_the_rest_gets_a_logarithmic_axis() -> None:
    assert fitted_spectrum(spectrum(excess=9000.0), LOOK).axes[0].get_yscale() == "log"
    assert fitted_spectrum(spectrum(), LOOK).axes[0].get_yscale() == "linear"


def test_bins_of_different_width_are_drawn_per_gev() -> None:
    edges = (*EDGES[:-1], 16.0)
    upper = fitted_spectrum(spectrum(edges=edges), LOOK).axes[0]
    assert upper.get_ylabel() == "Events / GeV"
    assert upper.containers[0][0].get_ydata()[-1] == 50.0


@pytest.mark.parametrize("level", [0.0, 0.01])
def test_empty_spectra_are_drawn(level: float) -> None:
    empty = (0.0,) * 10
    found = spectrum(level=level, counts=empty, variances=empty)
    assert len(fitted_spectrum(found, LOOK).axes) == 2


def test_a_spectrum_without_fit_is_drawn() -> None:
    found = spectrum(background=(), background_error=())
    assert len(fitted_spectrum(found, LOOK).axes) == 2


def test_cuts_are_drawn_over_one_another() -> None:
    spectra = [("FPR 100%", spectrum()), ("FPR 1%", spectrum(1.0, 2.0))]
    axes = overlaid_spectra(spectra, LOOK).axes[0]
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["FPR 100%", "FPR 1%"]
    assert axes.get_yscale() == "log"
