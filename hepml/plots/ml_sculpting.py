"""Mass spectra in slices of a score, and how much they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.ml.production.results import Sculpting
from hepml.plots.canvas import canvas
from hepml.plots.ml_classes import Palette, palette
from hepml.plots.panels import tidy
from hepml.plots.samples import colours
from hepml.plots.style import Look, make_room

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["sculpting_figure", "sculpting_summary"]


def sculpting_figure(
    found: Sculpting,
    look: Look | None = None,
    *,
    label: str = "Mass [GeV]",
    shown: Palette | None = None,
) -> Figure:
    """Draw the mass shape in slices of a score, and below their ratio to that of all rows.

    Parameters
    ----------
    found : Sculpting
        The spectra.
    look : Look, optional
        Style and texts.
    label : str
        Text of the mass axis.
    shown : Palette, optional
        Names of the classes.
    """
    style = shown or palette([found.score], look)
    edges = np.array(found.edges)
    centres, width = 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)
    counts = np.array([item.counts for item in found.slices]).reshape(-1, len(width))
    total = counts.sum(axis=0)
    whole = total / (total.sum() or 1.0)
    with canvas(look, lower=True) as (figure, (axes, lower)):
        axes.stairs(whole, edges, color="0.6", fill=True, alpha=0.4, label="All")
        highest = whole.copy()
        for item, colour, shift in zip(
            found.slices, colours(len(found.slices)), _shifts(len(found.slices)), strict=True
        ):
            values, errors = np.array(item.counts), np.sqrt(item.squares)
            norm = values.sum()
            if not norm > 0:
                continue
            shape, error = values / norm, errors / norm
            x = centres + shift * width
            drawn = errors > 0
            points: dict[str, Any] = {
                "fmt": "o",
                "color": colour,
                "markersize": 4.5,
                "elinewidth": 1.2,
            }
            text = f"{item.low:.3g} – {item.high:.3g} ({item.events:,})"
            axes.errorbar(x[drawn], shape[drawn], error[drawn], label=text, **points)
            highest = np.maximum(highest, np.where(drawn, shape + error, 0.0))
            # a ratio that could be anything would only hide the others
            ratio = drawn & (error < whole)
            lower.errorbar(
                x[ratio], shape[ratio] / whole[ratio], error[ratio] / whole[ratio], **points
            )
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(bottom=0)
        axes.set_ylabel("Share of the slice")
        what = f"Probability of {style.names[found.score]}, {found.rows}"
        title = f"{found.title}\n{what}\n{_text(found)}"
        options: dict[str, Any] = {
            "fontsize": 11.5,
            "title_fontsize": 12,
            "alignment": "left",
            "ncols": 2,
        }
        make_room(axes, edges, highest, title=title, **options)
        lower.axhline(1.0, color="black", linewidth=1, linestyle="--")
        lower.set_ylim(0, 2)
        lower.set_xlabel(label)
        tidy(lower, "Slice / all")
    return figure


def _shifts(count: int) -> list[float]:
    """Places of points within a bin, so that slices do not hide each other."""
    return [0.16 * (number - 0.5 * (count - 1)) for number in range(count)]


def _text(found: Sculpting) -> str:
    if found.divergence is None or found.expected is None or found.spread is None:
        return "No divergence"
    return (
        f"Divergence {1000 * found.divergence:.3g} mbit, "
        f"by chance {1000 * found.expected:.3g} $\\pm$ {1000 * found.spread:.2g}"
    )


def sculpting_summary(
    found: Sequence[Sculpting], look: Look | None = None, *, shown: Palette | None = None
) -> Figure:
    """Draw the divergence of each score, one colour per model, and what chance gives.

    Parameters
    ----------
    found : sequence of Sculpting
        Of one kind of rows.
    look, shown : Look, Palette, optional
        Style and texts; names and order of the classes.
    """
    scores = list(dict.fromkeys(item.score for item in found))
    style = shown or palette(scores, look)
    names = style.of(scores)
    models = list(dict.fromkeys(item.model for item in found))
    with canvas(look) as (figure, (axes,)):
        top = 0.0
        for number, model in enumerate(models):
            step = 0.7 / len(models)
            shift = step * (number - 0.5 * (len(models) - 1))
            colour = colours(len(models))[number]
            title = ""
            for item in found:
                if item.model != model or item.divergence is None or item.expected is None:
                    continue
                x, spread = names.index(item.score) + shift, item.spread or 0.0
                box = ([x - 0.4 * step, x + 0.4 * step], 1000 * (item.expected - 2 * spread),
                       1000 * (item.expected + 2 * spread))  # fmt: skip
                axes.fill_between(*box, color=colour, alpha=0.3, linewidth=0)
                label = None if title else item.title
                axes.plot(x, 1000 * item.divergence, "o", color=colour, markersize=7, label=label)
                title = item.title
                top = max(top, 1000 * item.divergence, box[2])
        band = "Band: 95 % of scores that do not know the mass"
        axes.plot([], [], "s", color="0.5", alpha=0.4, markersize=11, label=band)
        axes.set_xticks(range(len(names)), [style.names[name] for name in names])
        axes.tick_params(axis="x", which="both", length=0)
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.set_ylim(0, (1.18 + 0.07 * len(models)) * (top or 1.0))
        axes.set_xlabel("Score")
        axes.set_ylabel("Jensen-Shannon divergence of slices [mbit]")
        axes.legend(loc="upper left", title=f"Mass in slices of a score, {found[0].rows}")
    return figure
