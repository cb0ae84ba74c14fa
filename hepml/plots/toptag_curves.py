"""Curves of top taggers: rejection against efficiency and pT, losses of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.ml.class_results import History
from hepml.ml.toptag.published import Baseline
from hepml.ml.toptag.results import MetricSet, PtBin, Systematics
from hepml.plots.canvas import canvas
from hepml.plots.panels import tidy
from hepml.plots.samples import colours
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PT", "loss_figure", "pt_figure", "rejection_figure"]

PT = "Jet $p_{T}$ [GeV]"
_MARKERS = ("o", "s", "^", "v", "D", "P", "X", "*")
_BAND = "#3f90da"


def rejection_figure(
    found: MetricSet,
    look: Look | None = None,
    *,
    title: str = "",
    published: Sequence[Baseline] = (),
) -> Figure:
    """Draw background rejection against signal efficiency, and published working points.

    Parameters
    ----------
    found : MetricSet
        Of the nominal jets.
    look : Look, optional
        Style and texts.
    title : str
        Name of the tagger.
    published : sequence of Baseline
        Open markers at 0.5 and 0.8.
    """
    with canvas(look) as (figure, (axes,)):
        axes.set_yscale("log")
        top = 10.0
        if found.roc is not None:
            x, y = np.array(found.roc.x), np.array(found.roc.y)
            area = "" if found.auc is None else f", AUC {found.auc:.4f}"
            axes.plot(x, y, color=_BAND, label=f"{title or found.title}{area}")
            top = max(top, float(y[x >= 0.2].max(initial=1.0)))
        for point in found.rejections:
            if point.value is not None:
                options: dict[str, Any] = {"color": _BAND, "markersize": 8, "capsize": 3}
                axes.errorbar(point.efficiency, point.value, point.error, fmt="o", **options)
                top = max(top, point.value)
        named = [axes.get_legend_handles_labels()[0], axes.get_legend_handles_labels()[1]]
        handles = _published(axes, published)
        top = max([top, *(item.rejection_50 for item in published)])
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(1.0, 3.0 * top)
        axes.set_xlabel("Signal efficiency")
        axes.set_ylabel("Background rejection")
        first = axes.legend(*named, loc="upper right")
        if handles:
            axes.add_artist(first)
            heading = f"Published, {published[0].reference}:\nother jets and training"
            axes.legend(
                handles=handles, loc="lower left", title=heading, fontsize=11, title_fontsize=11,
                alignment="left", ncols=2,
            )  # fmt: skip
    return figure


def _published(axes: Any, published: Sequence[Baseline]) -> list[Any]:
    """Markers of published taggers."""
    handles = []
    for number, item in enumerate(published):
        points = [(0.5, item.rejection_50), (0.8, item.rejection_80)]
        known = [(x, y) for x, y in points if y is not None]
        (drawn,) = axes.plot(
            *zip(*known, strict=True), _MARKERS[number % len(_MARKERS)], color="0.3",
            markerfacecolor="none", markersize=8, label=item.title,
        )  # fmt: skip
        handles.append(drawn)
    return handles


def pt_figure(
    found: MetricSet,
    systematics: Systematics | None,
    look: Look | None = None,
    *,
    title: str = "",
) -> Figure:
    """Draw the rejection in bins of pT, with its statistical and systematic uncertainty.

    A bin where no background passes has an arrow at its lower limit. The lower panel has the
    systematic uncertainty; bins in which a source is not known are hatched.

    Parameters
    ----------
    found : MetricSet
        Of the nominal jets.
    systematics : Systematics or None
        Band at its working point.
    look : Look, optional
        Style and texts.
    title : str
        Name of the tagger.
    """
    with canvas(look, lower=systematics is not None) as (figure, axes):
        upper = axes[0]
        upper.set_yscale("log")
        seen = [1.0]
        for number, (point, colour) in enumerate(
            zip(found.rejections, colours(len(found.rejections)), strict=True)
        ):
            if systematics is not None and point.efficiency == systematics.efficiency:
                seen += _band(upper, found.bins, systematics, number, colour)
            seen += _points(upper, found.bins, number, colour, point.efficiency)
        if any(point.least is not None for item in found.bins for point in item.rejections):
            upper.plot([], [], marker="$\\uparrow$", color="0.3", ls=" ", label="Limit (95 %)")
        edges = _edges(found.bins)
        upper.set_xlim(edges[0], edges[-1])
        upper.set_ylim(max(0.5 * min(seen), 0.8), 8 * max(seen))
        upper.set_ylabel("Background rejection")
        upper.legend(loc="upper right", title=title, ncols=2, fontsize=12)
        last = axes[-1]
        last.set_xlabel(PT)
        if systematics is not None:
            _lower(last, systematics)
    return figure


def _edges(bins: Sequence[PtBin]) -> Any:
    return np.array([*(item.low for item in bins), bins[-1].high]) if bins else np.array([0.0, 1.0])


def _points(axes: Any, bins: Sequence[PtBin], number: int, colour: str, at: float) -> list[float]:
    """Rejections with statistical errors, limits as arrows; returns the values drawn."""
    seen = []
    label: str | None = rf"$\varepsilon_{{S}}$ = {at:g}"
    for item in bins:
        point = item.rejections[number]
        x, half = 0.5 * (item.low + item.high), 0.5 * (item.high - item.low)
        if point.value is not None:
            axes.errorbar(
                x, point.value, yerr=min(point.error or 0.0, 0.95 * point.value), xerr=half,
                fmt="o", color=colour, label=label, elinewidth=1.3,
            )  # fmt: skip
            label = None
            seen.append(point.value)
        elif point.least is not None:
            axes.plot([x - half, x + half], [point.least] * 2, color=colour, linewidth=1.3)
            axes.annotate(
                "", (x, 1.9 * point.least), (x, point.least),
                arrowprops={"arrowstyle": "->", "color": colour},
            )  # fmt: skip
            seen.append(1.5 * point.least)
    return seen


def _band(
    axes: Any, bins: Sequence[PtBin], systematics: Systematics, number: int, colour: str
) -> list[float]:
    """Systematic uncertainty around the rejections."""
    bound = " (lower bound)" if systematics.total.missing else ""
    label: str | None = f"Systematic uncertainty{bound}"
    seen = []
    for item, size in zip(bins, systematics.total.bins, strict=True):
        value = item.rejections[number].value
        if value is None or size is None:
            continue
        low, high = max(value * (1 - size), 0.3), value * (1 + size)
        axes.fill_between(
            [item.low, item.high], low, high, color=colour, alpha=0.25, linewidth=0, label=label
        )
        label = None
        seen.append(high)
    return seen


def _lower(axes: Any, systematics: Systematics) -> None:
    """Total relative uncertainty, in per cent."""
    edges, total = np.array(systematics.edges), systematics.total
    values = np.array([np.nan if value is None else 100 * value for value in total.bins])
    axes.stairs(np.nan_to_num(values), edges, fill=True, color=_BAND, alpha=0.3)
    unsure = np.array(systematics.gaps) & np.isfinite(values)
    if unsure.any():
        axes.stairs(
            np.where(unsure, values, 0.0), edges, fill=True, facecolor="none", edgecolor="0.4",
            hatch="///", linewidth=0,
        )  # fmt: skip
        axes.text(
            0.02, 0.8, "hatched: some sources unknown there", transform=axes.transAxes, fontsize=11
        )
    axes.set_ylim(0, 1.45 * max(float(np.nanmax(values, initial=1.0)), 1.0))
    tidy(axes, "Uncert. [%]")


def loss_figure(history: History, look: Look | None = None, *, title: str = "") -> Figure:
    """Draw the loss after each epoch, by what it was computed on; the best one is marked.

    Parameters
    ----------
    history : History
        Of training; rounds count from 1.
    look : Look, optional
        Style and texts.
    title : str
        Name of the tagger.
    """
    with canvas(look) as (figure, (axes,)):
        longest = 1
        for colour, (name, losses) in zip(
            colours(len(history.losses)), history.losses.items(), strict=True
        ):
            rounds = np.arange(1, len(losses) + 1)
            longest = max(longest, len(losses))
            style = "o-" if len(losses) <= 30 else "-"
            axes.plot(rounds, losses, style, color=colour, label=name)
        if history.best is not None:
            axes.axvline(history.best, color="0.4", linestyle="--", label=f"Best: {history.best}")
        axes.set_xlim(0.5 if longest < 60 else 0, longest + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True)
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.25 * (high - low))
        axes.set_xlabel("Round")
        axes.set_ylabel(f"Loss ({history.metric})")
        axes.legend(loc="upper right", title=title)
    return figure
