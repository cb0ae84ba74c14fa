"""Pieces that figures share: data points, uncertainty bands, ratio and residual panels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hepml.plots.samples import DATA
from hepml.plots.sideband import SidebandFit
from hepml.plots.yields import BinAxis, Yields

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["data_points", "frame", "ratio_panel", "residual_panel", "tidy", "uncertainty"]

Floats = NDArray[np.float64]


def data_points(
    axes: Axes, axis: BinAxis, data: Yields, density: Any = 1.0, **options: Any
) -> Floats:
    """Draw counts with Poisson errors; bins without entries get no point.

    Returns
    -------
    array of float
        Upper end of the error bar of each bin.
    """
    values, errors = data.values * density, data.errors * density
    filled = data.variances > 0
    settings: dict[str, Any] = {
        "fmt": "o",
        "color": "black",
        "elinewidth": 1.3,
        "zorder": 5,
        "label": DATA,
    }
    axes.errorbar(axis.centres[filled], values[filled], yerr=errors[filled], **(settings | options))
    return np.asarray(np.where(filled, values + errors, 0.0))


def uncertainty(total: Yields, systematic: tuple[Floats, Floats] | None) -> tuple[Floats, Floats]:
    """Statistical and systematic uncertainty in quadrature: (down, up), both positive."""
    down, up = systematic or (np.zeros_like(total.values), np.zeros_like(total.values))
    return np.sqrt(total.variances + down**2), np.sqrt(total.variances + up**2)


def ratio_panel(
    axes: Axes,
    axis: BinAxis,
    data: Yields,
    total: Yields,
    systematic: tuple[Floats, Floats] | None,
) -> None:
    """Draw data over simulation with the uncertainty of the simulation around one.

    Bins in which the simulation adds up to nothing (or less) have no ratio. Points beyond the
    panel are marked by triangles at its edge.
    """
    usable = total.values > 0
    safe = np.where(usable, total.values, 1.0)
    bands = [(uncertainty(total, None), "0.55")]
    if systematic is not None:
        bands.insert(0, (uncertainty(total, systematic), "0.8"))
    for (down, up), colour in bands:
        axes.stairs(
            np.where(usable, 1 + up / safe, 1.0), axis.edges,
            baseline=np.where(usable, 1 - down / safe, 1.0), fill=True, color=colour, linewidth=0,
        )  # fmt: skip
    axes.axhline(1.0, color="black", linewidth=1, linestyle="--")
    shown = usable & (data.variances > 0)
    ratio, errors = data.values[shown] / safe[shown], data.errors[shown] / safe[shown]
    axes.errorbar(
        axis.centres[shown], ratio, yerr=errors, fmt="o", color="black", elinewidth=1.3, zorder=5
    )
    precise = np.abs(ratio - 1)[errors < 0.3]
    reach = float(np.clip(1.3 * precise.max(initial=0.15), 0.2, 1.0))
    axes.set_ylim(1 - reach, 1 + reach)
    for outside, marker, place in (
        (ratio > 1 + reach, "^", 1 + 0.9 * reach),
        (ratio < 1 - reach, "v", 1 - 0.9 * reach),
    ):
        axes.plot(
            axis.centres[shown][outside], np.full(outside.sum(), place), marker, color="black"
        )
    tidy(axes, "Data / sim.")


def residual_panel(
    axes: Axes, axis: BinAxis, data: Yields, fit: SidebandFit, signal: Floats
) -> None:
    """Draw data minus the fitted background, the fit's uncertainty and the expected signal."""
    residual = data.values - fit.expected
    edges = axis.edges[np.flatnonzero(np.diff(np.r_[False, fit.inside, False]))]
    axes.axvspan(edges[0], edges[-1], color="#ffa90e", alpha=0.22, linewidth=0, label="Not in fit")
    axes.fill_between(
        axis.centres, -fit.errors, fit.errors, color="#cc0000", alpha=0.25, linewidth=0,
        label="Fit uncertainty",
    )  # fmt: skip
    axes.axhline(0.0, color="#cc0000", linewidth=1.2, linestyle="--")
    axes.stairs(
        signal,
        axis.edges,
        baseline=None,
        color="#3f90da",
        linewidth=2,
        label="Expected signal",
        zorder=4,
    )
    axes.errorbar(
        axis.centres, residual, yerr=data.errors, fmt="o", color="black", elinewidth=1.3, zorder=5
    )
    reach = 1.1 * float(np.max(np.abs(residual) + data.errors))
    reach = max(reach, 1.2 * float(np.max(signal, initial=0.0)))
    axes.set_ylim(-reach, 1.45 * reach)
    axes.legend(
        loc="upper right", ncols=3, fontsize=11, borderaxespad=0.3, columnspacing=1.2,
        frameon=True, framealpha=1.0, facecolor="white", edgecolor="none",
    )  # fmt: skip
    tidy(axes, "Data − fit")


def tidy(axes: Axes, label: str) -> None:
    """Label a lower panel; no tick where it touches the frame above."""
    from matplotlib.ticker import MaxNLocator

    axes.set_ylabel(label, loc="center")
    axes.tick_params(axis="x", which="both", top=False)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, prune="upper"))


def frame(axes: Axes, axis: BinAxis) -> None:
    """Label the x axis; categories and whole numbers are written under the middle of their bin."""
    axes.set_xlabel(axis.label)
    axes.set_xlim(axis.edges[0], axis.edges[-1])
    if axis.ticks:
        step = -(-len(axis.ticks) // 16)
        axes.set_xticks(axis.centres[::step], axis.ticks[::step])
        axes.tick_params(axis="x", which="minor", bottom=False, top=False)
