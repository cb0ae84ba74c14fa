"""Figures of the shower channel: shower over background, sizes, steps, and those of the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest

from hepml.plots.run import draw_histogram, draw_run
from hepml.plots.samples import Sample
from hepml.plots.showers import shower_cutflow, shower_histogram
from hepml.plots.style import Look
from hepml.processor import Histogram
from tests.plots.emulsion import shower_rows, write_showers
from tests.plots.runs import filled, together, write_run

LOOK = Look("shower", text="hepml simulation")
SIGNAL = hist.axis.IntCategory([0, 1], name="signal", label="Base-track of the shower")
IMPACT = Histogram(
    "impact_over_dz",
    (SIGNAL, hist.axis.Regular(4, 0, 0.4, name="impact_over_dz", label="Impact")),
    "Base-tracks",
)
SIZES = Histogram(
    "candidates",
    (hist.axis.Regular(6, 0, 600, name="candidates", label="Candidates"),),
    "Showers",
)
SIMULATED = {"brick": Sample("brick", "simulation", "brick", True)}
BOTH = SIMULATED | {"run3": Sample("run3", "data", "data")}


def impacts(dataset: str, signal: list[int], values: list[float]) -> Any:
    fill = ((np.array(signal, int), np.array(values)), np.ones(len(values)), "nominal")
    return filled(IMPACT, dataset, fill)


def sizes(dataset: str, values: list[float]) -> Any:
    return filled(SIZES, dataset, ((np.array(values),), np.ones(len(values)), "nominal"))


def texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_shower_and_background_are_each_normalised_to_one() -> None:
    histogram = impacts("brick", [1, 1, 0, 0, 0, 0], [0.05, 0.15, 0.15, 0.25, 0.35, 0.35])
    figure = shower_histogram(histogram, SIMULATED, LOOK)
    assert texts(figure) == ["Background (4 shown)", "Shower (2 shown)"]
    drawn = [patch.get_data().values for patch in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert drawn[0] == pytest.approx([0, 0.25, 0.25, 0.5])
    assert drawn[2] == pytest.approx([0.5, 0.5, 0, 0])


def test_data_are_points_over_both() -> None:
    histogram = together(
        impacts("brick", [1, 0, 0, 0], [0.05, 0.15, 0.15, 0.25]),
        impacts("run3", [0, 0], [0.05, 0.35]),
    )
    figure = shower_histogram(histogram, BOTH, LOOK)
    assert texts(figure) == [
        "Data (2 shown)",
        "Background (3 shown)",
        "Shower (1 shown)",
        "Both, as simulated",
    ]
    ((points, *_),) = figure.axes[0].containers
    assert points.get_ydata() == pytest.approx([0.5, 0.5])


def test_showers_are_counted_with_their_mean() -> None:
    figure = shower_histogram(sizes("brick", [110, 120, 310, 330]), SIMULATED, LOOK)
    assert texts(figure) == ["Simulation: 4 showers, mean 250, rms 100"]
    # no bin beyond the last one with a shower
    assert figure.axes[0].get_xlim() == (0, 400)


def test_simulated_showers_are_scaled_to_the_number_of_data() -> None:
    histogram = together(sizes("brick", [150, 250]), sizes("run3", [150, 150, 250, 350]))
    figure = shower_histogram(histogram, BOTH, LOOK)
    assert texts(figure)[1] == "Simulation: 2 showers, mean 200, rms 50\n(scaled by 2)"


@pytest.mark.parametrize("make", [impacts, sizes])
def test_an_empty_histogram_is_drawn(make: Any) -> None:
    histogram = make("brick", [], []) if make is impacts else make("brick", [])
    assert draw_histogram(histogram, SIMULATED, LOOK).axes


def test_steps_are_fractions_of_the_first_of_their_group() -> None:
    counts = {
        "tiles": 2,
        "showers: injectors": 10,
        "showers: linked": 9,
        "base-tracks: window": 50_000,
        "base-tracks: linked": 1000,
        "signal: window": 200,
        "signal: linked": 150,
    }
    flow = [{"step": step, "raw": raw, "weighted": raw} for step, raw in counts.items()]
    axes = shower_cutflow({"brick": flow}, SIMULATED, LOOK).axes[0]
    widths = [patch.get_width() for patch in axes.patches]  # type: ignore[attr-defined]
    assert widths == pytest.approx([1, 0.9, 1, 0.02, 1, 0.75])
    written = {text.get_text() for text in axes.texts}
    assert {"9", "50,000  (5,000 per shower)", "150  (15 per shower)"} <= written


def test_data_have_no_group_of_true_base_tracks() -> None:
    flow = [{"step": step, "raw": 0, "weighted": 0} for step in ("showers: a", "signal: a")]
    axes = shower_cutflow({"brick": flow}, SIMULATED, LOOK).axes[0]
    assert "Of the shower itself" not in {text.get_text() for text in axes.texts}


def test_a_run_has_displays_and_a_profile_without_a_luminosity(tmp_path: Path) -> None:
    histograms = {"candidates": sizes("brick", [150, 250])}
    run = write_run(tmp_path / "r1", histograms, SIMULATED, processor="shower")
    write_showers(run / "features", [shower_rows(1), shower_rows(2, times=2)])
    (run / "report.json").write_text('{"failed": []}')
    written = [path.stem for path in draw_run(run, formats=("png",))]
    displays = ["event_display_1", "event_display_2", "event_display_3d"]
    assert written == ["candidates", "cutflow", *displays, "longitudinal_profile"]


def test_a_run_without_a_table_has_the_figures_of_its_histograms(tmp_path: Path) -> None:
    histograms = {"candidates": sizes("brick", [150, 250])}
    run = write_run(tmp_path / "r1", histograms, SIMULATED, processor="shower")
    assert [path.stem for path in draw_run(run, formats=("png",))] == ["candidates", "cutflow"]
