"""Efficiency and purity in slices of film or energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hepml.ml.results import Interval
from hepml.ml.shower.results import Slice
from hepml.plots.canvas import canvas
from hepml.plots.samples import colours
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["slices_figure"]


def slices_figure(
    found: Mapping[str, Sequence[Slice]],
    titles: Mapping[str, str],
    label: str,
    look: Look | None = None,
) -> Figure:
    """Draw efficiency and purity side by side, one colour per model.

    Parameters
    ----------
    found : mapping of str to sequence of Slice
        By model.
    titles : mapping of str to str
        Names of the models for people.
    label : str
        Text of the x axis.
    look : Look, optional
        Style and texts.
    """
    with canvas(look, lower=True) as (figure, (upper, lower)):
        grid = upper.get_subplotspec().get_gridspec()
        grid.set_height_ratios((1.15, 1))
        for place, axes in enumerate((upper, lower)):
            axes.set_position(grid[place].get_position(figure))
        for number, (model, slices) in enumerate(found.items()):
            colour = colours(len(found))[number]
            x = np.array([0.5 * (item.low + item.high) for item in slices])
            width = np.array([0.5 * (item.high - item.low) for item in slices])
            # points of several models must not hide each other
            step = float(np.diff(x).min(initial=1.0)) if len(x) > 1 else 1.0
            x = x + 0.06 * step * (number - 0.5 * (len(found) - 1))
            name = titles.get(model, model)
            _draw(upper, x, width, [item.efficiency for item in slices], colour, name)
            _draw(lower, x, width, [item.purity for item in slices], colour, name)
        upper.set_ylabel("Efficiency")
        lower.set_ylabel("Purity")
        lower.set_xlabel(label)
        for axes in (upper, lower):
            axes.set_ylim(0, 1.05)
            axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
        upper.set_xlim(*_limits(found))
        upper.set_ylim(0, 1.05 + 0.14 * ((len(found) + 1) // 2))
        upper.legend(loc="upper left", ncols=2 if len(found) > 2 else 1, fontsize=12)
    return figure


def _limits(found: Mapping[str, Sequence[Slice]]) -> tuple[float, float]:
    """Range of the x axis: half a step beyond the outer slices."""
    edges = [item for slices in found.values() for item in slices]
    low, high = min(item.low for item in edges), max(item.high for item in edges)
    most = max(len(slices) for slices in found.values())
    room = 0.5 * (high - low) / max(most - 1, 1) or 0.5
    return low - room, high + room


def _draw(
    axes: Axes,
    x: np.ndarray[tuple[int], np.dtype[np.float64]],
    width: np.ndarray[tuple[int], np.dtype[np.float64]],
    values: Sequence[Interval],
    colour: str,
    name: str,
) -> None:
    """Points with the intervals of 68 %; what is not defined has no point."""
    shown = np.array([item.value is not None for item in values])
    if not shown.any():
        return
    y = np.array([item.value if item.value is not None else np.nan for item in values])
    low = np.array([item.low if item.low is not None else np.nan for item in values])
    high = np.array([item.high if item.high is not None else np.nan for item in values])
    below, above = (np.nan_to_num(np.maximum(part, 0.0)) for part in (y - low, high - y))
    axes.errorbar(
        x[shown], y[shown], yerr=[below[shown], above[shown]],
        xerr=width[shown] if width.any() else None, fmt="o", color=colour, markersize=5,
        elinewidth=1.2, label=name,
    )  # fmt: skip
