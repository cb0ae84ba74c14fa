"""Figures of the systematic uncertainty of top taggers: by source, by pT, against performance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.toptag.components import Component, Systematics
from hepml.ml.toptag.published import Baseline
from hepml.ml.toptag.results import MetricSet
from hepml.plots.canvas import canvas
from hepml.plots.panels import tidy
from hepml.plots.samples import colours
from hepml.plots.style import Look, make_room
from hepml.plots.toptag_curves import PT
from hepml.stats.wording import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["breakdown_figure", "performance_figure", "sources_figure"]

Floats = NDArray[np.float64]

_GROUPS = ("cluster", "track", "model", "scale")


def _group_colours() -> dict[str, str]:
    return dict(zip(_GROUPS, colours(len(_GROUPS)), strict=True))


def breakdown_figure(found: Systematics, look: Look | None = None, *, title: str = "") -> Figure:
    """Draw the uncertainty in bins of pT, groups of sources stacked in quadrature.

    The upper end of a colour is the quadratic sum of it and of those below; the topmost is the
    total. The lower panel has each group's share of the total's square.

    Parameters
    ----------
    found : Systematics
        The uncertainties.
    look : Look, optional
        Style and texts.
    title : str
        Name of the tagger.
    """
    shown = [name for name in _GROUPS if found.combination(name).components]
    squares = [_per_cent(found.combination(name).bins) ** 2 for name in shown]
    edges = np.array(found.edges)
    sums = np.cumsum([np.zeros(len(edges) - 1), *squares], axis=0)
    hues = _group_colours()
    with canvas(look, lower=True) as (figure, (axes, lower)):
        whole = np.where(sums[-1] > 0, sums[-1], 1.0)
        for place, name in enumerate(shown):
            item = found.combination(name)
            lacking = " (incomplete)" if _lacks(found, name) else ""
            options: dict[str, Any] = {"fill": True, "color": hues[name], "alpha": 0.85}
            low, high = sums[place], sums[place + 1]
            axes.stairs(
                np.sqrt(high), edges, baseline=np.sqrt(low), label=item.title + lacking, **options
            )
            lower.stairs(100 * high / whole, edges, baseline=100 * low / whole, **options)
        top = np.sqrt(sums[-1])
        axes.stairs(top, edges, color="black", linewidth=1.6, label="Total, added in quadrature")
        unsure = np.array(found.gaps) & (top > 0)
        if unsure.any():
            style: dict[str, Any] = {"facecolor": "none", "edgecolor": "0.3", "linewidth": 0}
            heights = np.where(unsure, top, 0.0)
            axes.stairs(
                heights, edges, fill=True, hatch="///", label="Some sources unknown", **style
            )
        far = _extrapolated(found)
        if far is not None:
            for panel in (axes, lower):
                panel.axvline(far, color="0.2", linestyle=":", linewidth=1.5)
            axes.plot(
                [], [], ":", color="0.2", label="Right of it signal\nmodelling is extrapolated"
            )
        absent = [_GROUP_TITLES[name] for name in _GROUPS if name not in shown]
        if absent:
            axes.plot([], [], " ", label=f"Unknown: {', '.join(absent)}")
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(bottom=0)
        axes.set_ylabel(f"Uncertainty of rejection at {found.efficiency:g} [%]")
        make_room(axes, edges, np.where(top > 0, top, 1.0), title=title, fontsize=11.5, ncols=2)
        lower.set_ylim(0, 100)
        lower.set_xlabel(PT)
        tidy(lower, "Variance [%]")
    return figure


_GROUP_TITLES = {"cluster": "clusters", "track": "tracks", "model": "modelling", "scale": "scales"}


def _per_cent(values: Sequence[float | None]) -> Floats:
    return np.array([0.0 if value is None else 100 * value for value in values])


def _lacks(found: Systematics, group: str) -> bool:
    return any(item.group == group and item.status != "complete" for item in found.components)


def _extrapolated(found: Systematics) -> float | None:
    """pT above which a source was not measured."""
    for item in found.components:
        if any(item.extrapolated) and item.value is not None:
            return found.edges[item.extrapolated.index(True)]
    return None


def sources_figure(found: Systematics, look: Look | None = None, *, title: str = "") -> Figure:
    """Draw every source and sum for all jets as bars; what is not known says so.

    Parameters
    ----------
    found : Systematics
        The uncertainties; thin lines are statistical errors.
    look : Look, optional
        Style and texts.
    title : str
        Name of the tagger.
    """
    hues = _group_colours()
    rows: list[tuple[str, float | None, float | None, str, str]] = []
    for name in _GROUPS:
        rows += [_row(item, hues[name]) for item in found.components if item.group == name]
    total = found.total
    rows.append((total.title, total.value, total.error, "0.25", _remark(total.missing)))
    largest = max([value or 0.0 for _, value, _, _, _ in rows] + [0.01])
    ends = [(value or 0.0) + min(error or 0.0, 3 * largest) for _, value, error, _, _ in rows]
    with canvas(look) as (figure, (axes,)):
        axes.set_position((0.365, 0.115, 0.6, 0.82))
        for place, (_, value, error, colour, remark) in enumerate(rows):
            axes.barh(place, 100 * (value or 0.0), color=colour, alpha=0.85, height=0.72)
            if value is not None and error is not None:
                line = [100 * max(value - error, 0.0), 100 * ends[place]]
                axes.plot(line, [place, place], color="0.15", linewidth=1.2)
            number = "" if value is None else f"{percent(value)} %"
            end = 100 * ends[place] + 2 * max(ends)
            text = "  ".join(part for part in (number, remark) if part)
            axes.text(end, place, text, va="center", fontsize=10.5)
        axes.set_yticks(range(len(rows)), [name for name, *_ in rows], fontsize=12)
        axes.tick_params(axis="y", which="both", length=0)
        axes.invert_yaxis()
        axes.set_xlim(0, 165 * max(ends))
        axes.set_xlabel(f"Uncertainty of rejection at {found.efficiency:g} [%]")
        if title:
            axes.text(1.0, 1.015, title, transform=axes.transAxes, ha="right")
    return figure


def _row(item: Component, colour: str) -> tuple[str, float | None, float | None, str, str]:
    remark = ""
    if item.status == "skipped":
        remark = f"not known: no {', '.join(item.missing)}"
    elif item.status == "partial":
        remark = f"without {', '.join(item.missing)}"
    return item.title, item.value, item.error, colour, remark


def _remark(missing: Sequence[str]) -> str:
    return "lower bound" if missing else ""


def performance_figure(
    nominal: MetricSet,
    found: Systematics,
    look: Look | None = None,
    *,
    title: str = "",
    published: Sequence[Baseline] = (),
) -> Figure:
    """Draw the total uncertainty against the rejection, beside published taggers.

    Parameters
    ----------
    nominal : MetricSet
        Nominal metrics.
    found : Systematics
        Its uncertainties.
    look : Look, optional
        Style and texts.
    title : str
        Name of the tagger.
    published : sequence of Baseline
        Points where their uncertainty is known, else lines at their rejection.
    """
    own, total = nominal.rejection(found.efficiency), found.total
    beside = published if found.efficiency == 0.5 else ()
    known = [item for item in beside if item.uncertainty is not None]
    heights = [100 * (item.uncertainty or 0.0) for item in known]
    with canvas(look) as (figure, (axes,)):
        axes.set_xscale("log")
        if own.value is not None and total.value is not None:
            error = min(own.error or 0.0, 0.9 * own.value), 100 * (total.error or 0.0)
            bound = " (lower bound)" if total.missing else ""
            axes.errorbar(
                own.value, 100 * total.value, xerr=error[0], yerr=error[1], fmt="o",
                color="#bd1f01", markersize=10, capsize=3, label=f"{title or 'Tagger'}{bound}",
            )  # fmt: skip
            heights.append(100 * total.value + error[1])
        top = 1.5 * max([*heights, 1.0])
        for item in known:
            point = item.rejection_50, 100 * (item.uncertainty or 0.0)
            axes.plot(*point, "o", color="0.3", markerfacecolor="none", markersize=9)
            axes.annotate(f" {item.title}", point, fontsize=12, va="bottom")
        for item in beside:
            if item.uncertainty is None:
                axes.axvline(item.rejection_50, color="0.6", linestyle="--", linewidth=1.1)
                axes.text(
                    item.rejection_50, 0.015 * top, f" {item.title}", rotation=90, fontsize=11.5,
                    va="bottom", ha="right", color="0.35",
                )  # fmt: skip
        if beside:
            text = f"Published, {beside[0].reference}: other jets and training"
            text += "" if known else ";\nno uncertainty at hand"
            style = {"marker": "o", "markerfacecolor": "none", "linestyle": " "}
            line: dict[str, Any] = style if known else {"linestyle": "--"}
            axes.plot([], [], color="0.5", label=text, **line)
        every = [item.rejection_50 for item in beside] + ([own.value] if own.value else [])
        axes.set_xlim(0.6 * min([*every, 10.0]), 1.8 * max([*every, 20.0]))
        axes.set_ylim(0, top)
        axes.set_xlabel(f"Background rejection at {found.efficiency:g}")
        axes.set_ylabel("Systematic uncertainty [%]")
        axes.legend(loc="upper left", fontsize=11.5)
    return figure
