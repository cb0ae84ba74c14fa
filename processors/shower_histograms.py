"""Histograms of the shower channel: showers, their candidates, and what tells signal apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import hist
import numpy as np
from numpy.typing import NDArray

from hepml.processor import Fill, Histogram

__all__ = ["SHOWER", "base_track_fills", "shower_fills", "shower_histograms"]

# quantity of a shower -> bins, low, high, label
SHOWER: dict[str, tuple[int, float, float, str]] = {
    "candidates": (60, 0, 3000, "Candidates"),
    "signal_candidates": (50, 0, 500, "Candidates of the shower itself"),
    "linked": (60, 0, 3000, "Linked candidates"),
    "cut_based_size": (50, 0, 500, "Base-tracks found by the cut-based algorithm"),
    # films upstream of the injector are counted from that of the highest position
    "injector_film": (19, -0.5, 18.5, "Film of the injector, from upstream"),
}

# quantity of a linked candidate -> bins, low, high, label; ranges of the published figures
_BASE_TRACK: dict[str, tuple[int, float, float, str]] = {
    "depth": (60, 0.5, 60.5, "Films downstream of the injector"),
    "impact_over_dz": (30, 0, 0.3, r"Impact parameter / $\Delta z$"),
    "cone_tangent": (40, 0, 0.04, "Tangent of the cone angle"),
    "cone_tangent_wide": (50, 0, 0.2, "Tangent of the cone angle"),
    "delta_theta": (50, -0.2, 0.6, r"$\theta - \theta_{injector}$ [rad]"),
    "link_dty": (100, -0.22, 0.22, r"Slope difference to the parent $\Delta T_Y$"),
    "link_dtheta": (50, 0, 0.4, "Angle to the parent [rad]"),
    "link_dr": (50, 0, 5000, "Distance from the projected parent [um]"),
    "axis_distance": (50, 0, 3000, "Distance from the injector's axis [um]"),
    "up1_distance": (60, 0, 6, "Distance to the nearest base-track upstream"),
    "density": (30, -0.5, 29.5, "Base-tracks of the film close by"),
}
_SAME = {"cone_tangent_wide": "cone_tangent"}


def shower_histograms(table: bool = True) -> tuple[Histogram, ...]:
    """Declare the histograms; those of base-tracks have first an axis that says signal or not.

    Parameters
    ----------
    table : bool
        Whether the neighbours are computed.
    """
    signal = hist.axis.IntCategory([0, 1], name="signal", label="Base-track of the shower")
    found = [Histogram(n, (_axis(n, *item),), "Showers") for n, item in SHOWER.items()]
    needs_table = {"axis_distance", "up1_distance", "density"}
    for name, item in _BASE_TRACK.items():
        if table or name not in needs_table:
            found.append(Histogram(name, (signal, _axis(name, *item)), "Base-tracks"))
    return tuple(found)


def shower_fills(values: Mapping[str, NDArray[Any]]) -> dict[str, Fill]:
    """Fill the histograms of showers; ``values`` has one entry per shower."""
    return {name: Fill((values[name],), np.ones(len(values[name]))) for name in SHOWER}


def base_track_fills(rows: Mapping[str, NDArray[Any]]) -> dict[str, Fill]:
    """Fill the histograms of linked candidates with those columns that are there."""
    signal = rows["signal"]
    return {
        name: Fill((signal, rows[_SAME.get(name, name)]), np.ones(len(signal)))
        for name in _BASE_TRACK
        if _SAME.get(name, name) in rows
    }


def _axis(name: str, bins: int, low: float, high: float, label: str) -> Any:
    return hist.axis.Regular(bins, low, high, name=name, label=label)
