"""Empty figures: their frames, their texts, and a style that ends with the block."""

import matplotlib
import pytest

from hepml.errors import ParameterError
from hepml.plots.canvas import canvas
from hepml.plots.style import Look


def test_there_is_one_frame_unless_a_panel_is_asked_for() -> None:
    with canvas() as (figure, axes):
        assert figure.axes == axes
        assert len(axes) == 1


def test_a_panel_shares_the_x_axis_of_the_frame_above() -> None:
    with canvas(lower=True) as (_, (upper, lower)):
        upper.set_xlim(2.0, 5.0)
        assert lower.get_xlim() == (2.0, 5.0)


def test_the_text_of_the_look_stands_above_the_frame() -> None:
    with canvas(Look(text="hepml simulation")) as (_, (axes,)):
        assert "hepml simulation" in [text.get_text() for text in axes.texts]


def test_the_style_holds_inside_the_block_only() -> None:
    size = matplotlib.rcParams["axes.labelsize"]
    with canvas():
        assert matplotlib.rcParams["axes.labelsize"] == 17
    assert matplotlib.rcParams["axes.labelsize"] == size


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ParameterError, match="XENON"), canvas(Look(style="XENON")):
        pass
