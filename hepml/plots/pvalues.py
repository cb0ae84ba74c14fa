"""P-values against the false-positive rate of a cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hepml.plots.samples import colours
from hepml.plots.style import Look, new_figure, styled
from hepml.stats.results import HuntRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["pvalue_figure", "sigma_lines"]


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

    Returns
    -------
    matplotlib Figure
    """
    used = look or Look()
    curves: dict[str, list[HuntRow]] = {}
    for row in rows:
        if row.score is not None and row.fpr is not None and row.excess is not None:
            curves.setdefault(row.score, []).append(row)
    with styled(used):
        figure, (axes,) = new_figure(used)
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
    thrown = [row for row in ordered if row.toys is not None and row.toys.p > 0]
    if thrown:
        low, middle, high = (
            [math.log10(max(getattr(row.toys, name), 1e-300)) for row in thrown]
            for name in ("p_low", "p", "p_high")
        )
        axes.errorbar(
            [row.fpr or 0.0 for row in thrown], middle,
            yerr=(
                [m - v for m, v in zip(middle, low, strict=True)],
                [v - m for m, v in zip(middle, high, strict=True)],
            ),
            fmt="s", color=colour, markerfacecolor="white", elinewidth=1.2, zorder=5,
            label=f"{score}, toys",
        )  # fmt: skip
        return min(*levels, *middle)
    return min(levels)


def sigma_lines(axes: Axes) -> None:
    """Draw the p-values of whole standard deviations and name them at the right."""
    from scipy.special import log_ndtr

    bottom, top = axes.get_ylim()
    number, last = 1, 0.0
    while True:
        level = float(log_ndtr(-float(number))) / math.log(10)
        if level < bottom:
            break
        # names must not touch
        if last - level > 0.035 * (top - bottom):
            axes.axhline(level, color="0.75", linewidth=0.9, zorder=0.3)
            axes.annotate(
                rf"{number}$\sigma$", (1.0, level), xycoords=("axes fraction", "data"),
                xytext=(3, 0), textcoords="offset points", va="center", size=12, color="0.35",
                gid="sigma",
            )  # fmt: skip
            last = level
        number += 1


def _powers(axes: Axes) -> None:
    """Write whole powers of ten on an axis of logarithms."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=10, integer=True))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: "1" if value == 0 else rf"$10^{{{value:.0f}}}$")
    )
