"""What categories hold, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hepml.ml.production.results import Categories, Category
from hepml.plots.canvas import canvas
from hepml.plots.ml_classes import Palette, palette
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["categories_figure"]


def categories_figure(
    found: Categories,
    look: Look | None = None,
    *,
    title: str = "",
    shown: Palette | None = None,
) -> Figure:
    """Draw expected signal and background by category, and the significance of each below.

    Parameters
    ----------
    found : Categories
        The analysis.
    look : Look, optional
        Style and texts.
    title : str
        Name of the model.
    shown : Palette, optional
        Names, colours and order of the classes; default: those of figures of a run.
    """
    classes = list(found.of_class)
    style = shown or palette(classes, look)
    rows = [*_ordered(found, style), found.inclusive]
    names = [style.names.get(item.name, item.name) for item in rows[:-1]]
    x = np.arange(len(rows))
    with canvas(look, lower=True) as (figure, (axes, lower)):
        axes.set_yscale("log")
        bottom = _lowest(found)
        below = np.zeros(len(rows))
        for name in reversed(style.of(classes)):
            heights = np.array([max(item.signal[name], 0.0) for item in rows])
            axes.bar(
                x - 0.2, heights, 0.36, bottom=np.maximum(below, bottom),
                color=style.colours[name], label=style.names[name],
            )  # fmt: skip
            below = below + heights
        background = np.array([item.background for item in rows])
        errors = np.array([item.background_error for item in rows])
        axes.errorbar(
            x + 0.2, background, np.minimum(errors, np.stack([0.95 * background, errors])),
            fmt="o", color="black", elinewidth=1.5, label="Background",
        )  # fmt: skip
        highest = max([*below, *(background + errors)])
        axes.set_ylim(bottom, highest * (highest / bottom) ** 0.45)
        axes.set_ylabel(f"Events in {found.window[0]:g} – {found.window[1]:g} GeV")
        heading = f"{title or found.model}, {'by ' if found.by else ''}{found.by}"
        axes.legend(loc="upper left", ncols=3, title=heading, alignment="left")
        _significances(lower, [item.significance for item in rows], found.significance)
        lower.set_xticks(x, [*names, "Inclusive"])
        lower.set_xlim(-0.6, len(rows) - 0.4)
        for each in (axes, lower):
            each.tick_params(axis="x", which="both", length=0)
            each.axvline(len(rows) - 1.5, color="0.5", linewidth=1, linestyle=":")
    return figure


def _ordered(found: Categories, style: Palette) -> list[Category]:
    """Categories; those that have the names of classes in the order of these."""
    names = [item.name for item in found.categories]
    if not set(names) <= set(style.order):
        return list(found.categories)
    return sorted(found.categories, key=lambda item: style.order.index(item.name))


def _lowest(found: Categories) -> float:
    """Lower end of the axis: below the smallest thing that can be seen at all."""
    seen = [value for item in found.categories for value in (item.total, item.background)]
    return max(0.3 * min((value for value in seen if value > 0), default=1.0), 1e-4)


def _significances(lower: Axes, values: Sequence[float], total: float) -> None:
    """One bar a category, the last one the inclusive analysis, and a line for all together."""
    lower.bar(range(len(values)), values, 0.6, color="0.75")
    label = f"All categories: {total:.3g}"
    lower.axhline(total, color="#bd1f01", linestyle="--", label=label)
    top = max(total, *values, 1e-9)
    for place, value in enumerate(values):
        lower.text(
            place, value + 0.04 * top, f"{value:.2g}", ha="center", va="bottom", size=12,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )  # fmt: skip
    lower.set_ylim(0, 1.5 * top)
    lower.set_ylabel("Expected Z", loc="center")
    lower.legend(loc="upper left", fontsize=12)
