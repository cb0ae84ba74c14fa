"""Local significance of every window of a scan over the masses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hepml.plots.canvas import canvas
from hepml.plots.pvalues import name_sigma
from hepml.plots.resonances import grouped
from hepml.plots.style import Look
from hepml.stats.results import Scan
from hepml.stats.wording import significance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["scan_figure"]

Floats = NDArray[np.float64]

# Above this many standard deviations the axis becomes logarithmic.
_LINEAR = 5.0


def scan_figure(scan: Scan, look: Look | None = None, *, label: str = "Mass [GeV]") -> Figure:
    """Draw the local significance of each window at the middle of its signal region.

    Parameters
    ----------
    scan : Scan
        Windows in order of mass.
    look : Look, optional
        Style and texts.
    label : str
        Text of the mass axis.
    """
    points = scan.points
    # windows are geometric, so is their middle
    middle = np.sqrt([point.low * point.high for point in points])
    local = np.array([np.nan if point.Z is None else point.Z for point in points])
    with canvas(look) as (figure, (axes,)):
        edges = _edges(middle)
        axes.set_xlim(edges[0], edges[-1])
        if edges[0] > 0 and edges[-1] > 3 * edges[0]:
            axes.set_xscale("log")
            _plain_masses(axes)
        highest = float(np.nanmax(local, initial=1.0))
        if highest > 2 * _LINEAR:
            axes.set_yscale("symlog", linthresh=_LINEAR, linscale=1.2)
            _plain_sigmas(axes, highest)
        axes.set_ylim(0.0, max(1.2 * highest, 1.0))
        _points(axes, scan, middle, local)
        for level in (1, 2, 3, 4, 5):
            name_sigma(axes, level, level)
        failed = np.isnan(local)
        if failed.any():
            axes.plot(
                middle[failed], np.zeros(failed.sum()), "x", color="#bd1f01", clip_on=False,
                zorder=5, label=f"No fit ({failed.sum()})",
            )  # fmt: skip
        _best(axes, scan, middle)
        axes.set_xlabel(label)
        axes.set_ylabel(r"Local significance [$\sigma$]")
        _finish(axes, edges, np.nan_to_num(local))
    return figure


def _points(axes: Axes, scan: Scan, middle: Floats, local: Floats) -> None:
    """Draw all windows; those whose fit has a flaw are hollow."""
    colour = "#3f90da"
    axes.plot(middle, local, "-", color=colour, linewidth=1.2)
    flawed = np.array([point.status != "ok" for point in scan.points])
    for part, fill, name in ((~flawed, colour, None), (flawed, "white", "Poor fit; see hunt.json")):
        shown = part & ~np.isnan(local)
        if shown.any():
            axes.plot(
                middle[shown], local[shown], "o", color=colour, markersize=4.0,
                markerfacecolor=fill, label=name,
            )  # fmt: skip


def _best(axes: Axes, scan: Scan, middle: Floats) -> None:
    """Mark the most significant window and say what it means."""
    if scan.best is None:
        return
    best = scan.points[scan.best]
    if best.Z is None:
        return
    text = f"{best.low:.4g} to {best.high:.4g} GeV: {significance(best.Z)}$\\sigma$ local"
    if scan.global_Z is not None:
        text += f", {significance(scan.global_Z)}$\\sigma$ global"
    axes.plot(middle[scan.best], best.Z, "o", color="#bd1f01", markersize=8, zorder=6, label=text)


def _finish(axes: Axes, edges: Floats, heights: Floats) -> None:
    """Name the resonances over their peaks; room for them and for the legend."""
    top = axes.get_ylim()[1]
    for name, mass in grouped(edges[0], edges[-1]):
        near = np.abs(np.log(0.5 * (edges[1:] + edges[:-1]) / mass)) < 0.06
        if not near.any():
            continue
        axes.annotate(
            name, (mass, float(heights[near].max())), xytext=(-9 if mass < 1 else 0, 22),
            textcoords="offset points", ha="center", va="bottom", size=14, gid="resonance",
            arrowprops={"arrowstyle": "-", "linewidth": 0.9, "color": "0.4", "shrinkB": 3},
        )  # fmt: skip
    symmetric = axes.get_yscale() == "symlog"
    axes.set_ylim(0.0, 12 * top if symmetric else 1.5 * top)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right")


def _edges(middle: Floats) -> Floats:
    """Borders half-way between neighbours."""
    if len(middle) == 1:
        return np.asarray([0.9 * middle[0], 1.1 * middle[0]])
    inner = np.sqrt(middle[1:] * middle[:-1])
    return np.asarray([middle[0] ** 2 / inner[0], *inner, middle[-1] ** 2 / inner[-1]])


def _plain_masses(axes: Axes) -> None:
    """Masses as numbers, not as powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _plain_sigmas(axes: Axes, highest: float) -> None:
    """Standard deviations as numbers on an axis that is linear at first."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ticks = [0, 1, 2, 3, 4, 5]
    ticks += [n * 10**k for k in range(1, 6) for n in (1, 2, 5) if n * 10**k < 12 * highest]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
