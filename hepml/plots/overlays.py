"""Categories over one another, and the dimuon spectrum with its resonances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import hist
import numpy as np
from numpy.typing import NDArray

from hepml.plots.canvas import canvas
from hepml.plots.panels import data_points, frame
from hepml.plots.resonances import grouped
from hepml.plots.samples import Sample, colours, data_label, data_names, simulation_groups
from hepml.plots.style import Look, make_room
from hepml.plots.yields import BinAxis, Yields, bin_axis, nominal, own_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["overlay", "spectrum"]

Floats = NDArray[np.float64]

_CATEGORIES = {
    "sign -1": "Opposite sign",
    "charge_product -1": "Opposite sign",
    "charge_product 1": "Same sign",
    "sign 1": "Same sign",
    "os": "Opposite sign",
    "ss": "Same sign",
    "opposite": "Opposite sign",
    "same": "Same sign",
    "opposite_sign": "Opposite sign",
    "same_sign": "Same sign",
    "top 0": "QCD",
    "top 1": "Top",
    "prongs 0": "QCD",
    "prongs 2": "Two-prong",
    "prongs 3": "Three-prong",
    "prongs -1": "No label",
}


def overlay(
    histogram: hist.Hist[Any], samples: Mapping[str, Sample], look: Look | None = None
) -> Figure:
    """Draw a histogram of one quantity in several categories, one colour per category.

    Data are points; simulation, all classes together, is a line.

    Parameters
    ----------
    histogram : hist.Hist
        Axes dataset, variation and one or two own axes, of which at most one is a category.
    samples : mapping of str to Sample
        What the datasets are.
    look : Look, optional
        Style and texts.
    """
    return _figure(histogram, samples, look or Look(), resonances=False)


def spectrum(
    histogram: hist.Hist[Any], samples: Mapping[str, Sample], look: Look | None = None
) -> Figure:
    """Draw a dimuon mass spectrum, log-log, with the names of the resonances over their peaks.

    Parameters
    ----------
    histogram : hist.Hist
        Axes dataset, variation, a mass axis [GeV] and, if there is one, a category axis (sign).
    samples : mapping of str to Sample
        What the datasets are.
    look : Look, optional
        Style and texts.
    """
    return _figure(histogram, samples, look or Look(style="CMS"), resonances=True)


def _figure(
    histogram: hist.Hist[Any], samples: Mapping[str, Sample], look: Look, *, resonances: bool
) -> Figure:
    """Draw all categories, and the names of resonances over their peaks if asked for."""
    with canvas(look) as (figure, (axes,)):
        axis, tops = _draw_categories(axes, histogram, samples)
        _scale(axes, axis, tops, histogram.label or "Events")
        covered = _name_resonances(axes, axis, tops) if resonances else tops
        make_room(axes, axis.edges, covered)
        frame(axes, axis)
    return figure


def _draw_categories(
    axes: Axes, histogram: hist.Hist[Any], samples: Mapping[str, Sample]
) -> tuple[BinAxis, Floats]:
    """Draw every category; returns the numeric axis and the highest thing in each bin."""
    names, axis, position = _split(histogram, data_label(samples))
    density = 1.0 if axis.uniform else 1.0 / axis.widths
    data = nominal(histogram, data_names(samples)) if data_names(samples) else None
    simulated = nominal(
        histogram, [name for group in simulation_groups(samples).values() for name in group]
    )
    size = 3.5 if len(axis.centres) <= 250 else 2.2
    palette = ["black", *colours(max(len(names) - 1, 0))]
    tops = np.zeros(len(axis.centres))
    filled = _filled([item for item in (data, simulated) if item is not None], position)
    for index, name in enumerate(names):
        if position is not None and filled.any() and not filled[index]:
            continue  # a class that the run has no events of
        if simulated.values.any():
            part = _slice(simulated, index, position)
            text = f"{name}, sim." if data is not None else name
            if position is None:
                text = "Simulation"
            axes.stairs(part.values * density, axis.edges, color=palette[index], label=text)
            tops = np.maximum(tops, part.values * density)
        if data is not None:
            part = _slice(data, index, position)
            style = {"fmt": "o", "color": palette[index], "markersize": size, "elinewidth": 1.0}
            if index:
                style |= {"markerfacecolor": "white"}
            reach = data_points(axes, axis, part, density, label=name, **style)
            tops = np.maximum(tops, reach)
    return axis, tops


def _filled(found: list[Yields], position: int | None) -> NDArray[np.bool_]:
    """Categories with anything in them."""
    if position is None:
        return np.ones(1, dtype=bool)
    return np.asarray(np.any([item.values.any(axis=1 - position) for item in found], axis=0))


def _split(histogram: hist.Hist[Any], single: str) -> tuple[list[str], BinAxis, int | None]:
    """Category names (or a single one), the numeric axis, and which axis holds the categories."""
    own = own_axes(histogram)
    for position, axis in enumerate(own):
        if len(own) > 1 and type(axis).__name__ in ("StrCategory", "IntCategory", "Boolean"):
            return (
                [_category(axis, text) for text in bin_axis(axis).ticks],
                bin_axis(own[1 - position]),
                position,
            )
    return [single], bin_axis(own[-1]), None


def _category(axis: Any, text: str) -> str:
    """How a category is written; a bare number is preceded by the name of its axis."""
    known = _CATEGORIES.get(text.lower()) or _CATEGORIES.get(f"{axis.name} {text}")
    numeric = type(axis).__name__ != "StrCategory"
    return known or (f"{axis.label or axis.name} = {text}" if numeric else text)


def _slice(yields: Yields, index: int, position: int | None) -> Yields:
    if position is None:
        return yields
    return Yields(
        np.take(yields.values, index, axis=position),
        np.take(yields.variances, index, axis=position),
    )


def _scale(axes: Axes, axis: BinAxis, tops: Floats, what: str) -> None:
    """Logarithmic axes where the bins or the contents ask for it."""
    axes.set_xlim(axis.edges[0], axis.edges[-1])
    if axis.logarithmic:
        axes.set_xscale("log")
    positive = tops[tops > 0]
    if len(positive) and (axis.logarithmic or positive.max() > 1e3 * positive.min()):
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.3 * positive.min())
    else:
        axes.set_ylim(bottom=0.0)
    axes.set_ylabel(axis.per_bin(what))


def _name_resonances(axes: Axes, axis: BinAxis, tops: Floats) -> Floats:
    """Write the name of each resonance over its peak; returns the heights with the names.

    The names of rho, omega and phi would touch: light mesons are written a little to the left.
    """
    covered = tops.copy()
    for name, mass in grouped(axis.edges[0], axis.edges[-1]):
        near = np.abs(np.log(axis.centres / mass)) < 0.06
        if not near.any() or tops[near].max() <= 0:
            continue
        height = float(tops[near].max())
        axes.annotate(
            name, (mass, height), xytext=(-9 if mass < 1 else 0, 26), textcoords="offset points",
            ha="center",
            va="bottom", size=14, gid="resonance",
            arrowprops={"arrowstyle": "-", "linewidth": 0.9, "color": "0.4", "shrinkB": 3},
        )  # fmt: skip
        covered[near] = np.maximum(covered[near], height * 6.0)
    return covered
