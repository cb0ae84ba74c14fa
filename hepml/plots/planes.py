"""Colour map of a histogram of two quantities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import hist
import numpy as np

from hepml.plots.canvas import canvas
from hepml.plots.panels import frame
from hepml.plots.samples import Sample, data_label, data_names
from hepml.plots.style import Look
from hepml.plots.yields import bin_axis, nominal, own_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plane"]


def plane(
    histogram: hist.Hist[Any], samples: Mapping[str, Sample], look: Look | None = None
) -> Figure:
    """Draw two quantities as a colour map: the data, or the simulation where there are no data.

    Parameters
    ----------
    histogram : hist.Hist
        Axes dataset, variation and two own axes.
    samples : mapping of str to Sample
        What the datasets are.
    look : Look, optional
        Style and texts.
    """
    from matplotlib.colors import LogNorm, Normalize

    look = look or Look()
    first, second = (bin_axis(axis) for axis in own_axes(histogram))
    names = data_names(samples) or list(samples)
    values = nominal(histogram, names).values
    positive = values[values > 0]
    with canvas(look) as (figure, (axes,)):
        wide = len(positive) > 0 and positive.max() > 1e2 * positive.min()
        norm = LogNorm() if wide else Normalize(vmin=0.0)
        mesh = axes.pcolormesh(
            first.edges, second.edges, np.ma.masked_equal(values, 0.0).T, norm=norm, cmap="viridis",
            rasterized=True,
        )  # fmt: skip
        bar = figure.colorbar(mesh, ax=axes, pad=0.02)
        shown = data_label(samples).split("\n")[0].lower()
        kind = shown if data_names(samples) else "simulation"
        bar.set_label(f"{histogram.label or 'Events'} / bin ({kind})")
        for axis, scale in ((first, axes.set_xscale), (second, axes.set_yscale)):
            if axis.logarithmic:
                scale("log")
        frame(axes, first)
        axes.set_ylabel(second.label)
        if second.ticks:
            axes.set_yticks(second.centres, second.ticks)
    return figure
