"""Data over stacked simulation, with a panel of ratios or of residuals below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import hist
import numpy as np
from numpy.typing import NDArray

from hepml.plots.canvas import canvas
from hepml.plots.layers import Layers, read_layers
from hepml.plots.panels import data_points, frame, ratio_panel, residual_panel, uncertainty
from hepml.plots.samples import Sample, pretty
from hepml.plots.sideband import SidebandFit
from hepml.plots.style import Look, make_room
from hepml.plots.yields import nice_factor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["stacked"]

Floats = NDArray[np.float64]


def stacked(
    histogram: hist.Hist[Any],
    samples: Mapping[str, Sample],
    look: Look | None = None,
    *,
    signals: Iterable[str] | None = None,
    degree: int = 3,
) -> Figure:
    """Draw data with errors over stacked simulation.

    Signal that is much smaller than the data is drawn as a line, scaled by a round factor that
    the legend names. The lower panel is data over simulation where simulated background
    exists; where there is none and the signal peaks between two sidebands, it is data minus a
    polynomial fitted to the sidebands, with the expected signal. Without data the shapes of the
    classes are compared, each normalised to one.

    Parameters
    ----------
    histogram : hist.Hist
        Axes dataset, variation and one own axis; simulation already scaled.
    samples : mapping of str to Sample
        What the datasets are.
    look : Look, optional
        Style and texts.
    signals : iterable of str, optional
        Classes to draw as signal; default: see :func:`hepml.plots.samples.signal_labels`.
    degree : int
        Degree of the sideband polynomial.
    """
    look = look or Look()
    content = read_layers(histogram, samples, look.channel, signals, degree)
    if content.data is None:
        return _shapes(content, look)
    has_background = bool(content.backgrounds)
    with canvas(look, lower=has_background or content.fit is not None) as (figure, axes):
        _upper(axes[0], content, look)
        if has_background:
            ratio_panel(axes[1], content.axis, content.data, content.total, content.systematic)
        elif content.fit is not None:
            signal = np.sum([item.values for item in content.signals.values()], axis=0)
            residual_panel(axes[1], content.axis, content.data, content.fit, signal)
        frame(axes[-1], content.axis)
        figure.align_ylabels(axes)
    return figure


def _upper(axes: Axes, content: Layers, look: Look) -> None:
    """Draw the main frame."""
    axis, data = content.axis, content.data
    if data is None:
        raise ValueError("the main frame needs data")
    density = content.density
    tops = data_points(axes, axis, data, density, label=content.data_label)
    base = np.zeros(len(axis.centres))
    for index, (label, item) in enumerate(content.backgrounds.items()):
        lower, base = base, base + item.values * density
        # Painted from the top down: a class with a negative bin is then covered, not added.
        axes.stairs(
            base,
            axis.edges,
            fill=True,
            color=content.colours[label],
            zorder=2 - 0.01 * index,
            label=pretty(label, look.channel),
            linewidth=0,
        )
        axes.stairs(np.maximum(base, lower), axis.edges, color="black", linewidth=0.6, zorder=2)
    if content.backgrounds:
        band = uncertainty(content.total, content.systematic)
        name = "Stat. $\\oplus$ syst. unc." if content.systematic else "Stat. uncertainty"
        low, high = base - band[0] * density, base + band[1] * density
        axes.stairs(
            high,
            axis.edges,
            baseline=low,
            fill=True,
            facecolor="none",
            edgecolor="0.25",
            hatch="/////",
            linewidth=0,
            zorder=3,
            label=name,
        )
        tops = np.maximum(tops, high)
    if content.fit is not None:
        tops = np.maximum(tops, _fit_curve(axes, content, content.fit))
    reference = max(float(np.max(data.values * density)), float(base.max(initial=0.0)))
    tops = np.maximum(tops, _signals(axes, content, look, reference))
    _limits(axes, content, tops, reference)


def _fit_curve(axes: Axes, content: Layers, fit: SidebandFit) -> Floats:
    axes.plot(
        content.axis.centres,
        fit.expected,
        color="#cc0000",
        linestyle="--",
        zorder=4,
        label=f"{content.fit_name}\n($\\chi^2$/ndf = {fit.chi2:.1f}/{fit.ndf})",
    )
    return fit.expected


def _signals(axes: Axes, content: Layers, look: Look, reference: float) -> Floats:
    """Draw the signals as lines that can be seen; over a fit they are stacked at one scale."""
    axis, density = content.axis, content.density
    tops = np.zeros(len(axis.centres))
    base = np.zeros(len(axis.centres))
    joint = content.fit is not None
    whole = np.sum([item.values for item in content.signals.values()], axis=0) * density
    for index, (label, item) in enumerate(content.signals.items()):
        values = item.values * density
        peak = float(np.max(whole if joint else values, initial=0.0))
        factor = nice_factor(peak, 0.35 * reference)
        name = pretty(label, look.channel) + _times(factor)
        if joint:
            base = base + factor * values
            axes.stairs(
                base,
                axis.edges,
                fill=True,
                color=content.colours[label],
                zorder=1.9 - 0.01 * index,
                label=name,
                linewidth=0,
            )
            tops = base
        else:
            style = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))[index % 5]
            axes.stairs(
                factor * values,
                axis.edges,
                baseline=None,
                color=content.colours[label],
                linestyle=style,
                zorder=4,
                linewidth=2.2,
                label=name,
            )
            tops = np.maximum(tops, factor * values)
    return tops


def _times(factor: float) -> str:
    """Text of a scale factor: nothing for one, powers of ten for large ones."""
    if factor <= 1:
        return ""
    if factor < 1e4:
        return f" $\\times$ {factor:.0f}"
    power = int(np.floor(np.log10(factor) + 1e-9))
    digit = round(factor / 10**power)
    return " $\\times$ " + ("" if digit == 1 else f"{digit}$\\cdot$") + f"10$^{{{power}}}$"


def _limits(axes: Axes, content: Layers, tops: Floats, reference: float) -> None:
    """Choose the scale and make room for the legend."""
    axis = content.axis
    axes.set_xlim(axis.edges[0], axis.edges[-1])
    if axis.logarithmic:
        axes.set_xscale("log")
    # The data set the scale: bins that hold a millionth of a simulated event need not be seen.
    shown = content.data if content.data and content.data.values.any() else content.total
    positive = (shown.values * content.density)[shown.values > 0]
    if len(positive) and reference > 1e3 * positive.min():
        axes.set_yscale("log")
        axes.set_ylim(bottom=max(0.3 * positive.min(), 1e-9 * reference))
    else:
        axes.set_ylim(bottom=0.0)
    axes.set_ylabel(axis.per_bin(content.what))
    make_room(axes, axis.edges, tops)


def _shapes(content: Layers, look: Look) -> Figure:
    """Compare the shapes of simulated classes, each normalised to one."""
    axis = content.axis
    yields = content.backgrounds | content.signals
    tops = np.zeros(len(axis.centres))
    with canvas(look) as (figure, (axes,)):
        for label in content.colours:
            item = yields[label]
            total = item.values.sum()
            scale = content.density / (total if total > 0 else 1.0)
            values, errors = item.values * scale, item.errors * scale
            axes.stairs(
                values,
                axis.edges,
                baseline=None,
                color=content.colours[label],
                linewidth=2,
                label=pretty(label, look.channel),
            )
            axes.stairs(
                values + errors,
                axis.edges,
                baseline=values - errors,
                fill=True,
                alpha=0.25,
                color=content.colours[label],
                linewidth=0,
            )
            tops = np.maximum(tops, values + errors)
        axes.set_xlim(axis.edges[0], axis.edges[-1])
        axes.set_ylim(bottom=0.0)
        if axis.logarithmic:
            axes.set_xscale("log")
        axes.set_ylabel(axis.per_bin(f"Fraction of {content.what.lower()}"))
        make_room(axes, axis.edges, tops)
        frame(axes, axis)
    return figure
