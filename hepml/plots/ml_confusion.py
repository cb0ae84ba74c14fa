"""Confusion matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hepml.ml.results import WorkingPoint
from hepml.plots.canvas import canvas
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["confusion_figure"]


def confusion_figure(point: WorkingPoint, title: str, look: Look | None = None) -> Figure:
    """Draw the four classes of a threshold: shares of each true class, and numbers.

    Parameters
    ----------
    point : WorkingPoint
        The threshold.
    title : str
        Name of the model.
    look : Look, optional
        Style and texts.
    """
    # rows: true class; columns: what the model says
    counts = np.array([[point.tn, point.fp], [point.fn, point.tp]])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    codes = (("00", "01"), ("10", "11"))
    with canvas(look) as (figure, (axes,)):
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.15, aspect="auto", origin="lower")
        for row in range(2):
            for column in range(2):
                dark = shares[row, column] > 0.6
                text = f"{100 * shares[row, column]:.1f} %\n{counts[row, column]:,.0f}"
                axes.text(
                    column, row, text, ha="center", va="center", size=22,
                    color="white" if dark else "black",
                )  # fmt: skip
                axes.text(
                    column - 0.46, row + 0.44, f"class {codes[row][column]}", ha="left", va="top",
                    size=14, color="white" if dark else "0.3",
                )  # fmt: skip
        names = ("Background", "Signal")
        axes.set_xticks([0, 1], names)
        axes.set_yticks([0, 1], names, rotation=90, va="center")
        axes.tick_params(which="both", length=0)
        axes.minorticks_off()
        axes.set_xlabel(f"{title}, threshold {point.threshold:.2f}")
        axes.set_ylabel("Truth")
    return figure
