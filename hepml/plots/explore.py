"""Distributions of columns by class, one figure a column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, did_you_mean
from hepml.explore.results import ClassDistribution, ClassSummary, Distribution, Exploration
from hepml.plots.canvas import canvas
from hepml.plots.origin import source_look
from hepml.plots.samples import colours
from hepml.plots.style import (
    Look,
    Progress,
    check_formats,
    make_room,
    save_figures,
)
from hepml.plots.yields import BinAxis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["distribution_figure", "draw_exploration"]

Floats = NDArray[np.float64]

# A bin with so much of a class hides the others on a linear scale.
_DOMINANT = 0.45
# Shares below this are not worth a word in the legend.
_NEGLIGIBLE = 5e-3
# Whole numbers that can each have a tick.
_MOST_TICKS = 26


def draw_exploration(
    found: Exploration | str | Path,
    out: str | Path | None = None,
    formats: Sequence[str] = ("png",),
    *,
    only: Sequence[str] = (),
    label: str | None = None,
    style: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw one figure a column, from the numbers alone.

    Parameters
    ----------
    found : Exploration or path
        The numbers, or the folder with their ``explore.json``.
    out : path, optional
        Folder for the figures; default: the folder of the numbers.
    formats : sequence of {"png", "pdf", "svg"}
        Files to write of each figure.
    only : sequence of str
        Columns to draw; default: all.
    label : str, optional
        Text above the frame.
    style : {"ATLAS", "CMS"}, optional
        Conventions to follow; default: those of the channel's experiment.
    progress : callable, optional
        Called with the figure's name, how many are done and how many there are.

    Returns
    -------
    list of Path
        Files written; a column that no row defines has none.

    Raises
    ------
    ParameterError
        If there is no such column or format.
    FileAccessError
        If there is no ``explore.json``, or it is malformed.
    """
    check_formats(formats)
    if not isinstance(found, Exploration):
        folder = Path(found)
        found, out = Exploration.read(folder / "explore.json"), out or folder
    if out is None:
        raise ParameterError("Say where the figures go.")
    drawn = {item.name: item for item in found.distributions}
    for name in only:
        if name not in drawn:
            raise ParameterError(f"No column {name!r} was looked at. {did_you_mean(name, drawn)}")
    source = {**found.source, "luminosity": found.luminosity}
    look = source_look(source, label, style)
    figures = [
        (re.sub(r"[^\w.+-]+", "_", name), partial(distribution_figure, found, item, look))
        for name, item in drawn.items()
        if len(item.edges) and (not only or name in only)
    ]
    return save_figures(figures, Path(out), formats, look, progress)


def distribution_figure(
    found: Exploration,
    column: Distribution,
    look: Look | None = None,
    normalise: Literal["area", "yields"] | None = None,
) -> Figure:
    """Draw a column in every class: simulation as lines, data as points.

    Parameters
    ----------
    found : Exploration
        What the classes are.
    column : Distribution
        One of its columns.
    look : Look, optional
        Style and texts.
    normalise : {"area", "yields"}, optional
        Scale every class to unit area, or leave it as it is; default: as the numbers were made.
    """
    look = look or Look(channel=found.channel)
    area = (normalise or found.normalise) == "area"
    axis = _axis(column)
    tops = np.zeros(len(axis.widths))
    lines = [
        (summary, item, *_scaled(item, area))
        for summary, item in zip(found.classes, column.classes, strict=True)
    ]
    simulated = [summary.name for summary in found.classes if not summary.data]
    palette = dict(zip(simulated, colours(len(simulated)), strict=True))
    with canvas(look) as (figure, (axes,)):
        for summary, item, values, errors in lines:
            text = _text(summary, item)
            if not values.any():
                axes.plot([], [], color=palette.get(summary.name, "black"), label=text)
                continue
            if summary.data:
                _points(axes, axis, values, errors, text)
            else:
                _line(axes, axis, values, errors, palette[summary.name], text)
            tops = np.maximum(tops, values + errors)
        _limits(axes, axis, [values for *_, values, _ in lines], 1e-3 if area else 0.03)
        axes.set_xlabel(axis.label)
        axes.set_ylabel(axis.per_bin("Fraction" if area else found.rows))
        if column.integer:
            _whole_ticks(axes, axis)
        make_room(axes, axis.edges, tops, fontsize=13)
    return figure


def _axis(column: Distribution) -> BinAxis:
    edges = np.asarray(column.edges)
    unit = re.search(r"\[([^\]]+)\]\s*$", column.label)
    return BinAxis(edges, column.label, unit.group(1) if unit else "")


def _scaled(item: ClassDistribution, area: bool) -> tuple[Floats, Floats]:
    """Contents and errors of the bins; of unit area all defined rows count, shown or not."""
    values, errors = np.asarray(item.values), np.sqrt(np.asarray(item.variances))
    if not area:
        return values, errors
    if item.sum_weights <= 0:
        return np.zeros_like(values), np.zeros_like(errors)
    return values / item.sum_weights, errors / item.sum_weights


def _text(summary: ClassSummary, item: ClassDistribution) -> str:
    """Name in the legend, and what of the class is not in the figure."""
    missing = [
        f"{_percent(share)} {what}"
        for share, what in (
            (item.nan_share or 0.0, "undefined"),
            (item.infinite_share or 0.0, "infinite"),
            (_outside(item), "outside"),
        )
        if share >= _NEGLIGIBLE
    ]
    return f"{summary.title} ({', '.join(missing)})" if missing else summary.title


def _outside(item: ClassDistribution) -> float:
    total = item.sum_weights
    return max((item.below + item.above) / total, 0.0) if total > 0 else 0.0


def _percent(share: float) -> str:
    if share >= 0.995:
        # nearly all is not all
        return "100%" if share == 1 else f"{min(100 * share, 99.9):.1f}%"
    return f"{100 * share:.0f}%" if share >= 0.095 else f"{100 * share:.2g}%"


def _line(
    axes: Axes, axis: BinAxis, values: Floats, errors: Floats, colour: str, text: str
) -> None:
    axes.stairs(values, axis.edges, color=colour, linewidth=2, baseline=None, label=text)
    axes.stairs(
        values + errors, axis.edges, baseline=values - errors, fill=True, color=colour,
        alpha=0.22, linewidth=0,
    )  # fmt: skip


def _points(axes: Axes, axis: BinAxis, values: Floats, errors: Floats, text: str) -> None:
    shown = errors > 0
    axes.errorbar(
        axis.centres[shown], values[shown], yerr=errors[shown], fmt="o", color="black",
        markersize=4.5, elinewidth=1.2, zorder=5, label=text,
    )  # fmt: skip


def _limits(axes: Axes, axis: BinAxis, contents: Sequence[Floats], least: float) -> None:
    """Logarithmic where one bin would hide the rest, or classes differ by orders of magnitude."""
    axes.set_xlim(axis.edges[0], axis.edges[-1])
    filled = [values for values in contents if values.any()]
    shares = [values.max() / values.sum() for values in filled if values.sum() > 0]
    heights = [values.max() for values in filled if values.max() > 0]
    spread = max(heights, default=1.0) / min(heights, default=1.0)
    narrow = len(axis.widths) > 2 and max(shares, default=0.0) > _DOMINANT
    if not heights or not (narrow or spread > 50):
        axes.set_ylim(bottom=min(0.0, 1.1 * min((v.min() for v in filled), default=0.0)))
        return
    positive = np.concatenate([values[values > 0] for values in filled])
    axes.set_yscale("log")
    # every class is seen, but a few single events far below must not squeeze the rest
    axes.set_ylim(bottom=max(0.5 * float(positive.min()), least * float(min(heights))))


def _whole_ticks(axes: Axes, axis: BinAxis) -> None:
    """Ticks at whole numbers only."""
    from matplotlib.ticker import MaxNLocator, NullLocator

    x_axis: Any = axes.xaxis
    x_axis.set_minor_locator(NullLocator())
    unit_bins = len(axis.widths) <= _MOST_TICKS and float(axis.widths[0]) == 1.0
    steps = {"steps": [1, 2, 5, 10]}
    if unit_bins and len(axis.widths) <= _MOST_TICKS // 2:
        x_axis.set_ticks(axis.centres)
    else:
        x_axis.set_major_locator(MaxNLocator(nbins=12, integer=True, **steps))
