"""Figures of fixed thresholds of top taggers: efficiencies against pT, masses of background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.ml.toptag.results import Efficiency, MassShapes
from hepml.plots.canvas import canvas
from hepml.plots.panels import tidy
from hepml.plots.samples import colours
from hepml.plots.style import Look, make_room
from hepml.plots.toptag_curves import PT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["efficiency_figure", "mass_figure"]

_KINDS = {"signal": ("o", "Signal"), "background": ("s", "Background")}


def efficiency_figure(
    found: Sequence[Efficiency], look: Look | None = None, *, title: str = ""
) -> Figure:
    """Draw signal and background efficiency of fixed thresholds against pT.

    Parameters
    ----------
    found : sequence of Efficiency
        Of one dataset, all jets and bins.
    look : Look, optional
        Style and texts.
    title : str
        Name of the tagger.
    """
    points = sorted({item.efficiency for item in found})
    with canvas(look) as (figure, (axes,)):
        axes.set_yscale("log")
        lowest = 0.05
        for colour, point in zip(colours(len(points)), points, strict=True):
            for kind, (marker, name) in _KINDS.items():
                rows = [
                    item
                    for item in found
                    if (item.label, item.efficiency) == (kind, point) and item.low is not None
                ]
                drawn = [item for item in rows if item.passed]
                values = np.array([item.value or 0.0 for item in drawn])
                errors = np.array([[item.lower or 0.0, item.upper or 0.0] for item in drawn])
                ends = errors.reshape(-1, 2).T
                x = [0.5 * ((item.low or 0.0) + (item.high or 0.0)) for item in drawn]
                axes.errorbar(
                    x, values, np.abs(ends - values), [100.0] * len(x), fmt=marker, color=colour,
                    markerfacecolor=colour if kind == "signal" else "white", elinewidth=1.3,
                    label=rf"{name}, $\varepsilon_{{S}}$ = {point:g}",
                )  # fmt: skip
                lowest = min([lowest, *(value for value in ends[0] if value > 0)])
        edges = sorted({item.low for item in found if item.low is not None})
        if edges:
            axes.set_xlim(edges[0], edges[-1] + 200)
        axes.set_ylim(max(0.4 * lowest, 1e-6), 20)
        axes.set_xlabel(PT)
        axes.set_ylabel("Share of jets that pass")
        heading = "Thresholds of all jets" + (f", {title}" if title else "")
        axes.legend(loc="upper right", ncols=2, fontsize=12, title=heading)
    return figure


def mass_figure(found: MassShapes, look: Look | None = None, *, title: str = "") -> Figure:
    """Draw the mass of background jets before and after working points, each of area 1.

    Parameters
    ----------
    found : MassShapes
        The spectra.
    look : Look, optional
        Style and texts.
    title : str
        Name of the tagger.
    """
    edges = np.array(found.edges)
    centres, width = 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)
    whole = np.array(found.spectra[0].counts, dtype=np.float64)
    share = whole / (whole.sum() or 1.0)
    with canvas(look, lower=True) as (figure, (axes, lower)):
        count = f"{whole.sum():,.0f}"
        axes.stairs(
            share, edges, color="0.6", fill=True, alpha=0.4, label=f"All QCD jets ({count})"
        )
        highest = share.copy()
        passing = found.spectra[1:]
        for place, (item, colour) in enumerate(zip(passing, colours(len(passing)), strict=True)):
            counts = np.array(item.counts, dtype=np.float64)
            total = counts.sum()
            if not total > 0:
                continue
            values, errors = counts / total, np.sqrt(counts) / total
            drawn = counts > 0
            x = centres + 0.16 * (place - 0.5 * (len(passing) - 1)) * width
            points: dict[str, Any] = {"fmt": "o", "color": colour, "elinewidth": 1.2}
            name = rf"Pass at $\varepsilon_{{S}}$ = {item.efficiency:g} ({total:,.0f})"
            if item.divergence is not None and item.chance is not None:
                pair = f"{1000 * item.divergence:.3g}", f"{1000 * item.chance:.2g}"
                name += "\ndivergence {} mbit, by chance {}".format(*pair)
            axes.errorbar(x[drawn], values[drawn], errors[drawn], label=name, **points)
            highest = np.maximum(highest, np.where(drawn, values + errors, 0.0))
            ratio = drawn & (share > 0)
            ratio &= errors < 2 * share
            lower.errorbar(
                x[ratio], values[ratio] / share[ratio], errors[ratio] / share[ratio], **points
            )
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(bottom=0)
        axes.set_ylabel("Share of jets")
        make_room(axes, edges, highest, title=title, fontsize=11.5, alignment="left")
        lower.axhline(1.0, color="black", linewidth=1, linestyle="--")
        lower.set_ylim(0, min(max(lower.get_ylim()[1], 2.0), 6.0))
        lower.set_xlabel("Jet mass [GeV]")
        tidy(lower, "Pass / all")
    return figure
