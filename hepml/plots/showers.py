"""Figures of a run of the shower channel: signal over background, sizes, and what is left when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hist
import numpy as np
from numpy.typing import NDArray

from hepml.plots.canvas import canvas
from hepml.plots.cutflow import add_steps
from hepml.plots.displays import event_display, event_display_3d
from hepml.plots.panels import data_points
from hepml.plots.profiles import longitudinal_profile
from hepml.plots.samples import Sample, data_label, data_names, simulation_groups
from hepml.plots.showertable import count_films, typical_showers
from hepml.plots.style import Look, make_room
from hepml.plots.yields import BinAxis, Yields, bin_axis, nominal, own_axes
from hepml.tables import FeatureTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["EXTRAS", "extra_figures", "shower_cutflow", "shower_histogram"]

Floats = NDArray[np.float64]

EXTRAS = ("event_display", "longitudinal_profile")
"""Figures that are made from the feature table."""

_SIGNAL, _BACKGROUND = "#bd1f01", "#717581"
# Decades over which a figure is better drawn with a logarithmic axis.
_WIDE = 300.0


def shower_histogram(
    histogram: hist.Hist[Any], samples: Mapping[str, Sample], look: Look | None = None
) -> Figure:
    """Draw a histogram of the channel: of base-tracks, shower over background, or of showers.

    Parameters
    ----------
    histogram : hist.Hist
        Axes dataset, variation, perhaps ``signal``, and a quantity.
    samples : mapping of str to Sample
        What the datasets are; all simulation is drawn together.
    look : Look, optional
        Style and texts.
    """
    look = look or Look(channel="shower")
    axis, signal = own_axes(histogram)[-1], len(own_axes(histogram)) == 2
    groups = simulation_groups(samples).values()
    simulated = nominal(histogram, [name for names in groups for name in names])
    data = nominal(histogram, data_names(samples))
    shown = bin_axis(axis)
    with canvas(look) as (figure, (axes,)):
        tops = (_base_tracks if signal else _showers)(axes, shown, simulated, data, samples)
        axes.set_xlabel(shown.label)
        used = np.flatnonzero(tops > 0)
        # many quantities have no natural end: empty bins at the end say nothing
        axes.set_xlim(shown.edges[0], shown.edges[used[-1] + 1 if len(used) else -1])
        positive = tops[tops > 0]
        if len(positive) and positive.max() > _WIDE * positive.min():
            axes.set_yscale("log")
            axes.set_ylim(bottom=0.3 * positive.min())
        else:
            axes.set_ylim(bottom=0.0)
        make_room(axes, shown.edges, tops)
    return figure


def _base_tracks(
    axes: Axes, axis: BinAxis, simulated: Yields, data: Yields, samples: Mapping[str, Sample]
) -> Floats:
    """Shapes of shower and background, each normalised to one; data over their sum."""
    tops = np.zeros(len(axis.centres))
    axes.set_ylabel(axis.per_bin("Fraction of base-tracks"))
    own = (("Background", 0, _BACKGROUND), ("Shower", 1, _SIGNAL))
    drawn = [(f"{text} ({simulated.values[at].sum():,.0f} shown)", at, c) for text, at, c in own]
    for label, place, colour in drawn if simulated.values.any() else ():
        values, errors = _normalised(simulated, place)
        axes.stairs(values, axis.edges, fill=True, color=colour, alpha=0.25, linewidth=0, zorder=1)
        axes.stairs(values, axis.edges, baseline=None, color=colour, linewidth=2, label=label)
        tops = np.maximum(tops, values + errors)
    if data.values.any():
        if simulated.values.any():
            values, _ = _normalised(simulated, None)
            axes.stairs(
                values, axis.edges, baseline=None, color="black", linewidth=1.5, linestyle="--",
                label="Both, as simulated",
            )  # fmt: skip
            tops = np.maximum(tops, values)
        values, errors = _normalised(data, None)
        label = f"{data_label(samples)} ({data.values.sum():,.0f} shown)"
        reach = data_points(axes, axis, Yields(values, errors**2), label=label)
        tops = np.maximum(tops, reach)
    return tops


def _normalised(yields: Yields, place: int | None) -> tuple[Floats, Floats]:
    """Contents and errors of one category, or of both, that add up to one."""
    values = yields.values.sum(axis=0) if place is None else yields.values[place]
    variances = yields.variances.sum(axis=0) if place is None else yields.variances[place]
    total = max(float(values.sum()), 1.0)
    return values / total, np.sqrt(variances) / total


def _showers(
    axes: Axes, axis: BinAxis, simulated: Yields, data: Yields, samples: Mapping[str, Sample]
) -> Floats:
    """Showers by some number of theirs; simulation is scaled to the number of data."""
    tops = np.zeros(len(axis.centres))
    axes.set_ylabel(axis.per_bin("Showers"))
    if simulated.values.any():
        scale = data.values.sum() / simulated.values.sum() if data.values.any() else 1.0
        label = f"Simulation: {_summary(axis, simulated)}"
        label += f"\n(scaled by {scale:.3g})" if scale != 1.0 else ""
        axes.stairs(scale * simulated.values, axis.edges, fill=True, color="#3f90da", label=label)
        tops = scale * simulated.values
    if data.values.any():
        label = f"{data_label(samples)}: {_summary(axis, data)}"
        tops = np.maximum(tops, data_points(axes, axis, data, label=label))
    return tops


def _summary(axis: BinAxis, yields: Yields) -> str:
    """Number of showers, mean and rms, from the bins."""
    total = float(yields.values.sum())
    mean = float((axis.centres * yields.values).sum() / total)
    rms = float(np.sqrt(((axis.centres - mean) ** 2 * yields.values).sum() / total))
    return f"{total:,.0f} showers, mean {mean:,.4g}, rms {rms:,.3g}"


def shower_cutflow(
    cutflow: Mapping[str, Sequence[Mapping[str, Any]]],
    samples: Mapping[str, Sample],
    look: Look | None = None,
) -> Figure:
    """Draw how many showers, base-tracks and true ones each step keeps.

    A bar is the fraction of what the first step of its group has; tiles are not drawn.
    """
    look = look or Look(channel="shower")
    named = [name for name in cutflow if name in samples]
    rows = add_steps([cutflow[name] for name in named], [1.0] * len(named))
    groups: dict[str, list[tuple[str, int]]] = {}
    for row in rows:
        group, colon, step = str(row["step"]).partition(": ")
        if colon:
            groups.setdefault(group, []).append((step, int(row["raw"])))
    if not any(number for _, number in groups.get("signal", ())):
        groups.pop("signal", None)
    showers = max((number for _, number in groups.get("showers", ())), default=0)
    with canvas(look) as (figure, (axes,)):
        axes.set_position((0.30, 0.10, 0.67, 0.83))
        _bars(axes, groups, showers)
    return figure


_TITLES = {"showers": "Showers", "base-tracks": "Base-tracks", "signal": "Of the shower itself"}
_COLOURS = {"showers": "#3f90da", "base-tracks": "#94a4a2", "signal": "#bd1f01"}


def _bars(axes: Axes, groups: Mapping[str, list[tuple[str, int]]], showers: int) -> None:
    """Draw the groups under one another, with their numbers beside the bars."""
    place, ticks, names = 0.0, [], []
    for group, steps in groups.items():
        axes.text(-0.02, place, _TITLES.get(group, group), ha="right", va="center", weight="bold")
        for step, number in steps:
            place += 1.0
            part = number / steps[0][1] if steps[0][1] else 0.0
            axes.barh(place, part, color=_COLOURS.get(group, "0.5"), height=0.7)
            text = f"{number:,}"
            if group != "showers":
                each = number / max(showers, 1)
                text += (
                    f"  ({each:,.0f} per shower)" if each > 999 else f"  ({each:.4g} per shower)"
                )
            axes.text(1.02, place, text, va="center", size=12)
            ticks.append(place)
            names.append(step)
        place += 1.3
    axes.set_yticks(ticks, names, size=13)
    axes.set_xlim(0, 2.0)
    axes.set_xticks([0.0, 0.25, 0.5, 0.75, 1.0])
    axes.set_ylim(place - 0.5, -0.8)
    axes.tick_params(axis="y", which="both", left=False, right=False)
    axes.tick_params(axis="x", which="both", top=False)
    axes.tick_params(axis="x", which="minor", bottom=False)
    axes.set_xlabel("Fraction of the first step")


def extra_figures(run: Path, name: str, look: Look) -> Iterator[tuple[str, Figure]]:
    """Draw one of `EXTRAS` from a run's feature table; displays are of a small to a large shower.

    Parameters
    ----------
    run : path
        Run directory; one without a table has none of these figures.
    name : str
        Which.
    look : Look
        Style and texts.
    """
    if not any((run / "features").rglob("*.parquet")):
        return
    table = FeatureTable.open(run)
    if not len(table):
        return
    if name == "longitudinal_profile":
        yield name, longitudinal_profile(count_films(table), look)
        return
    found = typical_showers(table)
    for number, rows in enumerate(found, start=1):
        yield f"{name}_{number}", event_display(rows, look)
    yield f"{name}_3d", event_display_3d(found[len(found) // 2], look)
