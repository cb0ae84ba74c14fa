"""Event displays of showers in an emulsion brick: base-tracks as short lines between the plates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hepml.plots.showertable import ShowerRows
from hepml.plots.style import Look, header, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["event_display", "event_display_3d"]

Floats = NDArray[np.float64]

# Length of a base-track in z [um], and how much longer it is drawn so that it can be seen.
_LENGTH, _STRETCH = 315.0, 2.2
_SIGNAL, _BACKGROUND, _FAKE, _AXIS = "#bd1f01", "#94a4a2", "#3f90da", "black"


def event_display(
    rows: ShowerRows, look: Look | None = None, selected: NDArray[np.bool_] | None = None
) -> Figure:
    """Draw a shower from two sides, and its base-tracks film by film.

    Parameters
    ----------
    rows : ShowerRows
        Candidates of one shower.
    look : Look, optional
        Style and texts.
    selected : array of bool, optional
        Candidates that a model takes: what it takes of the shower, misses and takes by mistake
        gets a colour each. Default: signal and background have a colour each.
    """
    look = look or Look(channel="shower")
    with styled(look):
        figure, (above, side, films) = _frames()
        header(above, look)
        layers = _layers(rows, selected)
        for axes, name in ((above, "x"), (side, "y")):
            _projection(axes, rows, name, layers)
        _profile(films, rows, layers)
        above.text(1.0, 1.02, _title(rows), transform=above.transAxes, ha="right", size=14)
        above.legend(loc="upper left", fontsize=12, ncols=6, columnspacing=1.0)
        figure.align_ylabels([above, side, films])
    return figure


def event_display_3d(
    rows: ShowerRows, look: Look | None = None, selected: NDArray[np.bool_] | None = None
) -> Figure:
    """Draw a shower in perspective; the beam goes to the right. Parameters as `event_display`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, NullLocator

    look = look or Look(channel="shower")
    with styled(look):
        figure = Figure(figsize=(10.0, 7.0))
        FigureCanvasAgg(figure)
        axes: Any = figure.add_axes((0.0, 0.0, 0.97, 0.98), projection="3d")
        ends = [_ends(rows, name) for name in ("z", "x", "y")]
        for name, mask, style in _layers(rows, selected):
            # one line with breaks in it; the corners of the box lie outside of the frame
            broken = [np.pad(part[mask], ((0, 0), (0, 1)), constant_values=np.nan) for part in ends]
            axes.plot(
                *(part.ravel() for part in broken), label=name, color=style["colors"],
                linewidth=style["linewidths"], alpha=style.get("alpha"), clip_on=False,
            )  # fmt: skip
        low, high = ends[0].min(), ends[0].max()
        reach = _reach(rows)
        axes.set(xlim=(low, high), ylim=(-reach, reach), zlim=(-reach, reach))
        axes.set_box_aspect((2.4, 1.0, 1.0), zoom=1.2)
        axes.view_init(elev=18, azim=-62)
        for axis, number in ((axes.xaxis, 8), (axes.yaxis, 4), (axes.zaxis, 5)):
            axis.set_major_locator(MaxNLocator(number))
            axis.set_minor_locator(NullLocator())
        axes.set_xlabel("z [mm], along the beam", labelpad=26)
        axes.set_ylabel("x [mm]", labelpad=12)
        axes.set_zlabel("y [mm]", labelpad=4)
        axes.tick_params(labelsize=11)
        axes.legend(loc="upper right", bbox_to_anchor=(0.93, 0.97), fontsize=12)
        figure.text(0.03, 0.955, look.text, weight="bold", style="italic", size=17)
        figure.text(0.97, 0.955, _title(rows), ha="right", size=14)
    return figure


def _frames() -> tuple[Figure, list[Axes]]:
    """A figure of three frames over one another that share the z axis."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 10.0))
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        3, 1, height_ratios=(1.0, 1.0, 0.55), hspace=0.07,
        left=0.095, right=0.975, top=0.95, bottom=0.075,
    )  # fmt: skip
    above = figure.add_subplot(grid[0])
    frames = [above, *(figure.add_subplot(grid[place], sharex=above) for place in (1, 2))]
    for axes in frames[:2]:
        axes.tick_params(labelbottom=False)
    return figure, frames


Layer = tuple[str, NDArray[np.bool_], dict[str, Any]]


def _layers(rows: ShowerRows, selected: NDArray[np.bool_] | None) -> list[Layer]:
    """What is drawn over one another: name, which candidates, and how."""
    signal, every = rows.signal, np.ones(len(rows), dtype=np.bool_)
    grey = {"colors": _BACKGROUND, "linewidths": 0.8, "alpha": 0.75}
    if selected is None:
        if not signal.any():
            return [("Candidates", every, grey | {"colors": _FAKE})]
        chosen = {"colors": _SIGNAL, "linewidths": 1.6}
        return [("Background", ~signal, grey), ("Shower", signal, chosen)]
    if not signal.any():
        return [
            ("Not taken", ~selected, grey),
            ("Taken", selected, {"colors": _SIGNAL, "linewidths": 1.6}),
        ]
    return [
        ("Background", ~signal & ~selected, grey),
        ("Shower, missed", signal & ~selected, {"colors": "#ffa90e", "linewidths": 1.6}),
        ("Background, taken", ~signal & selected, {"colors": _FAKE, "linewidths": 1.6}),
        ("Shower, taken", signal & selected, {"colors": _SIGNAL, "linewidths": 1.6}),
    ]


def _projection(axes: Axes, rows: ShowerRows, name: str, layers: list[Layer]) -> None:
    """Draw one side: z along, x or y relative to the injector across [mm]."""
    from matplotlib.collections import LineCollection

    _plates(axes, rows)
    along, across = _ends(rows, "z"), _ends(rows, name)
    for order, (label, mask, style) in enumerate(layers):
        parts = np.stack([along[mask], across[mask]], axis=2)
        axes.add_collection(
            LineCollection(list(parts), label=label, zorder=2.0 + 0.1 * order, **style)
        )
    if rows.injector is not None:
        at, slope = rows.injector["z"] / 1000, rows.injector[f"t{name}"]
        end = rows.film_z.max(initial=rows.injector["z"]) / 1000
        axes.plot(
            [at, end], [0.0, slope * (end - at)], color=_AXIS, linewidth=1.0, linestyle=":",
            zorder=3, label="Injector and its axis", marker="o", markevery=[0], markersize=6,
        )  # fmt: skip
    reach = _reach(rows)
    axes.set_ylim(-reach, reach)
    relative = f" $-$ ${name}_{{injector}}$" if rows.injector is not None else " $-$ median"
    axes.set_ylabel(f"${name}${relative} [mm]")


def _profile(axes: Axes, rows: ShowerRows, layers: list[Layer]) -> None:
    """Count base-tracks film by film."""
    _plates(axes, rows)
    film = rows.film_z / 1000
    tops = 1.0
    for label, mask, style in layers:
        counts = np.array([(rows.z[mask] == z).sum() for z in rows.film_z])
        tops = max(tops, float(counts.max(initial=0)))
        axes.plot(
            film,
            counts,
            color=style["colors"],
            marker="o",
            markersize=4,
            linewidth=1.4,
            label=label,
        )
    axes.set_ylim(0, 1.15 * tops)
    axes.set_xlabel("z [mm], along the beam; plates in grey")
    axes.set_ylabel("per film", loc="center")


def _plates(axes: Axes, rows: ShowerRows) -> None:
    """Hint at the plates between the films; a missing film leaves two in one gap."""
    z = np.sort(rows.film_z)
    gaps = np.diff(z)
    if not len(gaps):
        return
    pitch = float(gaps.min())
    for start, gap in zip(z[:-1], gaps, strict=True):
        for place in range(round(gap / pitch)):
            low = (start + place * pitch + _LENGTH / 2) / 1000
            width = (pitch - _LENGTH) / 1000
            axes.axvspan(low, low + width, color="0.92", linewidth=0, zorder=0)
    axes.set_xlim((z[0] - 2 * _LENGTH) / 1000, (z[-1] + 2 * _LENGTH) / 1000)


def _ends(rows: ShowerRows, name: str) -> Floats:
    """Both ends of every line along one axis [mm], shape (rows, 2); x and y from the injector."""
    half = 0.5 * _STRETCH * _LENGTH
    middle = getattr(rows, name)
    if name == "z":
        return np.stack([middle - half, middle + half], axis=1) / 1000
    origin = rows.injector[name] if rows.injector is not None else np.median(middle)
    shift = half * getattr(rows, f"t{name}")
    return np.stack([middle - shift - origin, middle + shift - origin], axis=1) / 1000


def _reach(rows: ShowerRows) -> float:
    """Half width of the frame [mm]: all candidates, and room for the legend."""
    both = [np.abs(_ends(rows, name)).max(initial=0.0) for name in ("x", "y")]
    return 1.25 * float(max(*both, 0.1))


def _title(rows: ShowerRows) -> str:
    text = f"Brick {rows.brick}, shower {rows.shower}"
    text += f" ({rows.energy:g} GeV): " if rows.energy > 0 else ": "
    if not rows.signal.any():
        return text + f"{len(rows):,} candidates"
    return text + f"{rows.signal.sum():,} of {len(rows):,} candidates are its own"
