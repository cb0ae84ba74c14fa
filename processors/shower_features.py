"""From base-tracks and injectors to the rows of linked candidates with all of their features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from processors.shower_basetracks import Basetracks, Injectors
from processors.shower_candidates import Candidates, find_candidates
from processors.shower_cuts import ShowerCuts
from processors.shower_grid import Grid
from processors.shower_links import Links, link_candidates
from processors.shower_neighbours import NEIGHBOURS, Neighbours, find_neighbours
from processors.shower_neuchatel import Showers, find_showers
from processors.shower_projections import polar_angle

__all__ = ["SelectedShowers", "select_showers", "shower_features"]


@dataclass(frozen=True, slots=True, eq=False)
class SelectedShowers:
    """What the selection found for each injector.

    Attributes
    ----------
    candidates, links : Candidates, Links
        Base-tracks that pass the cuts, and those that are linked.
    cut_based : Showers
        What the cut-based algorithm found.
    shower, index : array of int64
        Place of the injector and base-track of each row (linked candidate).
    features : dict of str to array
        Features and geometric observers, one entry per row; empty if not asked for.
    """

    candidates: Candidates
    links: Links
    cut_based: Showers
    shower: NDArray[np.int64]
    index: NDArray[np.int64]
    features: dict[str, NDArray[Any]]


def select_showers(
    tracks: Basetracks,
    injectors: Injectors,
    cuts: ShowerCuts,
    *,
    kind: Literal["simulation", "data"],
    excluded: NDArray[np.bool_] | None = None,
    table: bool = True,
) -> SelectedShowers:
    """Find, link and describe the candidates of each injector.

    Parameters
    ----------
    tracks : Basetracks
        Base-tracks of a brick, or of a part that reaches ``cuts.reach`` beyond its injectors.
    injectors : Injectors
        Where showers start.
    cuts : ShowerCuts
        All numbers, and the mode.
    kind : {"simulation", "data"}
        In simulation without ``cuts.overlap`` a shower is seen with nothing but noise.
    excluded : array of bool, optional
        Base-tracks that cannot be candidates (the seeds of legacy data).
    table : bool
        Whether to compute the features around each row, too.
    """
    everything = cuts.overlap or kind == "data"
    grid = Grid.of(tracks)
    candidates = find_candidates(
        tracks, grid, injectors, cuts, everything=everything, excluded=excluded
    )
    links = link_candidates(tracks, injectors, candidates, cuts, kind=kind)
    cut_based = find_showers(tracks, grid, injectors, cuts, everything=everything)
    index = candidates.index[links.child]
    shower = np.repeat(np.arange(len(injectors)), np.diff(links.first))
    features = shower_features(tracks, injectors, candidates, links)
    features["cut_based"] = _members(shower, index, cut_based, len(tracks))
    if table:
        around = find_neighbours(
            tracks, grid, injectors, shower, index, cuts, everything=everything
        )
        features |= _surroundings(around)
    return SelectedShowers(candidates, links, cut_based, shower, index, features)


def shower_features(
    tracks: Basetracks, injectors: Injectors, candidates: Candidates, links: Links
) -> dict[str, NDArray[Any]]:
    """Features of each linked candidate that follow from its link and its injector.

    Returns
    -------
    dict of str to array
        By the names of `processors.shower_columns.COLUMNS`.
    """
    index = candidates.index[links.child]
    shower = np.repeat(np.arange(len(injectors)), np.diff(links.first))
    x, y, z, tx, ty = (
        np.asarray(getattr(tracks, name)[index], np.float64) for name in ("x", "y", "z", "tx", "ty")
    )
    dz = z - injectors.z[shower]
    pid = tracks.pid[tracks.film_of(index)]
    over_dz = candidates.impact_over_dz[links.child]
    return {
        "link_dx": links.dx,
        "link_dy": links.dy,
        "link_dtx": links.dtx,
        "link_dty": links.dty,
        "link_dr": links.dr,
        "link_dtheta": links.angle,
        "delta_theta": candidates.delta_theta[links.child],
        "impact_over_dz": over_dz,
        "cone_tangent": candidates.cone_tangent[links.child],
        "depth": injectors.pid[shower] - pid,
        "impact": over_dz * dz,
        "theta": polar_angle(tx, ty),
        "pid": pid,
        "x": x,
        "y": y,
        "z": z,
        "tx": tx,
        "ty": ty,
        "injector_pid": injectors.pid[shower],
        "shower_signal": candidates.signal[shower, 0],
    }


def _surroundings(around: Neighbours) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    for place, name in enumerate(NEIGHBOURS):
        found[f"{name}_distance"] = around.distance[:, place]
        found[f"{name}_dr"] = around.dr[:, place]
        found[f"{name}_dtheta"] = around.dtheta[:, place]
    return found | {"density": around.density, "axis_distance": around.axis_distance}


def _members(
    shower: NDArray[np.int64], index: NDArray[np.int64], found: Showers, size: int
) -> NDArray[np.int8]:
    """Whether each row is among the base-tracks that were found for its shower."""
    theirs = found.shower * size + found.index
    place = np.searchsorted(theirs, shower * size + index)
    padded = np.append(theirs, -1)
    return np.asarray(padded[place] == shower * size + index, dtype=np.int8)
