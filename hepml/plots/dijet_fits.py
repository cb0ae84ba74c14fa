"""Fitted parameters of dijet searches: landscapes of the likelihood, estimates against truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.ml.dijet.results import DijetJudgement, Fitted, Landscape
from hepml.plots.canvas import canvas
from hepml.plots.dijet_style import parameter_name
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["landscape_figure", "parameters_figure"]

# Rises of q that hold 68.3 and 95 % for two parameters.
_LEVELS = {2.30: "68 %", 5.99: "95 %"}
_FITTED, _TRUTH = "#bd1f01", "black"


def landscape_figure(found: Landscape, look: Look | None = None, *, title: str = "") -> Figure:
    """Draw q over two parameters: the best point, the truth, and the truth mirrored.

    Parameters
    ----------
    found : Landscape
        The plane.
    look : Look, optional
        Style and texts.
    title : str
        Name of the strategy.
    """
    x, y = np.array(found.x), np.array(found.y)
    q = np.array([[np.nan if value is None else value for value in row] for row in found.q])
    with canvas(look) as (figure, (axes,)):
        mesh = _mesh(axes, x, y, q)
        bar = figure.colorbar(mesh, ax=axes, pad=0.02, extend="max")
        bar.set_label(r"$q = -2\,\Delta\ln L$")
        _contours(axes, x, y, q)
        outline: dict[str, Any] = {"markeredgecolor": "black", "linestyle": "none", "zorder": 6}
        for point, label, colour in (
            (found.mirrored, "Truth, mirrored", "0.85"), (found.truth, "Truth", "#ffa90e"),
        ):  # fmt: skip
            if point is not None and _inside(found, point):
                axes.plot(*point, "*", color=colour, markersize=17, label=label, **outline)
        axes.plot(*found.best, "X", color=_FITTED, markersize=10, label="Best", **outline)
        axes.set_xlabel(parameter_name(found.x_name))
        axes.set_ylabel(parameter_name(found.y_name))
        axes.legend(
            loc=_corner(found), frameon=True, framealpha=0.9, fontsize=12,
            title=_note(found, title), title_fontsize=12, alignment="left",
        )  # fmt: skip
    return figure


def _mesh(axes: Any, x: Any, y: Any, q: Any) -> Any:
    """Colours of q; smooth between the points where it is there at all of them."""
    from matplotlib.colors import PowerNorm

    finite = q[np.isfinite(q)]
    top = max(float(np.quantile(finite, 0.95)) if len(finite) else 0.0, 10.0)
    options: dict[str, Any] = {
        "cmap": "viridis_r", "norm": PowerNorm(0.5, 0.0, top), "rasterized": True,
    }  # fmt: skip
    if len(finite) == q.size and min(q.shape) > 1:
        axes.set_xlim(x[0], x[-1])
        axes.set_ylim(y[0], y[-1])
        return axes.pcolormesh(x, y, q, shading="gouraud", **options)
    axes.set_xlim(_edges(x)[0], _edges(x)[-1])
    axes.set_ylim(_edges(y)[0], _edges(y)[-1])
    return axes.pcolormesh(_edges(x), _edges(y), np.ma.masked_invalid(q), **options)


def _corner(found: Landscape) -> str:
    """The corner that is farthest from anything marked."""
    spans = [max(values[-1] - values[0], 1e-300) for values in (found.x, found.y)]
    marks = [
        [(point[0] - found.x[0]) / spans[0], (point[1] - found.y[0]) / spans[1]]
        for point in (found.best, found.truth, found.mirrored)
        if point is not None and _inside(found, point)
    ]
    if not marks:
        return "upper left"
    corners = {
        "upper left": (0, 1), "upper right": (1, 1), "lower left": (0, 0), "lower right": (1, 0),
    }  # fmt: skip
    return max(
        corners, key=lambda name: np.hypot(*(np.array(marks) - corners[name]).T).min().round(6)
    )


def _inside(found: Landscape, point: tuple[float, float]) -> bool:
    """Whether a point is in the plane."""
    return found.x[0] <= point[0] <= found.x[-1] and found.y[0] <= point[1] <= found.y[-1]


def _note(found: Landscape, title: str) -> str:
    """What happened to the other parameters."""
    words = [title] if title else []
    if found.profiled:
        names = ", ".join(parameter_name(name) for name in found.profiled)
        words.append(f"{names} fitted at each point")
    if found.fixed:
        words.append(
            ", ".join(
                f"{parameter_name(name).removesuffix(' [GeV]')} = {value:.4g}"
                for name, value in found.fixed.items()
            )
        )
    return "\n".join(words)


def _edges(values: Any) -> Any:
    """Borders half way between points."""
    if len(values) < 2:
        return np.array([values[0] - 0.5, values[0] + 0.5])
    inner = 0.5 * (values[1:] + values[:-1])
    return np.concatenate([[1.5 * values[0] - 0.5 * values[1]], inner, [
        1.5 * values[-1] - 0.5 * values[-2]]])  # fmt: skip


def _contours(axes: Any, x: Any, y: Any, q: Any) -> None:
    """Contours of two parameters, where the plane is fine enough to have them."""
    if min(len(x), len(y)) < 3 or not np.isfinite(q).all():
        return
    levels = [level for level in _LEVELS if q.min() < level < q.max()]
    for level, style in zip(levels, ("-", "--"), strict=False):
        axes.contour(x, y, q, levels=[level], colors="white", linestyles=style, linewidths=1.5)
        axes.plot([], [], color="0.6", linestyle=style, linewidth=1.5, label=_LEVELS[level])


def parameters_figure(
    found: Fitted,
    look: Look | None = None,
    *,
    trials: Sequence[DijetJudgement] = (),
    title: str = "",
) -> Figure:
    """Draw each fitted parameter with its interval, what single trials found, and the truth.

    Parameters
    ----------
    found : Fitted
        The fit.
    look : Look, optional
        Style and texts.
    trials : sequence of DijetJudgement
        Single fits.
    title : str
        Name of the strategy.
    """
    with canvas(look) as (figure, (base,)):
        base.axis("off")
        count = len(found.parameters)
        grid = figure.add_gridspec(
            count, 1, left=0.08, right=0.95, top=0.84, bottom=0.1, hspace=1.35
        )
        for place, parameter in enumerate(found.parameters):
            axes = figure.add_subplot(grid[place])
            others = [
                item.value
                for trial in trials
                if trial.fit is not None
                and (item := trial.fit.parameter(parameter.name)) is not None
            ]
            _parameter(axes, parameter, others, "Median, 68 %" if found.spread else "Fit, 68 %")
        handles, labels = figure.axes[1].get_legend_handles_labels() if count else ([], [])
        words = title if found.Z is None else f"{title}\n$Z$ = {found.Z:.1f}"
        base.text(0.0, 0.985, words, transform=base.transAxes, va="top", size=14)
        base.legend(handles, labels, loc="upper right", ncols=3, fontsize=12, borderaxespad=0)
    return figure


def _parameter(axes: Any, parameter: Any, trials: Sequence[float], label: str) -> None:
    """One row: trials as dots, the estimate with its interval, the truth as a line."""
    from matplotlib.ticker import MaxNLocator

    ends = [parameter.value, *trials]
    if trials:
        axes.plot(trials, np.full(len(trials), 0.3), "o", color="0.65", label="Trials")
    low, high = parameter.low, parameter.high
    errors = None
    if low is not None and high is not None:
        errors = [[max(parameter.value - low, 0.0)], [max(high - parameter.value, 0.0)]]
        ends += [low, high]
    axes.errorbar(
        parameter.value, 0.7, xerr=errors, fmt="o", color=_FITTED, capsize=3, markersize=7,
        label=label,
    )  # fmt: skip
    if parameter.truth is not None:
        axes.axvline(parameter.truth, color=_TRUTH, linestyle="--", label="Truth")
        ends.append(parameter.truth)
    room = 0.25 * (max(ends) - min(ends)) or max(0.1 * abs(parameter.value), 0.1)
    axes.set_xlim(min(ends) - room, max(ends) + room)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.tick_params(axis="y", which="both", left=False, right=False)
    axes.set_xlabel(parameter_name(parameter.name), fontsize=14, labelpad=1)
