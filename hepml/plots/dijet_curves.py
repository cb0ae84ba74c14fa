"""ROC and significance improvement of dijet searches, against each other and with their errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.ml.dijet.results import DijetJudgement
from hepml.plots.canvas import canvas
from hepml.plots.dijet_style import strategy_colour
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["roc_figure", "sic_figure"]

_FPR, _TPR = "False-positive rate", "Signal efficiency"


def roc_figure(
    found: Sequence[DijetJudgement],
    look: Look | None = None,
    *,
    trials: Sequence[DijetJudgement] = (),
) -> Figure:
    """Draw false-positive rate against signal efficiency.

    Parameters
    ----------
    found : sequence of DijetJudgement
        Scores of the same events.
    look : Look, optional
        Style and texts.
    trials : sequence of DijetJudgement
        Thin lines behind.
    """
    with canvas(look) as (figure, (axes,)):
        axes.set_yscale("log")
        lowest = 1e-3
        for place, item in enumerate(trials):
            axes.plot(
                item.efficiency.tpr, item.efficiency.fpr, color="0.75", linewidth=0.8, zorder=1,
                label=f"Trials ({len(trials)})" if not place else None,
            )  # fmt: skip
        for place, item in enumerate(found):
            curve, colour = item.efficiency, strategy_colour(item.name, place)
            fpr = np.array(curve.fpr)
            axes.plot(curve.tpr, fpr, color=colour, label=f"{item.title}, {_auc(item)}", zorder=3)
            for point in curve.points:
                if point.tpr.value is not None:
                    axes.errorbar(
                        point.tpr.value, point.fpr, xerr=point.tpr.error, fmt="o", color=colour,
                        capsize=2, zorder=4,
                    )  # fmt: skip
            # where too few pass to tell anything
            lowest = min(lowest, max(5 / max(curve.background, 5), float(fpr.min(initial=1.0))))
        random = np.geomspace(lowest, 1.0, 60)
        axes.plot(random, random, color="0.4", linestyle="--", label="Random number", zorder=2)
        axes.set_xlim(0.0, 1.0)
        axes.set_ylim(lowest, 30.0)
        # room for the legend is no share of events
        axes.set_yticks(10.0 ** np.arange(int(np.ceil(np.log10(lowest))), 1))
        axes.minorticks_off()
        axes.set_xlabel(_TPR)
        axes.set_ylabel(_FPR)
        axes.legend(loc="upper left")
    return figure


def sic_figure(
    found: Sequence[DijetJudgement],
    look: Look | None = None,
    *,
    trials: Sequence[DijetJudgement] = (),
) -> Figure:
    """Draw the significance improvement against the false-positive rate.

    Fixed points have their binomial errors; the maximum is a star. Cuts that fewer background
    events pass than the maximum needs are dotted.

    Parameters
    ----------
    found : sequence of DijetJudgement
        Scores of the same events.
    look : Look, optional
        Style and texts.
    trials : sequence of DijetJudgement
        Thin lines behind.
    """
    with canvas(look) as (figure, (axes,)):
        axes.set_xscale("log")
        tops, lows = [1.0], [1e-2]
        for place, item in enumerate(trials):
            fpr, sic, enough = _curve(item)
            axes.plot(
                fpr[enough], sic[enough], color="0.75", linewidth=0.8, zorder=1,
                label=f"Trials ({len(trials)})" if not place else None,
            )  # fmt: skip
            tops.append(float(sic[enough].max(initial=0.0)))
        for place, item in enumerate(found):
            top, low = _improvement(axes, item, strategy_colour(item.name, place))
            tops.append(top)
            lows.append(low)
        random = np.geomspace(min(lows), 1.0, 60)
        axes.plot(random, np.sqrt(random), color="0.4", linestyle="--", label="Random number")
        axes.set_xlim(min(lows), 1.0)
        axes.set_ylim(0.0, 1.45 * max(tops))
        axes.set_xlabel(_FPR)
        axes.set_ylabel("Significance improvement")
        axes.legend(loc="upper right")
    return figure


def _auc(item: DijetJudgement) -> str:
    value, error = item.auc.value, item.auc.error
    if value is None:
        return "AUC unknown"
    return f"AUC {value:.4f}" + (rf" $\pm$ {error:.4f}" if error is not None else "")


def _curve(item: DijetJudgement) -> tuple[Any, Any, Any]:
    """False-positive rates, improvements, and where enough background passes."""
    curve = item.efficiency
    fpr, sic = np.array(curve.fpr), np.array(curve.sic)
    return fpr, sic, fpr * curve.background >= curve.least - 0.5


def _improvement(axes: Any, item: DijetJudgement, colour: str) -> tuple[float, float]:
    """One curve; returns its highest value and the rate where it ends."""
    fpr, sic, enough = _curve(item)
    start = int(np.argmax(enough)) if enough.any() else len(fpr)
    axes.plot(fpr[: start + 1], sic[: start + 1], ":", color=colour, linewidth=1.2, zorder=2)
    axes.plot(fpr[start:], sic[start:], color=colour, label=item.title, zorder=3)
    tops = [float(sic[enough].max(initial=0.0))]
    for point in item.efficiency.points:
        if point.sic.value is not None:
            axes.errorbar(
                point.fpr, point.sic.value, yerr=point.sic.error, fmt="o", color=colour,
                capsize=3, zorder=4,
            )  # fmt: skip
            tops.append(point.sic.value + (point.sic.error or 0.0))
    best, where = item.efficiency.sic_max, item.efficiency.sic_max_fpr
    if best.value is not None and where is not None:
        text = f"Max. {best.value:.1f}" + (
            rf" $\pm$ {best.error:.1f}" if best.error is not None else ""
        )
        axes.plot(where, best.value, "*", color=colour, markersize=13, zorder=5, label=text)
    wanted = [0.3 * point.fpr for point in item.efficiency.points]
    floor = 1 / max(item.efficiency.background, 1)
    return max(tops), max(min([*wanted, 1e-2]), floor)
