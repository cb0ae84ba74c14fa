"""Figures of a search whose signal region is closed: sidebands and expected sensitivity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hepml.ml.anomaly.pieces import Sensitivity
from hepml.plots.canvas import canvas
from hepml.plots.fitted import poisson_errors
from hepml.plots.style import Look, make_room
from hepml.plots.yields import BinAxis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["sensitivity_figure", "sideband_figure"]

_FIT, _EVIDENCE, _DISCOVERY = "#bd1f01", "#3f90da", "#832db6"


def sideband_figure(
    found: Sensitivity, look: Look | None = None, *, label: str = "Mass [GeV]"
) -> Figure:
    """Draw the sidebands, their fit and its interpolation; the signal region has no data.

    Parameters
    ----------
    found : Sensitivity
        Sidebands and fit.
    look : Look, optional
        Style and texts.
    label : str
        Text of the mass axis.
    """
    axis = BinAxis(np.asarray(found.edges), label, "GeV")
    counts = np.asarray(found.counts)
    side = np.ones(len(counts), np.bool_)
    side[found.start : found.stop] = False
    curve, error = np.asarray(found.background), np.asarray(found.background_error)
    with canvas(look) as (figure, (axes,)):
        axes.set_xlim(axis.edges[0], axis.edges[-1])
        below, above = poisson_errors(counts, counts)
        axes.errorbar(
            axis.centres[side], counts[side], yerr=(below[side], above[side]), fmt="o",
            color="black", elinewidth=1.3, label="Data",
        )  # fmt: skip
        axes.fill_between(
            axis.centres, curve - error, curve + error, color=_FIT, alpha=0.25, linewidth=0,
            label="68% uncertainty",
        )  # fmt: skip
        axes.plot(axis.centres, curve, color=_FIT, label=f"Polynomial of degree {found.degree}")
        axes.axvspan(
            found.edges[found.start], found.edges[found.stop], color="0.85", linewidth=0,
            label="Closed", zorder=0.4,
        )  # fmt: skip
        axes.set_ylim(bottom=0)
        axes.set_xlabel(label)
        axes.set_ylabel(axis.per_bin("Events"))
        tops = np.maximum(np.where(side, counts + above, 0.0), curve + error)
        make_room(axes, axis.edges, tops, title=f"Fit p = {found.goodness:.2g}")
    return figure


def sensitivity_figure(found: Sensitivity, look: Look | None = None) -> Figure:
    """Draw how many signal events after a cut are evidence and discovery.

    Parameters
    ----------
    found : Sensitivity
        Expectation of each working point.
    look : Look, optional
        Style and texts.
    """
    rates = [point.fpr for point in found.points]
    with canvas(look) as (figure, (axes,)):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.plot(
            rates, [point.B for point in found.points], color="0.45", linestyle="--",
            label="expected background",
        )  # fmt: skip
        axes.plot(
            rates, [point.discovery for point in found.points], color=_DISCOVERY,
            label=r"signal for 5$\sigma$",
        )  # fmt: skip
        axes.plot(
            rates, [point.evidence for point in found.points], color=_EVIDENCE,
            label=r"signal for 3$\sigma$",
        )  # fmt: skip
        axes.set_xlabel("False-positive rate")
        axes.set_ylabel("Events in the signal region after the cut")
        axes.legend(loc="upper left", title="From sidebands alone", alignment="left")
    return figure
