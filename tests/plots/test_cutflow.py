"""Bars of the cutflow are the fractions kept."""

from __future__ import annotations

from typing import Any

import pytest

from hepml.plots.cutflow import add_steps, cutflow_figure
from hepml.plots.samples import Sample
from hepml.plots.style import Look


def flow(first: tuple[int, float], last: tuple[int, float]) -> list[dict[str, Any]]:
    rows = {"all": first, "pt": last}
    return [{"step": step, "raw": raw, "weighted": sumw} for step, (raw, sumw) in rows.items()]


FLOW = {
    "a": flow((100, 100.0), (40, 40.0)),
    "b": flow((100, 100.0), (10, 10.0)),
    "s": flow((50, 0.5), (40, 0.3)),
}
SAMPLES = {
    "a": Sample("a", "data"),
    "b": Sample("b", "data"),
    "s": Sample("s", "simulation", "gg"),
}


def test_steps_of_datasets_are_added_and_scaled() -> None:
    assert add_steps([FLOW["a"], FLOW["s"]], [1.0, 10.0])[1] == {
        "step": "pt",
        "raw": 80,
        "weighted": pytest.approx(43.0),
    }


def test_bars_are_fractions_of_the_first_step() -> None:
    figure = cutflow_figure(FLOW, SAMPLES, Look("diphoton"))
    data, signal = figure.axes
    assert [bar.get_width() for bar in data.patches] == [1.0, 0.25]
    assert [bar.get_width() for bar in signal.patches] == pytest.approx([1.0, 0.6])


def test_text_gives_counts_of_data_and_scaled_yields_of_simulation() -> None:
    figure = cutflow_figure(FLOW, SAMPLES, Look("diphoton"), factors={"s": 1000.0})
    data, signal = figure.axes
    assert [text.get_text() for text in data.texts] == ["200  (100%)", "50  (25%)"]
    assert [text.get_text() for text in signal.texts] == ["500  (100%)", "300  (60%)"]
    assert signal.get_title(loc="left") == "ggH"


def test_a_negative_sum_of_weights_has_an_empty_bar() -> None:
    rows = [{"step": "all", "raw": 5, "weighted": 1.0}, {"step": "pt", "raw": 1, "weighted": -0.2}]
    figure = cutflow_figure({"s": rows}, SAMPLES)
    assert figure.axes[0].patches[1].get_width() == 0


def test_no_events_at_all_are_drawn() -> None:
    rows = [{"step": "all", "raw": 0, "weighted": 0.0}]
    assert cutflow_figure({"a": rows}, SAMPLES).axes[0].patches[0].get_width() == 0
