"""An empty figure in its style: one frame, or a frame and a panel below it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hepml.plots.style import Look, header, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["canvas"]


@contextmanager
def canvas(look: Look | None = None, *, lower: bool = False) -> Iterator[tuple[Figure, list[Any]]]:
    """Make a figure and apply its style to what the block draws, and to nothing else.

    Parameters
    ----------
    look : Look, optional
        Style and texts.
    lower : bool
        Add a panel below the frame that shares its x axis.

    Yields
    ------
    matplotlib Figure, list of Axes
        The frame, and the panel if there is one.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    used = look or Look()
    place = {"left": 0.135, "right": 0.965, "top": 0.935, "bottom": 0.115, "hspace": 0.06}
    with styled(used):
        figure = Figure()
        FigureCanvasAgg(figure)
        if lower:
            grid = figure.add_gridspec(2, 1, height_ratios=(2.7, 1.0), **place)
            upper = figure.add_subplot(grid[0])
            axes = [upper, figure.add_subplot(grid[1], sharex=upper)]
            upper.tick_params(labelbottom=False)
        else:
            axes = [figure.add_subplot(figure.add_gridspec(1, 1, **place)[0])]
        header(axes[0], used)
        yield figure, axes
