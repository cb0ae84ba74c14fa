"""What is signal, how data are called, how classes are ordered."""

from __future__ import annotations

from hepml.plots.samples import (
    Sample,
    class_colours,
    data_label,
    signal_labels,
    simulation_groups,
)
from tests.plots.runs import PT, at, diphoton, events, together


def test_data_are_called_data() -> None:
    assert data_label({"a": Sample("a", "data"), "s": Sample("s", "simulation")}) == "Data"


def test_simulated_data_are_called_simulated() -> None:
    samples = {"a": Sample("a", "data", simulated=True), "b": Sample("b", "data", simulated=True)}
    assert data_label(samples) == "Simulated data"


def test_added_higgs_bosons_are_declared() -> None:
    samples = {"a": Sample("a", "data", simulated=True, higgs_factor=5.0)}
    assert data_label(samples) == "Simulated data\n(Higgs: 5 $\\times$ true rate)"


def test_simulation_far_below_the_data_is_signal() -> None:
    histograms, samples = diphoton()
    assert signal_labels(histograms["mass"], samples) == {"gg", "VBF", "Wp", "Z", "tt"}


def test_simulation_like_the_data_is_background() -> None:
    histogram = together(events(PT, "d", [10, 10, 10, 10]), at(PT, "s", [9, 9, 9, 9]))
    samples = {"d": Sample("d", "data"), "s": Sample("s", "simulation")}
    assert signal_labels(histogram, samples) == set()


def test_named_signals_win() -> None:
    histograms, samples = diphoton()
    assert signal_labels(histograms["mass"], samples, ["gg"]) == {"gg"}


def test_what_a_channel_looks_for_is_signal_whatever_its_size() -> None:
    histogram = together(events(PT, "d", [1, 1, 1, 1]), at(PT, "s", [9, 9, 9, 9]))
    samples = {"d": Sample("d", "data"), "s": Sample("s", "simulation", "gg")}
    assert signal_labels(histogram, samples, channel="diphoton") == {"gg"}


def test_classes_keep_the_order_of_the_channel() -> None:
    _, samples = diphoton()
    shuffled = dict(reversed(samples.items()))
    assert list(simulation_groups(shuffled, "diphoton")) == ["gg", "VBF", "Wp", "Z", "tt"]


def test_a_class_has_one_colour_whatever_else_is_drawn() -> None:
    _, samples = diphoton()
    assert len(set(class_colours(samples, "diphoton").values())) == 5
