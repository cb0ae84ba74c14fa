"""Event displays show every base-track at its place and along its slope."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.plots.displays import event_display, event_display_3d
from hepml.plots.showertable import ShowerRows, typical_showers
from hepml.plots.style import Look
from hepml.tables import FeatureTable
from tests.plots.emulsion import shower_rows, write_showers

LOOK = Look("shower", text="hepml simulation")


@pytest.fixture
def rows(tmp_path: Path) -> ShowerRows:
    """The shower of `tests.plots.emulsion`."""
    (found,) = typical_showers(FeatureTable.open(write_showers(tmp_path, [shower_rows()])))
    return found


def test_base_tracks_are_lines_along_their_slopes(rows: ShowerRows) -> None:
    axes = event_display(rows, LOOK).axes[0]
    background, shower = axes.collections[:2]
    assert [item.get_label() for item in (background, shower)] == ["Background", "Shower"]
    (line,) = background.get_segments()  # type: ignore[attr-defined]
    # film 1 at z = -1 mm, 0.2 mm from the injector
    np.testing.assert_allclose(line.mean(axis=0), [-1.0, 0.2], atol=1e-4)
    (dz, dx) = line[1] - line[0]
    assert dx / dz == pytest.approx(0.3, abs=1e-5)
    assert len(shower.get_segments()) == 2  # type: ignore[attr-defined]


def test_two_sides_and_the_films_share_the_beam_axis(rows: ShowerRows) -> None:
    above, side, films = event_display(rows, LOOK).axes
    assert above.get_xlim() == side.get_xlim() == films.get_xlim()
    assert "x_{injector}" in above.get_ylabel()
    assert "y_{injector}" in side.get_ylabel()
    assert films.get_lines()[1].get_ydata() == pytest.approx([0, 1, 1])


def test_there_is_a_plate_between_two_films(rows: ShowerRows) -> None:
    axes = event_display(rows, LOOK).axes[0]
    plates = [(patch.get_x(), patch.get_width()) for patch in axes.patches]  # type: ignore[attr-defined]
    assert np.array(plates) == pytest.approx(np.array([[-1.8425, 0.685], [-0.8425, 0.685]]))


def test_what_a_model_takes_has_its_own_colour(rows: ShowerRows) -> None:
    taken = np.array([True, True, False])
    axes = event_display(rows, LOOK, taken).axes[0]
    shown = {item.get_label(): len(item.get_segments()) for item in axes.collections[:4]}  # type: ignore[attr-defined]
    assert shown == {
        "Background": 0,
        "Shower, missed": 1,
        "Background, taken": 1,
        "Shower, taken": 1,
    }


def test_without_an_injector_the_middle_is_the_origin(rows: ShowerRows) -> None:
    from dataclasses import replace

    axes = event_display(replace(rows, injector=None), LOOK).axes[0]
    assert "median" in axes.get_ylabel()


def test_in_perspective_there_is_a_line_for_shower_and_background(rows: ShowerRows) -> None:
    axes = event_display_3d(rows, LOOK).axes[0]
    assert [line.get_label() for line in axes.get_lines()] == ["Background", "Shower"]
