"""Matrices and tables of classes: confusion, pairs, weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.ml.class_results import ClassJudgement, ClassWeights
from hepml.plots.canvas import canvas
from hepml.plots.samples import Sample, class_colours, pretty
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Palette", "class_confusion", "pairs_figure", "palette", "weights_figure"]


@dataclass(frozen=True, slots=True)
class Palette:
    """How classes are written and coloured, in the order in which they are shown."""

    order: tuple[str, ...]
    names: dict[str, str]
    colours: dict[str, str]

    def of(self, classes: Sequence[str]) -> list[str]:
        """Some classes, in the order in which they are shown."""
        return [name for name in self.order if name in classes]


def palette(classes: Sequence[str], look: Look | None = None) -> Palette:
    """The same names, order and colours as in the figures of a run."""
    channel = "" if look is None else look.channel
    samples = {name: Sample(name, "simulation", label=name) for name in classes}
    found = class_colours(samples, channel)
    return Palette(tuple(found), {name: pretty(name, channel) for name in found}, found)


def class_confusion(
    judgement: ClassJudgement,
    look: Look | None = None,
    *,
    by: Literal["events", "weight"] = "weight",
    shown: Palette | None = None,
) -> Figure:
    """Draw what share of each true class is taken for which class.

    Parameters
    ----------
    judgement : ClassJudgement
        The model.
    look : Look, optional
        Style and texts.
    by : {"events", "weight"}
        Count rows of the table, or add up signed weights.
    shown : Palette, optional
        Names and order of the classes.
    """
    style = shown or palette(judgement.classes, look)
    names = style.of(judgement.classes)
    places = [judgement.classes.index(name) for name in names]
    matrix = judgement.confusion
    values = np.array(matrix.events if by == "events" else matrix.weights, dtype=np.float64)
    raw = matrix.by_events if by == "events" else matrix.by_weight
    shares = np.array([[np.nan if cell is None else cell for cell in row] for row in raw])
    shares, values = shares[np.ix_(places, places)], values[np.ix_(places, places)]
    with canvas(look) as (figure, (axes,)):
        texts = [
            ["–" if np.isnan(share) else f"{100 * share:.1f} %\n{_amount(value, by)}"
             for share, value in zip(*row, strict=True)]
            for row in zip(shares, values, strict=True)
        ]  # fmt: skip
        _matrix(axes, shares, texts, [style.names[name] for name in names], (0.0, 1.0))
        what = "rows" if by == "events" else "signed weights"
        axes.set_xlabel(f"{judgement.title}: taken for (shares of {what})")
        axes.set_ylabel("Truth")
    return figure


def _amount(value: float, by: str) -> str:
    return f"{value:,.0f}" if by == "events" else f"{value:.3g}"


def _matrix(
    axes: Axes,
    values: NDArray[np.float64],
    texts: Sequence[Sequence[str]],
    names: Sequence[str],
    limits: tuple[float, float],
) -> None:
    """Coloured cells with texts; the first row on top."""
    low, high = limits
    scaled = np.clip((values - low) / (high - low), 0, 1)
    axes.imshow(np.nan_to_num(scaled), cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
    size = {2: 22, 3: 19, 4: 16}.get(len(names), 14 if len(names) == 5 else 11)
    for row, column in np.ndindex(values.shape):
        axes.text(
            column, row, texts[row][column], ha="center", va="center", size=size,
            color="white" if scaled[row, column] > 0.6 else "black",
        )  # fmt: skip
    places = np.arange(len(names))
    axes.set_xticks(places, names)
    axes.set_yticks(places, names, rotation=90, va="center")
    axes.tick_params(which="both", length=0)
    axes.minorticks_off()


def pairs_figure(
    judgement: ClassJudgement, look: Look | None = None, *, shown: Palette | None = None
) -> Figure:
    """Draw the weighted area of each two classes.

    Parameters
    ----------
    judgement : ClassJudgement
        The model.
    look, shown : Look, Palette, optional
        Style and texts; names and order of the classes.
    """
    style = shown or palette(judgement.classes, look)
    names = style.of(judgement.classes)
    values = np.full((len(names), len(names)), np.nan)
    texts = [["" for _ in names] for _ in names]
    for pair in judgement.pairs:
        auc = pair.auc
        text = "–" if auc.value is None else f"{auc.value:.3f}"
        text += "" if auc.error is None else f"\n$\\pm$ {auc.error:.3f}"
        i, j = names.index(pair.first), names.index(pair.second)
        for row, column in ((i, j), (j, i)):
            values[row, column] = np.nan if auc.value is None else auc.value
            texts[row][column] = text
    with canvas(look) as (figure, (axes,)):
        _matrix(axes, values, texts, [style.names[name] for name in names], (0.5, 1.0))
        axes.set_xlabel(f"{judgement.title}: area under the ROC curve of two classes")
    return figure


def weights_figure(
    weights: Sequence[ClassWeights], look: Look | None = None, *, shown: Palette | None = None
) -> Figure:
    """Draw the table of events and weights per class.

    Parameters
    ----------
    weights : sequence of ClassWeights
        Of all classes.
    look, shown : Look, Palette, optional
        Style and texts; names and order of the classes.
    """
    style = shown or palette([item.name for item in weights], look)
    lines = sorted(weights, key=lambda item: style.order.index(item.name))
    head = ("Class", "Rows", "Negative", "Sum of weights", "Fraction", "Per row")
    rows = [
        (
            style.names[item.name],
            f"{item.events:,}",
            f"{item.negative:,}",
            f"{item.sum:.4g} $\\pm$ {item.error:.2g}",
            "–" if item.fraction is None else f"{item.fraction:.3%}",
            "–" if item.per_event is None else f"{item.per_event:.3g}",
        )
        for item in lines
    ]
    total = sum(item.events for item in weights), sum(item.negative for item in weights)
    error = float(np.sqrt(sum(item.error**2 for item in weights)))
    sums = f"{sum(item.sum for item in weights):.4g} $\\pm$ {error:.2g}"
    rows.append(("All", f"{total[0]:,}", f"{total[1]:,}", sums, "", ""))
    right = (0.17, 0.31, 0.46, 0.70, 0.85, 1.0)
    with canvas(look) as (figure, (axes,)):
        figure.set_size_inches(9.0, 1.3 + 0.42 * (len(rows) + 1))
        axes.set_position((0.03, 0.03, 0.94, 0.85))
        axes.set_axis_off()
        step = 1 / (len(rows) + 1)
        for number, row in enumerate([head, *rows]):
            y = 1 - (number + 0.5) * step
            for place, text in enumerate(row):
                left = place == 0
                axes.text(
                    0.0 if left else right[place], y, text, ha="left" if left else "right",
                    va="center", size=14, weight="bold" if number in (0,) else "normal",
                )  # fmt: skip
            if number in (0, len(rows) - 1):
                axes.plot([0, 1], [1 - (number + 1) * step] * 2, color="0.3", linewidth=1)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
    return figure
