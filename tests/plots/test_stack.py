"""Stacked figures show the numbers that went in."""

from __future__ import annotations

from typing import Any

import hist
import numpy as np
import pytest

from hepml.plots.samples import Sample
from hepml.plots.stack import stacked
from hepml.plots.style import Look
from hepml.processor import Histogram
from tests.plots.runs import MASS, PT, at, diphoton, events, together

LOOK = Look("diphoton", "ATLAS", "hepml simulation", 10064.0)


def points(axes: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places, values and error bar lengths of the data points."""
    line, _, (bars,) = axes.containers[0]
    segments = np.array(bars.get_segments())
    return line.get_xdata(), line.get_ydata(), (segments[:, 1, 1] - segments[:, 0, 1]) / 2


def legend_texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def with_background() -> tuple[Any, dict[str, Sample]]:
    histogram = together(
        events(PT, "d", [100, 50, 0, 9]),
        at(PT, "dy", [80.0, 30.0, 5.0, -2.0]),
        at(PT, "dy", [90.0, 33.0, 5.5, -2.0], "scale_up"),
        at(PT, "dy", [72.0, 27.0, 4.5, -2.0], "scale_down"),
        at(PT, "top", [10.0, 20.0, 5.0, 10.0]),
        at(PT, "sig", [0.1, 0.2, 0.1, 0.05]),
    )
    samples = {
        "d": Sample("d", "data"),
        "dy": Sample("dy", "simulation", "DY"),
        "top": Sample("top", "simulation", "Top"),
        "sig": Sample("sig", "simulation", "Signal", signal=True),
    }
    return histogram, samples


def test_data_points_are_the_counts_with_poisson_errors() -> None:
    histograms, samples = diphoton()
    axes = stacked(histograms["mass"], samples, LOOK).axes[0]
    counts = histograms["mass"]["data_A", "nominal", :].values()
    _, values, errors = points(axes)
    np.testing.assert_array_equal(values, counts)
    np.testing.assert_allclose(errors, np.sqrt(counts))


def test_bins_without_data_get_no_point() -> None:
    histogram, samples = with_background()
    places, values, _ = points(stacked(histogram, samples).axes[0])
    np.testing.assert_array_equal(places, [5, 15, 35])
    np.testing.assert_array_equal(values, [100, 50, 9])


def test_axis_labels_carry_units_and_bin_width() -> None:
    histograms, samples = diphoton()
    upper, lower = stacked(histograms["mass"], samples, LOOK).axes
    assert upper.get_ylabel() == "Events / 1.83 GeV"
    assert lower.get_xlabel() == r"$m_{\gamma\gamma}$ [GeV]"


def test_whole_numbers_are_written_under_their_bin_without_a_width() -> None:
    histograms, samples = diphoton()
    (axes,) = stacked(histograms["n_jets"], samples, LOOK).axes
    assert axes.get_ylabel() == "Events"
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "1", "2", "3"]


def test_small_signal_is_scaled_and_says_so() -> None:
    histograms, samples = diphoton()
    axes = stacked(histograms["n_jets"], samples, LOOK).axes[0]
    # the largest data bin is 50,000, a third of it 17,500; ggH peaks at 300
    assert r"ggH $\times$ 50" in legend_texts(axes)


def test_signals_over_a_fit_share_one_factor() -> None:
    histograms, samples = diphoton()
    texts = legend_texts(stacked(histograms["mass"], samples, LOOK).axes[0])
    assert texts[0] == "Simulated data"
    factors = {text.split("times$ ")[1] for text in texts if "times" in text}
    assert len(factors) == 1


def test_residuals_are_data_minus_the_sideband_fit() -> None:
    histograms, samples = diphoton()
    figure = stacked(histograms["mass"], samples, LOOK)
    assert figure.axes[1].get_ylabel() == "Data − fit"
    _, values, _ = points(figure.axes[1])
    # the data are a cubic rounded to whole events, without a peak
    np.testing.assert_allclose(values, 0, atol=1.0)


def test_a_quantity_that_is_no_mass_gets_no_fit() -> None:
    ratio = Histogram(
        "pt_over_mass", (hist.axis.Regular(30, 0, 2, name="ratio", label="$p_T$ / diphoton mass"),)
    )
    peak = np.exp(-0.5 * ((ratio.axes[0].centers - 0.8) / 0.1) ** 2)
    histogram = together(events(ratio, "d", 1000 + 500 * peak), at(ratio, "s", peak))
    samples = {"d": Sample("d", "data"), "s": Sample("s", "simulation", "gg")}
    assert len(stacked(histogram, samples, LOOK).axes) == 1


def test_expected_signal_over_the_residuals_is_not_scaled() -> None:
    histograms, samples = diphoton()
    lower = stacked(histograms["mass"], samples, LOOK).axes[1]
    (steps,) = [item for item in lower.patches if item.get_label() == "Expected signal"]
    expected = histograms["mass"][1:, "nominal", :].values().sum(axis=0)
    np.testing.assert_allclose(steps.get_data().values, expected)


def test_ratio_is_data_over_background() -> None:
    histogram, samples = with_background()
    lower = stacked(histogram, samples).axes[1]
    assert lower.get_ylabel() == "Data / sim."
    places, ratio, errors = points(lower)
    np.testing.assert_array_equal(places, [5, 15, 35])
    np.testing.assert_allclose(ratio, [100 / 90, 50 / 50, 9 / 8])
    np.testing.assert_allclose(errors, [10 / 90, np.sqrt(50) / 50, 3 / 8])


def test_stack_ends_at_the_sum_of_the_backgrounds_also_with_negative_bins() -> None:
    histogram, samples = with_background()
    upper = stacked(histogram, samples).axes[0]
    ends = [item.get_data().values for item in upper.patches if item.get_label() == "Top"]
    np.testing.assert_allclose(ends[0], [90, 50, 10, 8])


def test_systematic_band_joins_the_statistical_one() -> None:
    histogram, samples = with_background()
    upper = stacked(histogram, samples).axes[0]
    (band,) = [item for item in upper.patches if "syst" in item.get_label()]
    statistical = 80.0**2 + 10.0**2
    assert band.get_data().values[0] == pytest.approx(90 + np.sqrt(statistical + 10.0**2))
    assert band.get_data().baseline[0] == pytest.approx(90 - np.sqrt(statistical + 8.0**2))


@pytest.mark.parametrize("name", ["mass", "n_jets"])
@pytest.mark.parametrize("style", ["ATLAS", "CMS"])
def test_legend_covers_no_data(name: str, style: str) -> None:
    histograms, samples = diphoton()
    figure = stacked(histograms[name], samples, Look("diphoton", style, "hepml simulation"))
    figure.canvas.draw()  # type: ignore[attr-defined]
    axes = figure.axes[0]
    box = axes.get_legend().get_window_extent()
    line, _, (bars,) = axes.containers[0]
    ends = np.concatenate([line.get_xydata(), *(np.array(s) for s in bars.get_segments())])
    shown = axes.transData.transform(ends)
    assert not any(box.contains(x, y) for x, y in shown)
    assert axes.get_window_extent().y1 >= box.y1


def test_contents_over_more_than_three_decades_get_a_logarithmic_axis() -> None:
    histogram = events(PT, "d", [50_000, 500, 20, 3])
    axes = stacked(histogram, {"d": Sample("d", "data")}).axes[0]
    assert axes.get_yscale() == "log"


def test_contents_within_three_decades_stay_linear_from_zero() -> None:
    histogram = events(PT, "d", [500, 50, 20, 3])
    axes = stacked(histogram, {"d": Sample("d", "data")}).axes[0]
    assert axes.get_yscale() == "linear"
    assert axes.get_ylim()[0] == 0


def test_simulation_alone_is_compared_in_shape() -> None:
    histograms, samples = diphoton()
    simulation = {name: item for name, item in samples.items() if item.kind != "data"}
    (axes,) = stacked(histograms["n_jets"], simulation, LOOK).axes
    assert axes.get_ylabel() == "Fraction of events"
    lines = [item.get_data().values for item in axes.patches if item.get_label() == "ggH"]
    np.testing.assert_allclose(lines[0], np.array([2.0, 3.0, 1.0, -0.1]) / 5.9)


def test_luminosity_and_origin_are_written_on_the_figure() -> None:
    histograms, samples = diphoton()
    axes = stacked(histograms["mass"], samples, LOOK).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["hepml simulation", "10.06 fb$^{-1}$"]


def test_a_histogram_without_entries_is_drawn() -> None:
    figure = stacked(events(MASS, "d", np.zeros(30)), {"d": Sample("d", "data")})
    assert figure.axes[0].get_ylabel() == "Events / 1.83 GeV"


def test_drawing_leaves_the_global_settings_alone() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    histograms, samples = diphoton()
    stacked(histograms["mass"], samples, LOOK)
    assert dict(matplotlib.rcParams) == before
