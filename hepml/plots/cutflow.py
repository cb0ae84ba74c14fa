"""How many events each step of the selection keeps, class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.plots.samples import (
    DATA,
    SIMULATED_DATA,
    Sample,
    class_colours,
    data_label,
    data_names,
    pretty,
    simulation_groups,
)
from hepml.plots.style import Look, luminosity_text, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["add_steps", "cutflow_figure"]

Rows = Sequence[Mapping[str, Any]]


def cutflow_figure(
    cutflow: Mapping[str, Rows],
    samples: Mapping[str, Sample],
    look: Look | None = None,
    *,
    factors: Mapping[str, float] | None = None,
) -> Figure:
    """Draw one panel of bars per class: the fraction of events left after each step.

    The text in a bar gives the events (data) or the expected yield (simulation).

    Parameters
    ----------
    cutflow : mapping of str to rows
        Dataset to ``{"step", "raw", "weighted"}``, as in ``cutflow.json``.
    samples : mapping of str to Sample
        What the datasets are.
    look : Look, optional
        Style and texts.
    factors : mapping of str to float, optional
        Scale of each dataset's weighted counts.
    """
    look = look or Look()
    factors = factors or {}
    classes: dict[str, list[dict[str, Any]]] = {}
    palette = ["0.35"]
    data = [name for name in data_names(samples) if name in cutflow]
    title = data_label(samples).replace("\n", " ")
    if data:
        classes[title] = add_steps([cutflow[name] for name in data], [1.0] * len(data))
    chosen = class_colours(samples, look.channel)
    for label, names in simulation_groups(samples, look.channel).items():
        present = [name for name in names if name in cutflow]
        if present:
            scales = [factors.get(name, 1.0) for name in present]
            rows = add_steps([cutflow[name] for name in present], scales)
            classes[pretty(label, look.channel)] = rows
            palette.append(chosen[label])
    with styled(look):
        return _panels(classes, palette if data else palette[1:], look)


def add_steps(cutflows: Sequence[Rows], factors: Sequence[float]) -> list[dict[str, Any]]:
    """Add the cutflows of several datasets, step by step, in order of first appearance.

    Returns
    -------
    list of dict
        ``step``, ``raw`` (count) and ``weighted`` (scaled sum of weights).
    """
    total: dict[str, dict[str, Any]] = {}
    for rows, factor in zip(cutflows, factors, strict=True):
        for row in rows:
            entry = total.setdefault(row["step"], {"step": row["step"], "raw": 0, "weighted": 0.0})
            entry["raw"] += int(row["raw"])
            entry["weighted"] += factor * float(row["weighted"])
    return list(total.values())


def _panels(
    classes: Mapping[str, list[dict[str, Any]]], palette: Sequence[str], look: Look
) -> Figure:
    """Lay the classes out in up to three columns."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = max(len(classes), 1)
    columns = min(count, 3)
    rows = -(-count // columns)
    steps = max((len(flow) for flow in classes.values()), default=1)
    longest = max((len(row["step"]) for flow in classes.values() for row in flow), default=1)
    left, width = 0.35 + 0.1 * longest, 3.6
    height = 0.9 + 0.36 * steps
    size = (left + columns * width + 0.3, rows * height + 1.15)
    figure = Figure(figsize=size)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        rows, columns, left=left / size[0], right=1 - 0.3 / size[0], bottom=0.75 / size[1],
        top=1 - 0.85 / size[1], wspace=0.08, hspace=0.55 / (height - 0.55),
    )  # fmt: skip
    for index, (name, flow) in enumerate(classes.items()):
        axes = figure.add_subplot(grid[index // columns, index % columns])
        _bars(axes, flow, palette[index], weighted=not name.startswith((DATA, SIMULATED_DATA)))
        axes.set_title(name, loc="left", size=15, pad=4)
        if index % columns:
            axes.tick_params(labelleft=False)
        if index + columns >= count:
            axes.set_xlabel("Fraction kept", size=14)
        else:
            axes.tick_params(labelbottom=False)
    _header(figure, look, left / size[0], 1 - 0.42 / size[1])
    return figure


def _bars(axes: Axes, flow: Sequence[Mapping[str, Any]], colour: str, weighted: bool) -> None:
    """Draw the bars of one class, first step on top."""
    key = "weighted" if weighted else "raw"
    values = np.array([float(row[key]) for row in flow])
    first = values[0] if len(values) and values[0] > 0 else 1.0
    kept = np.clip(values / first, 0.0, None)
    places = np.arange(len(flow))
    axes.barh(places, kept, color=colour, height=0.72)
    limit = max(1.0, float(kept.max(initial=1.0)))
    for place, (fraction, value) in enumerate(zip(kept, values, strict=True)):
        text = f"{value:,.0f}" if not weighted else _amount(value)
        text += f"  ({100 * fraction:.3g}%)"
        inside = fraction > 0.62 * limit
        axes.text(
            fraction + (-0.02 if inside else 0.02) * limit,
            place,
            text,
            size=11,
            va="center",
            ha="right" if inside else "left",
            color=_readable(colour) if inside else "black",
        )
    axes.set_yticks(places, [row["step"].replace("_", " ") for row in flow], size=13)
    axes.set_ylim(len(flow) - 0.4, -0.6)
    axes.set_xlim(0, 1.02 * limit)
    axes.tick_params(axis="y", which="both", left=False, right=False)
    axes.tick_params(axis="x", which="both", top=False, labelsize=12)


def _readable(colour: str) -> str:
    """Black or white, whichever can be read on a colour (luma of ITU-R BT.601)."""
    from matplotlib.colors import to_rgb

    luma = float(np.dot(to_rgb(colour), (0.299, 0.587, 0.114)))
    return "black" if luma > 0.55 else "white"


def _amount(value: float) -> str:
    """A yield with three or more significant digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _header(figure: Figure, look: Look, left: float, height: float) -> None:
    """Write what the figure shows over the panels."""
    text = figure.text(left, height, look.text, weight="bold", style="italic", size=17)
    if look.luminosity is not None:
        lumi = f"yields at {luminosity_text(look.luminosity)}"
        figure.text(0.985, height, lumi, ha="right", size=14)
    if look.note:
        text.set_text(f"{look.text}, {look.note}" if look.text else look.note)
