"""Scans of dijet searches: what they find against the signal fraction, masses and noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.ml.dijet.published import REFERENCE, published_curves
from hepml.ml.dijet.scan_results import Summary
from hepml.plots.canvas import canvas
from hepml.plots.dijet_medians import (
    DASHES,
    MARKERS,
    SIC,
    curve_options,
    curves,
    fraction_axis,
    masses_text,
    medians,
    settings_text,
)
from hepml.plots.dijet_style import parameter_name, strategy_colour, strategy_name
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["fraction_figure", "noise_figure", "plane_figure"]


def fraction_figure(
    rows: Sequence[Summary],
    look: Look | None = None,
    *,
    background: int | None = None,
    published: bool = True,
) -> Figure:
    """Draw SIC at a false-positive rate of 0.1 % against the signal fraction, of one mass point.

    Medians with their quantiles of 16 and 84 %. Strategies that know labels are lines at any mu.

    Parameters
    ----------
    rows : sequence of Summary
        Of one mass point.
    look : Look, optional
        Style and texts.
    background : int, optional
        Background events of the data; marks where S / sqrt(B) is 1.
    published : bool
        Crosses at published values of the same mass point, strategy and noise.
    """
    with canvas(look) as (figure, (axes,)):
        low, high = fraction_axis([axes], rows)
        tops, noises = [1.0], sorted({row.noise for row in rows})
        drawn = False
        for (strategy, noise), curve in curves(rows).items():
            options = curve_options(strategy, noise, noises)
            x, y, errors = medians(curve, lambda row: row.sic_1e3, lambda row: row.mu)
            tops += [float((y + errors[1]).max(initial=0.0))]
            if len(x) == 1 and x[0] == 0:
                _line(axes, y[0], errors[:, 0], low, high, options)
            elif len(x):
                axes.errorbar(x, y, errors, capsize=2, **options)
            if published:
                top = _published(axes, curve[0], options, low, high)
                drawn, tops = drawn or top > 0, [*tops, top]
        if drawn:
            text = f"Published: {REFERENCE},\nLHC Olympics events"
            axes.plot([], [], "x", color="0.3", markersize=7, label=text)
        _expected(axes, background, low, high)
        axes.set_ylim(0.0, 1.6 * max(tops))
        axes.set_ylabel(SIC)
        # errorbars come last by themselves
        handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        names = [
            curve_options(*item, noises)["label"]
            for item in curves(rows)
            if curve_options(*item, noises)["label"] in handles
        ]
        names += [name for name in handles if name not in names]
        axes.legend(
            [handles[name] for name in names], names, loc="upper left",
            title=masses_text(rows[0]), ncols=2, fontsize=11,
        )  # fmt: skip
    return figure


def _line(
    axes: Any, value: float, errors: Any, low: float, high: float, options: dict[str, Any]
) -> None:
    """A result that does not depend on mu."""
    kept = {name: options[name] for name in ("color", "linestyle", "label")}
    axes.plot([low, high], [value, value], **kept)
    axes.fill_between(
        [low, high], value - errors[0], value + errors[1], color=options["color"], alpha=0.15,
        linewidth=0,
    )  # fmt: skip


def _published(axes: Any, row: Summary, options: dict[str, Any], low: float, high: float) -> float:
    """Published points; returns the highest, 0 without any."""
    top = 0.0
    for curve in published_curves(row.mass_point, row.strategy, row.noise):
        if not curve.mu:
            axes.plot([low, high], [curve.sic[0]] * 2, ":", color=options["color"], linewidth=1.2)
            axes.plot(np.geomspace(low, high, 4)[1:3], [curve.sic[0]] * 2, "x", color="black")
            top = curve.sic[0]
            continue
        kept = [(mu, sic) for mu, sic in zip(curve.mu, curve.sic, strict=True) if low <= mu <= high]
        if kept:
            style = {"color": options["color"], "markersize": 7, "zorder": 5}
            axes.plot(*zip(*kept, strict=True), "+" if row.noise else "x", ls="none", **style)
            top = max(top, *(sic for _, sic in kept))
    return top


def _expected(axes: Any, background: int | None, low: float, high: float) -> None:
    """Where the signal is as large as the background's fluctuation."""
    if not background:
        return
    fraction = background**-0.5 / (1 + background**-0.5)
    if low < fraction < high:
        axes.axvline(fraction, color="0.6", linestyle=":", linewidth=1.2, zorder=0.5)
        axes.text(
            0.985 * fraction, 0.3, r"S = $\sqrt{B}$", transform=axes.get_xaxis_transform(),
            fontsize=11, color="0.4", rotation=90, ha="right",
        )  # fmt: skip


def noise_figure(rows: Sequence[Summary], look: Look | None = None) -> Figure:
    """Draw SIC at a false-positive rate of 0.1 % against the number of noise features.

    At three of the signal fractions, where there are more.

    Parameters
    ----------
    rows : sequence of Summary
        Of one mass point.
    look : Look, optional
        Style and texts.
    """
    chosen = _few({row.mu for row in rows if row.mu > 0})
    groups: dict[tuple[str, float], list[Summary]] = {}
    for row in sorted(rows, key=lambda row: (row.strategy, row.mu, row.noise)):
        if not row.mu or row.mu in chosen:
            groups.setdefault((row.strategy, row.mu), []).append(row)
    with canvas(look) as (figure, (axes,)):
        tops, seen = [1.0], {strategy: 0 for strategy, _ in groups}
        for (strategy, mu), curve in groups.items():
            x, y, errors = medians(curve, lambda row: row.sic_1e3, lambda row: float(row.noise))
            place = seen[strategy]
            seen[strategy] += 1
            text = strategy_name(strategy) + (rf", $\mu$ = {mu:.2g}" if mu else "")
            axes.errorbar(
                x, y, errors, color=strategy_colour(strategy), linestyle=DASHES[place % 4],
                marker=MARKERS[place % 4], capsize=2, label=text,
            )  # fmt: skip
            tops.append(float((y + errors[1]).max(initial=0.0)))
        most = max(row.noise for row in rows)
        axes.set_xlim(-0.05 * most - 0.5, 1.05 * most + 0.5)
        axes.set_ylim(0.0, 1.6 * max(tops))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel("Noise features")
        axes.set_ylabel(SIC)
        axes.legend(loc="upper right", title=masses_text(rows[0]), ncols=2, fontsize=11)
    return figure


def _few(fractions: set[float]) -> list[float]:
    """Three of many signal fractions."""
    ordered = sorted(fractions)
    if len(ordered) <= 3:
        return ordered
    return [ordered[place] for place in (len(ordered) // 4, len(ordered) // 2, -2)]


def plane_figure(rows: Sequence[Summary], look: Look | None = None) -> Figure:
    """Draw SIC at a false-positive rate of 0.1 % at each mass point.

    Parameters
    ----------
    rows : sequence of Summary
        Of one strategy, signal fraction and number of noise features.
    look : Look, optional
        Style and texts.
    """
    there = [row for row in rows if row.sic_1e3.median is not None]
    with canvas(look) as (figure, (axes,)):
        x, y = (np.array([row.mass_point[place] for row in there]) for place in (0, 1))
        values = np.array([row.sic_1e3.median for row in there], float)
        top = max(float(values.max(initial=1.0)), 1.0)
        # as many squares beside each other as there are masses
        side = min(350 / (1 + max(len(set(x)), len(set(y)), 1)), 40)
        drawn = axes.scatter(
            x, y, c=values, s=side**2, marker="s", cmap="viridis", vmin=0, vmax=top
        )
        for one, two, value in zip(x, y, values, strict=True):
            colour = "black" if value > 0.6 * top else "white"
            axes.text(one, two, f"{value:.1f}", ha="center", va="center", size=9, color=colour)
        bar = figure.colorbar(drawn, ax=axes, pad=0.02)
        bar.set_label(SIC)
        room = 0.08 * max(float(np.ptp([*x, *y])) if len(x) else 0.0, 300.0)
        for limits, values in ((axes.set_xlim, x), (axes.set_ylim, y)):
            limits(min(values, default=0) - room, max(values, default=1) + 2 * room)
        axes.set_xlabel(parameter_name("mx"))
        axes.set_ylabel(parameter_name("my"))
        words = settings_text(rows[0])
        axes.text(0.03, 0.965, words, transform=axes.transAxes, va="top", size=13)
    return figure
