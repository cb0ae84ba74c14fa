"""Figures of distributions by class, from their numbers alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import FileAccessError, ParameterError
from hepml.explore import Exploration, explore
from hepml.plots.explore import distribution_figure, draw_exploration
from tests.toys import rows, write_table


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    """A class of simulation, and data."""
    from tests.explore.test_survey import write

    gg, data = rows(range(210), label="gg"), rows(range(70))
    gg["pt"][::2] = np.nan
    return explore(write(tmp_path_factory.mktemp("t"), {"ggF": gg, "data_A": data}))


def test_unit_area_by_default(found: Exploration) -> None:
    shown = next(item for item in found.distributions if item.name == "n_jets")
    (axes,) = distribution_figure(found, shown).axes
    first = axes.patches[0]
    assert first.get_data().values.sum() == pytest.approx(1.0)  # type: ignore[attr-defined]
    assert axes.get_ylabel() == "Fraction"
    assert axes.get_xlabel() == "Number of jets"
    (points,) = axes.containers
    assert np.sum(points[0].get_ydata()) == pytest.approx(1.0)


def test_yields_as_they_are(found: Exploration) -> None:
    shown = next(item for item in found.distributions if item.name == "n_jets")
    (axes,) = distribution_figure(found, shown, normalise="yields").axes
    expected = found.classes[0].sum_weights
    assert axes.patches[0].get_data().values.sum() == pytest.approx(expected)  # type: ignore[attr-defined]
    assert axes.get_ylabel() == "Events"


def test_the_legend_says_what_is_undefined(found: Exploration) -> None:
    (axes,) = distribution_figure(found, found.distributions[0]).axes
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["Data", "gg (50% undefined)"]


def test_a_bin_that_hides_the_rest_makes_the_scale_logarithmic(tmp_path: Path) -> None:
    found = explore(write_table(tmp_path, {"a": [[5] * 95 + [6, 8, 9, 11]]}), ["n_jets"])
    (axes,) = distribution_figure(found, found.distributions[0]).axes
    assert axes.get_yscale() == "log"


def test_figures_are_drawn_again_from_the_file(found: Exploration, tmp_path: Path) -> None:
    first = draw_exploration(found, tmp_path / "a", only=["mass"])
    (tmp_path / "b").mkdir()
    found.write(tmp_path / "b" / "explore.json")
    again = draw_exploration(tmp_path / "b", only=["mass"])
    assert [path.name for path in first] == [path.name for path in again] == ["mass.png"]
    assert first[0].read_bytes() == again[0].read_bytes()


def test_one_figure_a_column(found: Exploration, tmp_path: Path) -> None:
    written = draw_exploration(found, tmp_path, ("svg",))
    assert [path.name for path in written] == ["pt.svg", "n_jets.svg", "mass.svg"]


def test_what_cannot_be_drawn(found: Exploration, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"'n_jet' was looked at. Did you mean 'n_jets'"):
        draw_exploration(found, tmp_path, only=["n_jet"])
    with pytest.raises(FileAccessError, match=r"explore\.json"):
        draw_exploration(tmp_path)
