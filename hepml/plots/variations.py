"""Signal and significance with other backgrounds, degrees and bins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.plots.style import Look, header, styled
from hepml.stats.results import Band, HuntRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["variations_figure"]

# Below this goodness a fit does not describe the sidebands.
_GOOD = 0.01
_FAMILIES = {"polynomial": "#3f90da", "exponential": "#bd1f01", "bernstein": "#832db6"}


def variations_figure(band: Band, nominal: HuntRow, look: Look | None = None) -> Figure:
    """Draw S with its error, and Z, of every variation, and the nominal choice as a band.

    Parameters
    ----------
    band : Band
        The variations.
    nominal : HuntRow
        The nominal result.
    look : Look, optional
        Style and texts.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    used = look or Look()
    fitted = [place for place, row in enumerate(band.rows) if row.excess is not None]
    rows = [band.rows[place] for place in fitted]
    accepted = [place in band.accepted for place in fitted]
    places = np.arange(len(rows))[::-1]
    with styled(used):
        figure = Figure(figsize=(8.0, max(4.0, 1.6 + 0.42 * (len(rows) + 1))))
        FigureCanvasAgg(figure)
        height = figure.get_figheight()
        grid = figure.add_gridspec(
            1, 2, left=0.33, right=0.965, top=1 - 0.46 / height, bottom=0.8 / height, wspace=0.07
        )
        left = figure.add_subplot(grid[0])
        right = figure.add_subplot(grid[1], sharey=left)
        header(left, replace(used, luminosity=None))
        header(right, Look(luminosity=used.luminosity))
        if nominal.excess is not None:
            excess = nominal.excess
            left.axvspan(
                excess.S - excess.sigma_S, excess.S + excess.sigma_S, color="0.88", linewidth=0
            )
            left.axvline(excess.S, color="0.5", linewidth=1.2)
            right.axvline(excess.Z, color="0.5", linewidth=1.2)
        for place, row, inside in zip(places, rows, accepted, strict=True):
            if row.excess is None:
                continue
            colour = _FAMILIES.get(_family(row), "black")
            fill = colour if inside else "white"
            left.errorbar(
                row.excess.S, place, xerr=row.excess.sigma_S, fmt="o", color=colour,
                markerfacecolor=fill, elinewidth=1.3,
            )  # fmt: skip
            right.plot(row.excess.Z, place, "o", color=colour, markerfacecolor=fill)
        left.set_yticks(places, [_label(row) for row in rows])
        left.set_ylim(-0.7, len(rows) + 0.9)
        _explain(left)
        for axes in (left, right):
            axes.tick_params(axis="y", which="both", length=0)
            axes.axvline(0.0, color="0.3", linewidth=0.9, linestyle=":")
        right.tick_params(labelleft=False)
        right.set_xlim(left=min(0.0, right.get_xlim()[0]))
        left.set_xlabel("S [events]")
        right.set_xlabel(r"Z [$\sigma$]")
    return figure


def _family(row: HuntRow) -> str:
    fit = row.sideband or row.joint
    return fit.family if fit else ""


def _label(row: HuntRow) -> str:
    fit = row.sideband or row.joint
    poor = fit is not None and fit.goodness < _GOOD
    text = row.selection[:1].upper() + row.selection[1:]
    return f"{text}\n(poor fit)" if poor else text


def _explain(axes: Axes) -> None:
    """A legend of filled and hollow points."""
    style: dict[str, Any] = {"marker": "o", "linestyle": "none", "color": "0.3"}
    axes.plot([], [], **style, label="In the envelope")
    axes.plot([], [], **style, markerfacecolor="white", label="Not in it")
    axes.legend(
        loc="upper left", ncols=2, fontsize=11, handletextpad=0.1, columnspacing=0.8,
        borderaxespad=0.6, frameon=True, framealpha=1.0, facecolor="white", edgecolor="none",
    )  # fmt: skip
