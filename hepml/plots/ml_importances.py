"""Which inputs a model lives on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hepml.ml.class_results import ClassJudgement
from hepml.ml.results import Judgement
from hepml.plots.canvas import canvas
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["importance_figure"]


def importance_figure(
    judgement: Judgement | ClassJudgement,
    look: Look | None = None,
    most: int = 20,
    lost: str = "Average precision lost when shuffled",
) -> Figure:
    """Draw what a model loses without a feature, and the share of the gain that it has.

    Parameters
    ----------
    judgement : Judgement
        The model.
    look : Look, optional
        Style and texts.
    most : int
        Most features shown, the most important ones.
    lost : str
        What is lost, for the legend.
    """
    shown = judgement.importances[:most][::-1]
    place = np.arange(len(shown))
    gain = [item.gain for item in shown]
    known = all(item.permutation is not None for item in shown)
    with canvas(look) as (figure, (axes,)):
        height = 0.38 if known else 0.7
        axes.barh(
            place - height / 2 * known, gain, height, color="#3f90da", label="Share of the gain"
        )
        if known:
            loss = [item.permutation or 0.0 for item in shown]
            error = [item.permutation_error or 0.0 for item in shown]
            axes.barh(
                place + height / 2, loss, height, xerr=error, color="#ffa90e",
                label=lost, error_kw={"elinewidth": 1.2},
            )  # fmt: skip
        axes.set_yticks(place, [item.feature for item in shown], size=12)
        axes.tick_params(axis="y", which="both", length=0)
        _make_room(figure, axes)
        axes.set_ylim(-0.7, len(shown) - 0.3)
        axes.axvline(0.0, color="0.4", linewidth=0.8)
        axes.set_xlim(right=1.08 * axes.get_xlim()[1])
        axes.set_xlabel("Importance")
        axes.legend(loc="lower right", title=judgement.title)
    return figure


def _make_room(figure: Figure, axes: Axes) -> None:
    """Move the frame to the right of the longest name."""
    figure.canvas.draw()
    widest = max(text.get_window_extent().width for text in axes.get_yticklabels())
    frame = axes.get_position()
    left = min(widest / figure.bbox.width + 0.03, 0.6)
    axes.set_position((left, frame.y0, frame.x1 - left, frame.height))
