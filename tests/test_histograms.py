"""Histograms are filled, added, sorted, scaled, grouped, and saved without loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest

from hepml.errors import OutputError, ProcessorError
from hepml.histograms import (
    add_histograms,
    dump_histograms,
    empty_histogram,
    fill_histogram,
    group_datasets,
    load_histograms,
    scale_datasets,
    sort_categories,
)
from hepml.processor import Fill, Histogram
from tests.toys import filled

PT = Histogram("pt", (hist.axis.Regular(2, 0, 20, name="pt", label="pT [GeV]"),), "Photons")
AXES: dict[str, tuple[Any, list[Any]]] = {
    "regular": (hist.axis.Regular(3, 0, 3, name="x", label="X [GeV]"), [-1.0, 0.5, 9.0]),
    "variable": (hist.axis.Variable([0, 1, 2.5], name="x", label="X"), [-1.0, 0.5, 9.0]),
    "logarithmic": (
        hist.axis.Regular(3, 1, 100, name="x", transform=hist.axis.transform.log),
        [0.1, 5.0, 500.0],
    ),
    "integer": (hist.axis.Integer(0, 3, name="x", label="Jets"), [-1, 1, 7]),
    "without overflow": (hist.axis.Regular(3, 0, 3, name="x", overflow=False), [-1.0, 0.5, 9.0]),
    "categories": (hist.axis.StrCategory(["SS", "OS"], name="x"), ["OS", "SS", "OS"]),
    "numbered": (hist.axis.IntCategory([1, -1], name="x"), [1, -1, 1]),
    "boolean": (hist.axis.Boolean(name="x"), [True, False, True]),
}


def test_axes_are_dataset_variation_and_the_declared_ones() -> None:
    made = empty_histogram(PT)
    assert [axis.name for axis in made.axes] == ["dataset", "variation", "pt"]
    assert (made.name, made.label) == ("pt", "Photons")
    assert made.axes["pt"].label == "pT [GeV]"


def test_weights_and_their_squares_are_summed() -> None:
    found = filled(PT, {("a", "nominal"): ([5.0, 5.0, 15.0, 99.0], [2.0, -0.5, 1.0, 3.0])})
    view = found["a", "nominal", :].view(flow=True)
    assert view["value"].tolist() == [0, 1.5, 1.0, 3.0]
    assert view["variance"].tolist() == [0, 4.25, 1.0, 9.0]


def test_a_dataset_of_which_nothing_passes_is_there() -> None:
    found = filled(PT, {("a", "nominal"): ([], [])})
    assert list(found.axes["dataset"]) == ["a"]
    assert found["a", "nominal", :].values().tolist() == [0, 0]


def test_a_fill_needs_an_array_per_axis() -> None:
    with pytest.raises(ProcessorError, match=r"'pt' has 1 axes but 2 arrays"):
        fill_histogram(PT, "a", [Fill((np.ones(1), np.ones(1)), np.ones(1))])


def test_chunks_with_different_categories_add_up() -> None:
    first = filled(PT, {("a", "nominal"): ([5.0], [1.0])})
    second = filled(PT, {("b", "nominal"): ([5.0], [2.0]), ("a", "x_up"): ([15.0], [3.0])})
    total = add_histograms([{"pt": first}, {"pt": second}])["pt"]
    assert total["a", "nominal", 0].value == 1.0
    assert total["b", "nominal", 0].value == 2.0
    assert total["a", "x_up", 1].value == 3.0


def test_adding_changes_no_part() -> None:
    first = filled(PT, {("a", "nominal"): ([5.0], [1.0])})
    add_histograms([{"pt": first}, {"pt": first}])
    assert first["a", "nominal", 0].value == 1.0


def test_sorting_puts_nominal_first_and_moves_the_contents_along() -> None:
    found = filled(
        PT,
        {
            ("b", "x_up"): ([5.0, -1.0], [1.0, 7.0]),
            ("a", "nominal"): ([5.0], [2.0]),
            ("b", "a_down"): ([15.0], [3.0]),
        },
    )
    ordered = sort_categories(found)
    assert list(ordered.axes["dataset"]) == ["a", "b"]
    assert list(ordered.axes["variation"]) == ["nominal", "a_down", "x_up"]
    for dataset in "ab":
        for variation in ("nominal", "a_down", "x_up"):
            np.testing.assert_array_equal(
                ordered[dataset, variation, :].view(flow=True),
                found[dataset, variation, :].view(flow=True),
            )
    assert (ordered.name, ordered.label) == ("pt", "Photons")


def test_the_order_of_arrival_does_not_matter() -> None:
    contents = {("b", "nominal"): ([5.0], [1.0]), ("a", "nominal"): ([5.0], [2.0])}
    backwards = dict(reversed(contents.items()))
    assert sort_categories(filled(PT, contents)) == sort_categories(filled(PT, backwards))


@pytest.mark.parametrize("kind", AXES)
def test_saving_loses_nothing(kind: str, tmp_path: Path) -> None:
    axis, values = AXES[kind]
    contents = {("b", "nominal"): (values, [1.0, 0.1, -2.0]), ("a", "s_up"): (values, [1e-9] * 3)}
    before = filled(Histogram("h", (axis,), "Pairs"), contents)
    (tmp_path / "h.json").write_text(dump_histograms({"h": before}))
    after = load_histograms(tmp_path / "h.json")["h"]
    assert after == before
    np.testing.assert_array_equal(after.view(flow=True), before.view(flow=True))
    assert after.axes == before.axes
    assert [item.label for item in after.axes] == [item.label for item in before.axes]
    assert (after.name, after.label) == ("h", "Pairs")


def test_two_dimensions_are_saved_without_loss() -> None:
    declared = Histogram("plane", (AXES["regular"][0], hist.axis.Integer(0, 2, name="n")))
    values = (np.array([0.5, 99.0]), np.array([1, -4]))
    before = fill_histogram(declared, "a", [Fill(values, np.array([0.1, 2.0]))])
    assert load_histograms(dump_histograms({"plane": before}))["plane"] == before


def test_loaded_histograms_can_still_be_added() -> None:
    one = filled(PT, {("a", "nominal"): ([5.0], [1.0])})
    two = filled(PT, {("b", "nominal"): ([5.0], [1.0])})
    loaded = [load_histograms(dump_histograms({"pt": item})) for item in (one, two)]
    assert list(add_histograms(loaded)["pt"].axes["dataset"]) == ["a", "b"]


def test_what_is_saved_is_plain_json() -> None:
    text = dump_histograms({"pt": filled(PT, {("a", "nominal"): ([5.0], [1.0])})})
    assert json.loads(text)["pt"]["uhi_schema"] == 1


def test_scaling_multiplies_contents_and_squares_for_variances() -> None:
    contents = {("a", "nominal"): ([5.0, 99.0], [2.0, 1.0]), ("b", "nominal"): ([5.0], [1.0])}
    before = filled(PT, contents)
    after = scale_datasets(before, {"a": 10.0, "b": 1.0})
    assert after["a", "nominal", :].view(flow=True)["value"].tolist() == [0, 20, 0, 10]
    assert after["a", "nominal", :].view(flow=True)["variance"].tolist() == [0, 400, 0, 100]
    assert after["b", "nominal", 0].value == 1.0
    assert before["a", "nominal", 0].value == 2.0


def test_a_dataset_without_a_factor_is_named() -> None:
    before = filled(PT, {("data_A", "nominal"): ([5.0], [1.0])})
    with pytest.raises(OutputError, match=r"'data_A'.*Did you mean 'data_a'"):
        scale_datasets(before, {"data_a": 1.0})


def test_grouping_adds_members_and_takes_absent_ones_for_empty() -> None:
    contents = {
        ("a", "nominal"): ([5.0], [2.0]),
        ("b", "nominal"): ([5.0, -1.0], [1.0, 4.0]),
        ("b", "s_up"): ([15.0], [3.0]),
    }
    found = group_datasets(filled(PT, contents), {"both": ["a", "b"], "none": ["c"]})
    assert list(found.axes["dataset"]) == ["both", "none"]
    assert found["both", "nominal", :].view(flow=True)["value"].tolist() == [4, 3, 0, 0]
    assert found["both", "nominal", :].view(flow=True)["variance"].tolist() == [16, 5, 0, 0]
    assert found["both", "s_up", 1].value == 3.0
    assert found["none", "nominal", :].values().tolist() == [0, 0]
