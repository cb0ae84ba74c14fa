"""Distributions of dijet searches: scores by truth, dijet masses before and after cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.ml.dijet.results import DijetJudgement, MassShapes, ScoreShapes, Shape
from hepml.plots.canvas import canvas
from hepml.plots.dijet_style import mode_name
from hepml.plots.panels import tidy
from hepml.plots.style import Look, make_room

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["mass_figure", "score_figure"]

_BACKGROUND = "#94a4a2"
_SIGNALS = ("#bd1f01", "#3f90da", "#832db6", "#ffa90e")


def score_figure(found: DijetJudgement, look: Look | None = None) -> Figure:
    """Draw the score of background and of each decay mode, each with unit area.

    Parameters
    ----------
    found : DijetJudgement
        With histograms of its score.
    look : Look, optional
        Style and texts.
    """
    shapes = _coarser(found.scores)
    edges = np.array(shapes.edges)
    with canvas(look) as (figure, (axes,)):
        axes.set_yscale("log")
        tops, least = np.zeros(len(edges) - 1), 1.0
        for place, shape in enumerate(shapes.shapes):
            values = _density(shape, edges)
            options: dict[str, Any] = {"color": _SIGNALS[(place - 1) % 4], "linewidth": 1.8}
            if not place:
                options = {"color": _BACKGROUND, "fill": True, "alpha": 0.5}
            axes.stairs(values, edges, label=_label(shape, place), **options)
            tops = np.maximum(tops, values)
            least = min(least, float(values[values > 0].min(initial=1.0)))
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(0.5 * least)
        axes.set_xlabel(_score_name(shapes))
        axes.set_ylabel("Events / bin width, unit area")
        make_room(axes, edges, tops, title=found.title)
    return figure


def _coarser(shapes: ScoreShapes) -> ScoreShapes:
    """Fewer bins where a class has few events."""
    bins = len(shapes.edges) - 1
    fewest = min((sum(item.counts) for item in shapes.shapes), default=0.0)
    step = next((n for n in (1, 2, 3, 4, 5) if bins % n == 0 and fewest * n >= 5 * bins), 5)
    if bins % step:
        return shapes
    grouped = tuple(
        Shape(name=item.name, counts=tuple(np.reshape(item.counts, (-1, step)).sum(1).tolist()))
        for item in shapes.shapes
    )
    return shapes.model_copy(update={"edges": shapes.edges[::step], "shapes": grouped})


def _score_name(shapes: ScoreShapes) -> str:
    return "ln(score / (1 - score))" if shapes.logit else "Score"


def _label(shape: Shape, place: int) -> str:
    events = f"{sum(shape.counts):,.0f} events"
    return f"Background ({events})" if not place else f"Signal, {mode_name(shape.name)} ({events})"


def _density(shape: Shape, edges: Any) -> Any:
    """Unit area; nothing where there are no events."""
    counts = np.array(shape.counts)
    return counts / max(counts.sum(), 1e-300) / np.diff(edges)


def mass_figure(masses: MassShapes, look: Look | None = None, *, title: str = "") -> Figure:
    """Draw dijet masses of background before and after cuts on the score, and of signal.

    All with unit area; the lower panel has the background after cuts over that before.

    Parameters
    ----------
    masses : MassShapes
        Histograms.
    look : Look, optional
        Style and texts.
    title : str
        Name of the strategy.
    """
    fine = np.array(masses.edges)
    with canvas(look, lower=True) as (figure, (upper, lower)):
        every = np.array(masses.background[0].counts)
        upper.stairs(
            _density(masses.background[0], fine), fine, fill=True, color=_BACKGROUND, alpha=0.5,
            label=f"Background ({every.sum():,.0f})",
        )  # fmt: skip
        top = float(_density(masses.background[0], fine).max(initial=0.0))
        counts, edges, _ = _grouped(np.array(masses.signal[0].counts), fine, every)
        signal = counts / max(counts.sum(), 1e-300) / np.diff(edges)
        upper.stairs(signal, edges, color="0.3", linestyle="--", label="Signal")
        rows = list(zip(masses.rates, masses.background, masses.p, strict=True))[1:]
        for place, (rate, shape, p) in enumerate(rows):
            colour = _SIGNALS[place % 4]
            counts, edges, whole = _grouped(np.array(shape.counts), fine, every)
            if not counts.sum():
                continue
            centres, widths = 0.5 * (edges[1:] + edges[:-1]), np.diff(edges)
            scale = 1 / counts.sum() / widths
            text = f"FPR {rate:g} ({counts.sum():,.0f})" + (f", KS p = {p:.2g}" if p else "")
            options: dict[str, Any] = {"fmt": "o", "color": colour, "elinewidth": 1.3}
            upper.errorbar(
                centres, counts * scale, np.sqrt(counts) * scale, 0.5 * widths, label=text,
                **options,
            )  # fmt: skip
            top = max(top, float(((counts + np.sqrt(counts)) * scale).max()))
            norm = np.where(whole > 0, counts.sum() * whole / every.sum(), np.nan)
            lower.errorbar(centres, counts / norm, np.sqrt(counts) / norm, 0.5 * widths, **options)
        upper.set_xlim(fine[0], fine[-1])
        upper.set_ylim(0, 1.6 * max(top, float(signal.max(initial=0.0))))
        upper.set_ylabel("Events / GeV, unit area")
        upper.legend(loc="upper right", title=title, ncols=2, fontsize=12)
        lower.axhline(1.0, color="black", linewidth=1, linestyle="--")
        lower.set_ylim(0.0, 2.0)
        lower.set_xlabel("$m_{jj}$ [GeV]")
        tidy(lower, "Cut / all")
    return figure


def _grouped(counts: Any, edges: Any, every: Any) -> tuple[Any, Any, Any]:
    """As many neighbouring bins in one as make about 16 events in each; never fewer than four."""
    for step in (1, 2, 4, 5, 8, 10):
        if len(counts) % step == 0 and (counts.sum() * step / len(counts) >= 16 or step == 10):
            shape = (-1, step)
            return (
                counts.reshape(shape).sum(axis=1),
                edges[::step],
                every.reshape(shape).sum(axis=1),
            )
    return counts, edges, every
