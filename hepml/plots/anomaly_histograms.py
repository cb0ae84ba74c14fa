"""Histograms of several selections over one another: features, weights, samples beside data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hepml.ml.anomaly.pieces import Histogram
from hepml.plots.canvas import canvas
from hepml.plots.fitted import poisson_errors
from hepml.plots.panels import tidy
from hepml.plots.samples import colours
from hepml.plots.style import Look, make_room

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["histogram_figure", "ratio_histogram_figure"]

Floats = NDArray[np.float64]

# How axes write the features of the published study.
_LABELS = {
    "dimuon_pt": r"$p_T^{\mu\mu}$",
    "lead_ip3d": "Leading muon's distance from the vertex",
    "trail_ip3d": "Trailing muon's distance from the vertex",
    "delta_r": r"$\Delta R(\mu,\mu)$",
    "delta_pt": r"$\Delta p_T(\mu,\mu)$",
}


def histogram_figure(
    found: Histogram, look: Look | None = None, *, label: str = "", text: str = ""
) -> Figure:
    """Draw the counts of every selection, log scale.

    Parameters
    ----------
    found : Histogram
        The counts.
    look : Look, optional
        Style and texts.
    label : str
        Text of the axis; default: name and unit of the quantity.
    text : str
        Written over the legend.
    """
    edges = np.asarray(found.edges)
    with canvas(look) as (figure, (axes,)):
        tops = np.zeros(len(edges) - 1)
        axes.set_yscale("log")
        hues = ["0.65", *colours(len(found.counts))] if _beside(found) else colours(9)
        for place, (name, counts) in enumerate(zip(found.selections, found.counts, strict=True)):
            values = np.asarray(counts)
            shade = place == 0 and _beside(found)
            axes.stairs(
                np.maximum(values, 0.3), edges, baseline=0.3, color=hues[place % len(hues)],
                fill=shade, alpha=0.45 if shade else 1.0, linewidth=0 if shade else 1.7,
                label=f"{name} ({values.sum():,.0f})",
            )  # fmt: skip
            tops = np.maximum(tops, values)
        axes.set_ylim(bottom=0.5)
        _frame(axes, found, label)
        axes.set_ylabel("Events / bin")
        make_room(axes, edges, tops, title=text, fontsize=11, title_fontsize=12, ncols=2)
    return figure


def ratio_histogram_figure(
    found: Histogram, look: Look | None = None, *, label: str = "", text: str = ""
) -> Figure:
    """Draw data and samples of a model, and their ratio below.

    Parameters
    ----------
    found : Histogram
        First the data, then the samples, scaled to the data.
    look : Look, optional
        Style and texts.
    label, text : str
        As for :func:`histogram_figure`.
    """
    edges = np.asarray(found.edges)
    data, samples = (np.asarray(part) for part in found.counts[:2])
    with canvas(look, lower=True) as (figure, (upper, lower)):
        below, above = poisson_errors(data, data)
        centre = np.sqrt(edges[1:] * edges[:-1]) if found.log else 0.5 * (edges[1:] + edges[:-1])
        upper.stairs(
            samples, edges, color="#3f90da", fill=True, alpha=0.4, label=found.selections[1]
        )
        upper.errorbar(
            centre, data, yerr=(below, above), fmt="o", color="black", elinewidth=1.3,
            label=found.selections[0],
        )  # fmt: skip
        upper.set_ylim(bottom=0)
        upper.set_ylabel("Events / bin")
        usable = samples > 0
        safe = np.where(usable, samples, 1.0)
        lower.axhline(1.0, color="#3f90da", linewidth=1.4)
        lower.errorbar(
            centre[usable], (data / safe)[usable],
            yerr=((below / safe)[usable], (above / safe)[usable]), fmt="o", color="black",
            elinewidth=1.3,
        )  # fmt: skip
        lower.set_ylim(0.5, 1.5)
        tidy(lower, "Data / samples")
        _frame(lower, found, label)
        make_room(upper, edges, np.maximum(data + above, samples), title=text)
    return figure


def _beside(found: Histogram) -> bool:
    """Whether the first selection is what the others are compared with."""
    return len(found.selections) > 2


def _frame(axes: Axes, found: Histogram, label: str) -> None:
    unit = f" [{found.unit}]" if found.unit else ""
    axes.set_xlabel(label or _LABELS.get(found.name, found.name) + unit)
    if found.log:
        axes.set_xscale("log")
    axes.set_xlim(found.edges[0], found.edges[-1])
