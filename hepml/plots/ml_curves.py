"""ROC curves and score distributions of classifiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hepml.ml.results import Judgement, WorkingPoint
from hepml.plots.canvas import canvas
from hepml.plots.samples import colours
from hepml.plots.style import Look, make_room

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["roc_figure", "score_figure"]

_LOWEST = 1e-5
_MARKER = "0.2"


def roc_figure(
    judgements: Sequence[Judgement],
    look: Look | None = None,
    *,
    baseline: WorkingPoint | None = None,
) -> Figure:
    """Draw background against signal efficiency, one curve per model.

    Parameters
    ----------
    judgements : sequence of Judgement
        The main model first. The threshold that was chosen is a dot on its curve.
    look : Look, optional
        Style and texts.
    baseline : WorkingPoint, optional
        A selection without score, drawn as a point.
    """
    with canvas(look) as (figure, (axes,)):
        axes.set_yscale("log")
        lowest = 1.0
        for colour, item in zip(colours(len(judgements)), judgements, strict=True):
            tpr, fpr = np.array(item.roc.x), np.array(item.roc.y)
            shown = fpr > 0
            label = f"{item.title}: AUC {item.auc.value or 0:.3f}"
            axes.plot(tpr[shown], fpr[shown], "-", color=colour, label=label, linewidth=2)
            chosen = item.points[0]
            x, y = _rates(chosen)
            axes.plot(x, y, "o", color=colour, markersize=8, markeredgecolor="white")
            lowest = min([lowest, y, *fpr[shown][tpr[shown] > 0.05]])
        if baseline is not None:
            x, y = _rates(baseline)
            axes.plot(x, y, "P", color=_MARKER, markersize=11, label="Cut-based selection")
        axes.set_xlim(0, 1)
        axes.set_ylim(max(0.5 * lowest, _LOWEST), 1.5)
        axes.set_xlabel("Signal efficiency")
        axes.set_ylabel("Background efficiency")
        axes.legend(loc="upper left")
    return figure


def _rates(point: WorkingPoint) -> tuple[float, float]:
    """Signal and background efficiency of a threshold."""
    signal, background = point.tp + point.fn, point.fp + point.tn
    return point.tp / max(signal, 1e-300), max(point.fp / max(background, 1e-300), _LOWEST)


def score_figure(judgement: Judgement, look: Look | None = None) -> Figure:
    """Draw the calibrated probability of signal and background rows, and the threshold.

    Parameters
    ----------
    judgement : Judgement
        The model.
    look : Look, optional
        Style and texts.
    """
    edges, signal, background = (np.array(item, dtype=np.float64) for item in judgement.scores)
    with canvas(look) as (figure, (axes,)):
        axes.set_yscale("log")
        axes.set_xlim(edges[0], edges[-1])
        floor = 0.5
        for values, colour, name in (
            (background, "#3f90da", "Background"),
            (signal, "#bd1f01", "Signal"),
        ):
            axes.stairs(
                np.maximum(values, floor), edges, baseline=floor, fill=True, color=colour, alpha=0.3
            )
            axes.stairs(
                np.maximum(values, floor), edges, baseline=floor, color=colour, linewidth=1.8,
                label=f"{name} ({values.sum():,.0f})",
            )  # fmt: skip
        threshold = judgement.points[0].threshold
        axes.axvline(
            threshold, color=_MARKER, linestyle="--", label=f"Threshold {threshold:.2f}"
        )  # fmt: skip
        axes.set_ylim(floor, 2 * max(signal.max(), background.max()))
        axes.set_xlabel("Calibrated probability of signal")
        axes.set_ylabel("Base-tracks")
        make_room(axes, edges, np.maximum(signal, background), title=judgement.title)
    return figure
