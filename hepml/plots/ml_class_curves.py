"""ROC curves, score distributions and reliability of classifiers of several classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.ml.class_results import ClassJudgement, ClassScores
from hepml.ml.results import Interval
from hepml.plots.canvas import canvas
from hepml.plots.ml_classes import Palette, palette
from hepml.plots.samples import colours
from hepml.plots.style import Look, make_room

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "areas_figure",
    "class_roc",
    "class_scores",
    "history_figure",
    "reliability_figure",
]

_LOWEST = 1e-4


def class_roc(
    judgement: ClassJudgement, look: Look | None = None, *, shown: Palette | None = None
) -> Figure:
    """Draw the efficiency of the rest against that of each class.

    Parameters
    ----------
    judgement : ClassJudgement
        The model.
    look, shown : Look, Palette, optional
        Style and texts; names and colours of the classes.
    """
    style = shown or palette(judgement.classes, look)
    with canvas(look) as (figure, (axes,)):
        axes.set_yscale("log")
        diagonal = np.linspace(1e-3, 1, 200)
        axes.plot(diagonal, diagonal, "--", color="0.5", linewidth=1.2)
        lowest = 1.0
        for name in style.of(list(judgement.roc)):
            curve = judgement.roc[name]
            x, y = np.array(curve.x), np.array(curve.y)
            drawn = y > 0
            label = f"{style.names[name]}: {_value(judgement.auc[name])}"
            axes.plot(x[drawn], y[drawn], "-", color=style.colours[name], label=label)
            lowest = min([lowest, *y[drawn][x[drawn] > 0.1]])
        axes.set_xlim(0, 1)
        bottom = max(0.5 * lowest, _LOWEST)
        # the legend stands above all curves
        axes.set_ylim(bottom, (1 / bottom) ** 0.42)
        axes.set_xlabel("Efficiency of the class")
        axes.set_ylabel("Efficiency of the other classes")
        columns = 2 if len(judgement.roc) > 2 else 1
        title = f"{judgement.title}: area under the curve"
        axes.legend(loc="upper left", ncols=columns, title=title, alignment="left")
    return figure


def _value(found: Interval) -> str:
    if found.value is None:
        return "not defined"
    error = "" if found.error is None else f" $\\pm$ {found.error:.3f}"
    return f"{found.value:.3f}{error}"


def class_scores(
    judgement: ClassJudgement,
    scores: ClassScores,
    look: Look | None = None,
    *,
    shown: Palette | None = None,
) -> Figure:
    """Draw the probability of one class for the rows of each class, all of one area.

    Parameters
    ----------
    judgement : ClassJudgement
        The model.
    scores : ClassScores
        One of its histograms.
    look, shown : Look, Palette, optional
        Style and texts; names and colours of the classes.
    """
    style = shown or palette(judgement.classes, look)
    edges = np.array(scores.edges)
    with canvas(look) as (figure, (axes,)):
        axes.set_yscale("log")
        axes.set_xlim(edges[0], edges[-1])
        highest = np.zeros(len(edges) - 1)
        lowest = 1.0
        for name in style.of(judgement.classes):
            weights = np.array(scores.weights[judgement.classes.index(name)])
            total = weights.sum()
            if not total > 0:
                continue
            values = weights / total
            lowest = min([lowest, *values[values > 0]])
            highest = np.maximum(highest, values)
            own = name == scores.score
            options: dict[str, Any] = {"color": style.colours[name], "baseline": 1e-12}
            filled = np.maximum(values, 1e-12)
            if own:
                axes.stairs(filled, edges, fill=True, alpha=0.3, **options)
            axes.stairs(
                filled, edges, label=style.names[name], linewidth=2.4 if own else 1.6, **options
            )
        axes.set_ylim(max(0.5 * lowest, 1e-5), 2.0)
        axes.set_xlabel(f"Probability of {style.names[scores.score]}")
        axes.set_ylabel("Share of the class (signed weights)")
        make_room(axes, edges, highest, title=judgement.title)
    return figure


def reliability_figure(
    judgement: ClassJudgement, look: Look | None = None, *, shown: Palette | None = None
) -> Figure:
    """Draw the share of each class among rows of a probability.

    Parameters
    ----------
    judgement : ClassJudgement
        The model.
    look, shown : Look, Palette, optional
        Style and texts; names and colours of the classes.
    """
    style = shown or palette(judgement.classes, look)
    with canvas(look, lower=True) as (figure, (axes, lower)):
        axes.plot([0, 1], [0, 1], "--", color="0.5", linewidth=1.2)
        lower.axhline(0.0, color="0.5", linestyle="--", linewidth=1.2)
        for name in style.of(list(judgement.reliability)):
            found = judgement.reliability[name]
            x, y = np.array(found.predicted), np.array(found.observed)
            options: dict[str, Any] = {
                "fmt": "o",
                "color": style.colours[name],
                "markersize": 5,
                "elinewidth": 1.2,
            }
            label = f"{style.names[name]}: {found.ece:.3f}"
            axes.errorbar(x, y, found.errors, label=label, **options)
            lower.errorbar(x, y - x, found.errors, **options)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.05)
        axes.set_ylabel("Share of the class")
        lower.set_ylim(-0.3, 0.3)
        lower.set_ylabel("Difference")
        lower.set_xlabel("Probability of the class")
        title = f"{judgement.title}:\nmean distance, classes as in training"
        axes.legend(loc="upper left", title=title, alignment="left")
    return figure


def history_figure(judgement: ClassJudgement, look: Look | None = None) -> Figure:
    """Draw the loss after each round of the training.

    Parameters
    ----------
    judgement : ClassJudgement
        A model that has a history.
    look : Look, optional
        Style and texts.
    """
    history = judgement.history
    losses = {} if history is None else history.losses
    with canvas(look) as (figure, (axes,)):
        for (name, values), colour in zip(losses.items(), colours(len(losses)), strict=True):
            rounds = np.arange(1, len(values) + 1)
            axes.plot(rounds, values, "-", color=colour, label=name.capitalize())
        if history is not None and history.best is not None:
            best = history.best
            axes.axvline(best, color="0.2", linestyle="--", label=f"Best: round {best}")
        if history is not None and "log" in history.metric:
            axes.axhline(judgement.guess, color="0.6", linestyle=":", label="No separation")
        axes.set_xlabel("Round")
        axes.set_ylabel("Loss per row")
        axes.set_xlim(left=0)
        axes.legend(loc="best", title=judgement.title)
    return figure


def areas_figure(
    judgements: Sequence[ClassJudgement],
    look: Look | None = None,
    *,
    shown: Palette | None = None,
) -> Figure:
    """Draw the area of each class side by side, one colour per model.

    Parameters
    ----------
    judgements : sequence of ClassJudgement
        Models of the same classes.
    look, shown : Look, Palette, optional
        Style and texts; names and order of the classes.
    """
    style = shown or palette(judgements[0].classes, look)
    names = style.of(judgements[0].classes)
    with canvas(look) as (figure, (axes,)):
        lowest = 0.5
        for number, item in enumerate(judgements):
            step = 0.7 / len(judgements)
            shift = step * (number - 0.5 * (len(judgements) - 1))
            found = [(k, item.auc[name]) for k, name in enumerate(names)]
            found.append((len(names), item.macro_auc))
            points = [
                (k + shift, area.value, area.value - (area.low or area.value),
                 (area.high or area.value) - area.value)
                for k, area in found if area.value is not None
            ]  # fmt: skip
            if not points:
                continue
            x, y, below, above = np.array(points).T
            axes.errorbar(
                x, y, [np.maximum(below, 0), np.maximum(above, 0)], fmt="o", markersize=6,
                color=colours(len(judgements))[number], elinewidth=1.5, label=item.title,
            )  # fmt: skip
            lowest = min(lowest, float((y - below).min()))
        axes.axhline(0.5, color="0.5", linestyle="--", linewidth=1.2)
        for k in range(len(names)):
            axes.axvline(k + 0.5, color="0.85", linewidth=1, zorder=0)
        axes.set_xticks(range(len(names) + 1), [*(style.names[name] for name in names), "Mean"])
        axes.tick_params(axis="x", which="both", length=0)
        axes.set_xlim(-0.5, len(names) + 0.5)
        axes.set_ylim(lowest - 0.05, 1.03 + 0.045 * (len(judgements) + 1))
        axes.set_ylabel("Area under the ROC curve, class against the rest")
        axes.legend(loc="upper left")
    return figure
