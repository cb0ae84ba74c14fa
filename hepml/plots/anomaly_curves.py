"""P-values of an anomaly search against the false-positive rate; variations; efficiencies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hepml.ml.anomaly.findings import SampleFindings
from hepml.ml.anomaly.results import Efficiency
from hepml.plots.canvas import canvas
from hepml.plots.pvalues import sigma_lines
from hepml.plots.samples import colours
from hepml.plots.style import Look
from hepml.stats.results import HuntRow
from hepml.stats.significance import log10_p_value
from hepml.stats.wording import significance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["efficiency_figure", "rate_figure", "variation_figure"]

_MAIN, _WEIGHTED = "#bd1f01", "black"
_RANDOM = "random"
# Not the colour of the main curve.
_OTHERS = [colour for colour in colours(10) if colour != _MAIN]


def rate_figure(sample: SampleFindings, title: str, look: Look | None = None) -> Figure:
    """Draw the background-only p-value of each cut: score, features, a random number, weights.

    Parameters
    ----------
    sample : SampleFindings
        What was found.
    title : str
        Name of the strategy.
    look : Look, optional
        Style and texts.
    """
    with canvas(look) as (figure, (axes,)):
        axes.set_xscale("log")
        lowest = -1.0
        others = [
            name
            for name in dict.fromkeys(row.score for row in sample.hunt.results if row.score)
            if name not in (sample.score, _RANDOM)
        ]
        for name, colour in zip(others, _OTHERS, strict=False):
            lowest = min(lowest, _curve(axes, sample.cuts(name), name, color=colour))
        lowest = min(
            lowest,
            _curve(axes, sample.cuts(_RANDOM), "random number", color="0.4", linestyle="--"),
            _curve(
                axes, sample.cuts(), title, color=_MAIN, marker="o", linewidth=2.2, zorder=4
            ),
            _levels(axes, sample, title),
        )  # fmt: skip
        rates = [row.fpr for row in sample.cuts() if row.fpr] or [1e-3, 1.0]
        axes.set_xlim(0.75 * min(rates), 1.3 * max(rates))
        axes.set_ylim(1.35 * lowest - 0.25, 0.0)
        axes.axvline(sample.nominal, color="0.6", linestyle=":", linewidth=1.2, zorder=0.5)
        sigma_lines(axes)
        _powers(axes)
        axes.set_xlabel("False-positive rate")
        axes.set_ylabel("Background-only p-value")
        axes.legend(loc="lower left", ncols=2, fontsize=11, title=sample.title, title_fontsize=12)
    return figure


def _curve(axes: Axes, rows: Sequence[HuntRow], label: str, **options: object) -> float:
    """Draw one score; returns its lowest point."""
    points = [
        (row.fpr, row.log10_p) for row in rows if row.fpr is not None and row.log10_p is not None
    ]
    if not points:
        return 0.0
    rates, levels = zip(*points, strict=True)
    axes.plot(rates, levels, label=label, **options)  # type: ignore[arg-type]
    return float(min(levels))


def _levels(axes: Axes, sample: SampleFindings, title: str) -> float:
    """Draw the weighted result and the global p-value; returns the lower one."""
    lowest = 0.0
    weighted = sample.reweighting
    if weighted is not None and weighted.row is not None and weighted.row.log10_p is not None:
        level = weighted.row.log10_p
        axes.axhline(
            level, color=_WEIGHTED, linestyle="-.", linewidth=1.6, label=f"{title}, weights"
        )
        lowest = min(lowest, level)
    if sample.search is not None:
        level = sample.search.global_log10_p
        axes.axhline(level, color=_MAIN, linestyle=":", linewidth=1.6, label=f"{title}, global")
        lowest = min(lowest, level)
    return lowest


def _powers(axes: Axes) -> None:
    """Write the axis of logarithms as powers of ten."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: rf"$10^{{{value:.0f}}}$" if value else "1")
    )


def variation_figure(sample: SampleFindings, title: str, look: Look | None = None) -> Figure:
    """Draw the p-values of the score for other degrees (colours) and bins (line styles).

    Parameters
    ----------
    sample : SampleFindings
        What was found.
    title : str
        Name of the strategy.
    look : Look, optional
        Style and texts.
    """
    degrees = sorted({item.degree for item in sample.variations})
    binnings = sorted({item.bins for item in sample.variations})
    hues = dict(zip(degrees, colours(len(degrees)), strict=True))
    dashes = dict(zip(binnings, _dashes(len(binnings)), strict=True))
    with canvas(look) as (figure, (axes,)):
        axes.set_xscale("log")
        lowest, rates = -1.0, [1.0]
        for item in sample.variations:
            pairs = [(f, p) for f, p in zip(item.fpr, item.log10_p, strict=True) if p is not None]
            x = [f for f, _ in pairs]
            if item.inclusive is not None:
                x, pairs = [1.0, *x], [(1.0, log10_p_value(item.inclusive)), *pairs]
            levels = [p for _, p in pairs]
            colour, dash = hues[item.degree], dashes[item.bins]
            label = f"{item.degree}, {item.bins}: {_text(item.inclusive)}, {_text(item.best)}"
            label += "" if item.reweighted is None else f", {_text(item.reweighted)}"
            axes.plot(x, levels, color=colour, linestyle=dash, label=label, linewidth=1.6)
            lowest, rates = min([lowest, *levels]), [*rates, *x]
        axes.set_xlim(0.75 * min(rates), 1.3)
        axes.set_ylim(1.7 * lowest - 0.25, 0.0)
        sigma_lines(axes)
        _powers(axes)
        axes.set_xlabel("False-positive rate")
        axes.set_ylabel("Background-only p-value")
        axes.legend(
            loc="lower left", ncols=2, fontsize=10.5, title_fontsize=11.5, alignment="left",
            title=f"{title}, {sample.title.lower()}\ndegree, bins: Z uncut, best cut, weights",
        )  # fmt: skip
    return figure


def _text(value: float | None) -> str:
    return "-" if value is None else significance(value)


def _dashes(count: int) -> list[str]:
    styles = ["--", "-", ":", "-."]
    return [styles[place % len(styles)] for place in range(count)]


def efficiency_figure(found: Efficiency, look: Look | None = None) -> Figure:
    """Draw the significance improvement against the signal efficiency, of known truth.

    Parameters
    ----------
    found : Efficiency
        The curve.
    look : Look, optional
        Style and texts.
    """
    tpr, sic, fpr = (np.asarray(part) for part in (found.tpr, found.sic, found.fpr))
    enough = fpr * found.background >= found.least
    with canvas(look) as (figure, (axes,)):
        auc = f"AUC {found.auc.value:.3f}" if found.auc.value is not None else ""
        axes.plot(tpr[enough], sic[enough], color=_MAIN, label=f"{found.signal:,} signal, {auc}")
        axes.plot(tpr, np.sqrt(tpr), color="0.4", linestyle="--", label="random number")
        if found.sic_max.value is not None and found.sic_max_fpr is not None:
            x = found.sic_max.value * math.sqrt(found.sic_max_fpr)
            axes.plot(
                x, found.sic_max.value, "o", color=_MAIN, markersize=8,
                label=f"maximum {found.sic_max.value:.2f} at FPR {found.sic_max_fpr:.2g}",
            )  # fmt: skip
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.35 * float(sic[enough].max(initial=1.0)))
        axes.set_xlabel("Signal efficiency")
        axes.set_ylabel("Significance improvement")
        axes.legend(loc="upper right")
    return figure
