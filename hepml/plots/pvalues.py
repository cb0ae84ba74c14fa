"""P-values against the false-positive rate of a cut."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hepml.plots.canvas import canvas
from hepml.plots.samples import colours
from hepml.plots.style import Look
from hepml.stats.results import HuntRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["name_sigma", "pvalue_figure", "sigma_lines"]


def pvalue_figure(rows: Sequence[HuntRow], look: Look | None = None) -> Figure:
    """Draw the background-only p-value of each cut, one curve per score.

    The axis is the logarithm itself, so that p-values below what a double holds have a place.

    Parameters
    ----------
    rows : sequence of HuntRow
        Rows with a score and a false-positive rate; one without is drawn as a level. Rows
        that could not be fitted have no point.
    look : Look, optional
        Style and texts.
    """
    curves: dict[str, list[HuntRow]] = {}
    for row in rows:
        if row.score is not None and row.fpr is not None and row.excess is not None:
            curves.setdefault(row.score, []).append(row)
    with canvas(look) as (figure, (axes,)):
        axes.set_xscale("log")
        lowest = 0.0
        for colour, (score, found) in zip(colours(len(curves)), curves.items(), strict=True):
            lowest = min(lowest, _curve(axes, score, found, colour))
        for row in rows:
            if row.score is None and row.excess is not None:
                level = row.excess.log10_p
                lowest = min(lowest, level)
                axes.axhline(level, color="0.25", linestyle="--", label="No cut", linewidth=1.4)
        rates = [row.fpr for found in curves.values() for row in found if row.fpr]
        axes.set_xlim(0.75 * min(rates), 1.3 * max(rates))
        axes.set_ylim(1.12 * lowest - 0.25, 0.0)
        sigma_lines(axes)
        axes.set_xlabel("False-positive rate")
        axes.set_ylabel("Background-only p-value")
        _powers(axes)
        axes.legend(loc="best", ncols=1 if len(curves) < 6 else 2)
    return figure


def _curve(axes: Axes, score: str, rows: Sequence[HuntRow], colour: str) -> float:
    """Draw one score; returns the lowest point."""
    ordered = sorted(rows, key=lambda row: row.fpr or 0.0)
    rates = [row.fpr or 0.0 for row in ordered]
    levels = [row.excess.log10_p for row in ordered if row.excess is not None]
    axes.plot(rates, levels, "o-", color=colour, label=score)
    return min(*levels, _thrown(axes, score, ordered, colour))


def _thrown(axes: Axes, score: str, rows: Sequence[HuntRow], colour: str) -> float:
    """Draw the p-values that pseudo-experiments give; returns the lowest."""
    lowest = 0.0
    name: str | None = f"{score}, toys"
    for row in rows:
        if row.toys is None or row.fpr is None:
            continue
        value, high = math.log10(row.toys.p), math.log10(row.toys.p_high)
        # no toy reached the data: only an upper limit is known
        bounded = row.toys.p_low > 0
        low = math.log10(row.toys.p_low) if bounded else value - 0.5
        axes.errorbar(
            row.fpr, value, yerr=[[max(value - low, 0.0)], [max(high - value, 0.0)]],
            uplims=not bounded, fmt="s", color=colour, markerfacecolor="white", elinewidth=1.2,
            capsize=3, zorder=5, label=name,
        )  # fmt: skip
        name, lowest = None, min(lowest, value)
    return lowest


def sigma_lines(axes: Axes) -> None:
    """Draw the p-values of whole standard deviations and name them at the right."""
    from scipy.special import log_ndtr

    bottom, top = axes.get_ylim()
    last = top
    for number in itertools.count(1):
        level = float(log_ndtr(-float(number))) / math.log(10)
        if level < bottom:
            break
        # names must not touch; where they are many, round ones
        far = bottom < -40 and number % (5 if bottom > -400 else 10)
        if last - level > 0.035 * (top - bottom) and not far:
            name_sigma(axes, level, number)
            last = level


def name_sigma(axes: Axes, level: float, number: int) -> None:
    """Draw a level across the frame, and its number of standard deviations beside it."""
    axes.axhline(level, color="0.75", linewidth=0.9, zorder=0.3)
    axes.annotate(
        rf"{number}$\sigma$", (1.0, level), xycoords=("axes fraction", "data"), xytext=(2, 0),
        textcoords="offset points", va="center", size=10, color="0.35", gid="sigma",
    )  # fmt: skip


def _powers(axes: Axes) -> None:
    """Write whole powers of ten on an axis of logarithms."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=10, integer=True))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: "1" if value == 0 else rf"$10^{{{value:.0f}}}$")
    )
