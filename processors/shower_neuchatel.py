"""The cut-based Neuchatel algorithm of FEDRA (EdbShowerRec): what others are compared with.

Film by film downstream a base-track joins the shower if it is inside a cone around the injector's
axis, not too steep, and continues a base-track that joined before (spec S12). The defaults in
`processors.shower_cuts.ShowerCuts` are those of the DESY 2019 exposures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled
from processors.shower_basetracks import Basetracks, Injectors
from processors.shower_cuts import ShowerCuts
from processors.shower_grid import Grid

__all__ = ["Quality", "Showers", "find_showers", "fraction", "quality_of"]

# base-tracks of a film may differ this much in z [um] times the slope of the axis
_SLACK = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Showers:
    """Base-tracks that were found to belong to each shower; the injector is not among them.

    Attributes
    ----------
    first : array of int64, shape (showers + 1,)
        Where those of each shower begin, and the end.
    index : array of int64
        The base-track, rising within a shower: upstream films first.
    parent : array of int64
        The base-track that it continues, -1 for the injector.
    """

    first: NDArray[np.int64]
    index: NDArray[np.int64]
    parent: NDArray[np.int64]

    @property
    def shower(self) -> NDArray[np.int64]:
        """Place of the injector of each base-track found."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """How well simulated showers were found, one entry per shower.

    Attributes
    ----------
    found : array of int64
        Base-tracks found.
    same : array of int64
        Of these, base-tracks of the shower.
    true : array of int64
        Base-tracks of the shower downstream of its injector.
    """

    found: NDArray[np.int64]
    same: NDArray[np.int64]
    true: NDArray[np.int64]

    @property
    def efficiency(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Share of the true base-tracks that were found, and its error."""
        return fraction(self.same, self.true)

    @property
    def purity(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Share of the found base-tracks that are true, and its error."""
        return fraction(self.same, self.found)


def fraction(passed: Any, total: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fraction and its binomial error; NaN where there is nothing to count."""
    passed, total = np.asarray(passed, np.float64), np.asarray(total, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = passed / total
        return share, np.sqrt(share * (1 - share) / total)


def find_showers(
    tracks: Basetracks,
    grid: Grid,
    injectors: Injectors,
    cuts: ShowerCuts,
    *,
    everything: bool,
) -> Showers:
    """Follow each shower from its injector.

    Parameters
    ----------
    tracks, grid, injectors, everything
        As for `processors.shower_candidates.find_candidates`.
    cuts : ShowerCuts
        The ``cone_`` cuts and the reach.
    """
    first, index, parent = _follow(
        (tracks.x, tracks.y, tracks.z, tracks.tx, tracks.ty),
        tracks.event,
        (tracks.pid, tracks.film_z),
        (grid.starts, grid.order, grid.place),
        (injectors.x, injectors.y, injectors.z, injectors.tx, injectors.ty),
        (injectors.event, injectors.pid),
        (cuts.cone_slope, cuts.cone_radius, cuts.cone_start, cuts.cone_growth, cuts.reach),
        (cuts.cone_position, cuts.cone_angle, cuts.cone_films),
        everything,
    )
    # cells depend on the tile, the order of the base-tracks does not
    shower = np.repeat(np.arange(len(injectors)), np.diff(first))
    order = np.argsort(shower * len(tracks) + index)
    return Showers(first, index[order], parent[order])


def quality_of(
    tracks: Basetracks,
    injectors: Injectors,
    first: NDArray[np.int64],
    index: NDArray[np.int64],
) -> Quality:
    """Compare showers with the truth, whoever found them.

    Parameters
    ----------
    tracks : Basetracks
        Base-tracks of the whole brick, or at least all of these showers.
    injectors : Injectors
        Where they start, with the simulated ``event``.
    first, index : array of int64
        Base-tracks found, as in `Showers` and `processors.shower_candidates.Candidates`.
    """
    shower = np.repeat(np.arange(len(first) - 1), np.diff(first))
    same = tracks.event[index] == injectors.event[shower]
    order = np.argsort(injectors.event)
    signal = np.flatnonzero(tracks.event >= 0)
    place = np.searchsorted(injectors.event[order], tracks.event[signal])
    known = place < len(order)
    signal, place = signal[known], order[place[known]]
    counts = (injectors.event[place] == tracks.event[signal]) & (
        tracks.pid[tracks.film_of(signal)] < injectors.pid[place]
    )
    number = len(injectors)
    return Quality(
        np.diff(first),
        np.bincount(shower[same], minlength=number),
        np.bincount(place[counts], minlength=number),
    )


@compiled
def _follow(columns, event, films, grid, axes, showers, cone, match, everything):  # type: ignore[no-untyped-def]
    """See `find_showers`; films downstream one after the other."""
    pid, film_z = films
    number = len(showers[0])
    first = np.zeros(number + 1, dtype=np.int64)
    index, parent = np.empty(1024, dtype=np.int64), np.empty(1024, dtype=np.int64)
    n = 0
    for s in range(number):
        axis = (axes[0][s], axes[1][s], axes[2][s], axes[3][s], axes[4][s])
        visible = (showers[0][s], everything)
        top = np.searchsorted(-pid, -showers[1][s], side="right")
        begins = np.empty(len(pid), dtype=np.int64)
        for f in range(top, len(pid)):
            begins[f] = n
            # films that are near enough to continue from
            g = f
            while g > top and pid[g - 1] - pid[f] <= match[2]:
                g -= 1
            start = showers[1][s] - pid[f] <= match[2]
            for i in _in_cone(columns, event, grid, f, film_z[f], axis, cone, visible):
                chosen = _continues(columns, i, index[begins[g] : begins[f]], axis, start, match)
                if chosen < -1:
                    continue
                if n == len(index):
                    index = np.concatenate((index, index))
                    parent = np.concatenate((parent, parent))
                index[n], parent[n] = i, chosen
                n += 1
        first[s + 1] = n
    return first, index[:n].copy(), parent[:n].copy()


@compiled
def _in_cone(columns, event, grid, film, z, axis, cone, visible):  # type: ignore[no-untyped-def]
    """Base-tracks of a film inside the cone around the injector's axis, not too steep."""
    starts, order, place = grid
    x0, y0, z0, tx0, ty0 = axis
    slope, radius, start, growth, window = cone
    number, rows = np.int64(place[3]), np.int64(place[4])
    x, y = x0 + tx0 * (z - z0), y0 + ty0 * (z - z0)
    half = min(radius, start + growth * (z - z0)) + _SLACK
    left, right = _cells(x, half, place[0], place[2], number)
    low, high = _cells(y, half, place[1], place[2], rows)
    inside = np.empty(256, dtype=np.int64)
    n = 0
    for column in range(left, right):
        cell = (film * number + column) * rows
        for o in range(starts[cell + low], starts[cell + high]):
            i = order[o]
            dz = np.float64(columns[2][i]) - z0
            at_x, at_y = np.float64(columns[0][i]) - x0, np.float64(columns[1][i]) - y0
            if not (abs(at_x) <= window and abs(at_y) <= window):
                continue
            dx = np.float64(columns[0][i]) - (x0 + tx0 * dz)
            dy = np.float64(columns[1][i]) - (y0 + ty0 * dz)
            reach = min(radius, start + growth * dz)
            if not (reach > 0 and dx * dx + dy * dy < reach * reach):
                continue
            if not (abs(columns[3][i]) < slope and abs(columns[4][i]) < slope):
                continue
            if not (visible[1] or event[i] == visible[0] or event[i] < 0):
                continue
            if n == len(inside):
                inside = np.concatenate((inside, inside))
            inside[n] = i
            n += 1
    return inside[:n]


@compiled
def _cells(centre, half, low, scale, number):  # type: ignore[no-untyped-def]
    """First cell of a range of coordinates, and the one behind the last; equal if none."""
    begin = min(max(math.floor((centre - half - low) * scale), 0), number)
    return begin, max(min(math.floor((centre + half - low) * scale) + 1, number), begin)


@compiled
def _continues(columns, i, accepted, axis, start, match):  # type: ignore[no-untyped-def]
    """The nearest base-track that matches, -1 for the injector, -2 if there is none."""
    x, y, z = np.float64(columns[0][i]), np.float64(columns[1][i]), np.float64(columns[2][i])
    tx, ty = np.float64(columns[3][i]), np.float64(columns[4][i])
    nearest, chosen = match[0] * match[0], -2
    if start:
        gap = z - axis[2]
        dx, dy, dtx, dty = (
            x - tx * gap - axis[0],
            y - ty * gap - axis[1],
            tx - axis[3],
            ty - axis[4],
        )
        if dx * dx + dy * dy < nearest and dtx * dtx + dty * dty < match[1] * match[1]:
            nearest, chosen = dx * dx + dy * dy, -1
    for j in accepted:
        gap = z - np.float64(columns[2][j])
        dx = x - tx * gap - np.float64(columns[0][j])
        dy = y - ty * gap - np.float64(columns[1][j])
        dtx, dty = tx - np.float64(columns[3][j]), ty - np.float64(columns[4][j])
        distance = dx * dx + dy * dy
        closer = distance < nearest or (distance == nearest and 0 <= j < chosen)
        if closer and dtx * dtx + dty * dty < match[1] * match[1]:
            nearest, chosen = distance, j
    return chosen
