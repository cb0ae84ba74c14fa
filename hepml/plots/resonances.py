"""Names of known resonances over a mass spectrum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hepml.windows import RESONANCES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["grouped", "mark_resonances"]

Floats = NDArray[np.float64]

# Over the whole mass range neighbours share a name; the light ones would touch otherwise.
_GROUPS = (
    ("omega", r"$\rho,\omega$"),
    ("phi", RESONANCES["phi"].label),
    ("jpsi", RESONANCES["jpsi"].label),
    ("psi_prime", r"$\psi'$"),
    ("upsilon_1s", r"$\Upsilon$(1,2,3S)"),
    ("z", RESONANCES["z"].label),
)
_SIZE = 12


def grouped(low: float, high: float) -> Iterator[tuple[str, float]]:
    """Names and masses [GeV] of the well-known dimuon resonances, neighbours as one."""
    for name, label in _GROUPS:
        if low < RESONANCES[name].mass < high:
            yield label, RESONANCES[name].mass


def mark_resonances(axes: Axes, edges: Floats, tops: Floats) -> Floats:
    """Draw a line at each known mass, its name upright over the content.

    Parameters
    ----------
    axes : matplotlib Axes
        With its x limits and lower y limit already set.
    edges, tops : arrays of float
        Bin edges [GeV] and the highest thing drawn in each bin.

    Returns
    -------
    array of float
        ``tops`` raised by the names, for the legend to keep clear of.
    """
    inside = [item for item in RESONANCES.values() if edges[0] < item.mass < edges[-1]]
    covered = tops.copy()
    if not inside or not np.any(tops > 0):
        return covered
    masses = np.array([item.mass for item in inside])
    near = (edges[1:] > masses.min()) & (edges[:-1] < masses.max())
    height = float(tops[near].max(initial=0.0)) or float(tops.max())
    places = _spread(axes, masses)
    points: Any = 72.0 / axes.figure.dpi
    crowded = bool(np.any(np.diff(_pixels(axes, masses)) * points < 4 * _SIZE))
    for item, shift in zip(inside, places, strict=True):
        axes.annotate(
            item.label, (item.mass, height), xytext=(shift * points, 14),
            textcoords="offset points", ha="center", va="bottom", size=_SIZE,
            rotation=90 if crowded else 0,
            gid="resonance",
            arrowprops={"arrowstyle": "-", "linewidth": 0.8, "color": "0.45", "shrinkB": 0},
        )  # fmt: skip
        axes.vlines(
            item.mass, axes.get_ylim()[0], height, color="0.45", linewidth=0.8, linestyle=":",
            zorder=0.5,
        )  # fmt: skip
    # upright names take about a fifth of the frame
    if axes.get_yscale() == "log":
        low = axes.get_ylim()[0]
        raised = height * (float(tops.max()) / low) ** (0.33 if crowded else 0.2)
    else:
        raised = height + (0.36 if crowded else 0.22) * float(tops.max())
    covered[near] = np.maximum(covered[near], raised)
    return covered


def _spread(axes: Axes, masses: Floats) -> Floats:
    """Sideways shifts [pixel] that keep upright names from touching."""
    here = _pixels(axes, masses)
    least = 1.35 * _SIZE * axes.figure.dpi / 72.0
    places = here.copy()
    for _ in range(200):
        lack = least - np.diff(places)
        if np.all(lack <= 0.1):
            break
        push = np.maximum(lack, 0.0) / 2
        places[:-1] -= push
        places[1:] += push
    return np.asarray(places - here)


def _pixels(axes: Axes, masses: Floats) -> Floats:
    places = axes.transData.transform(np.column_stack([masses, np.ones(len(masses))]))
    return np.asarray(places[:, 0], dtype=np.float64)
