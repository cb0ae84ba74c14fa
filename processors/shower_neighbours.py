"""What surrounds a base-track: the nearest ones in the films around it, and those next to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled
from processors.shower_basetracks import Basetracks, Injectors, frozen
from processors.shower_cuts import ShowerCuts
from processors.shower_grid import Grid

__all__ = ["NEIGHBOURS", "Neighbours", "find_neighbours"]

NEIGHBOURS = {"up1": -1, "up2": -2, "down1": 1, "down2": 2}
"""Films in which neighbours are looked for, counted downstream among those that are there."""

# base-tracks of a film may differ this much in z [um] times a slope of 2
_SLACK = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Surroundings of base-tracks of showers.

    Attributes
    ----------
    distance, dr, dtheta : array of float64, shape (rows, 4)
        Nearest base-track of each film of `NEIGHBOURS`: how far (see `find_neighbours`), its
        mismatch in position half-way between the films [um] and in slope. Where there is none
        within the limit, the limit and what it stands for in position and in slope.
    density : array of int64
        Other base-tracks of the film within the radius.
    axis_distance : array of float64
        Distance from the injector's axis, in the film [um].
    """

    distance: NDArray[np.float64]
    dr: NDArray[np.float64]
    dtheta: NDArray[np.float64]
    density: NDArray[np.int64]
    axis_distance: NDArray[np.float64]


def find_neighbours(
    tracks: Basetracks,
    grid: Grid,
    injectors: Injectors,
    shower: NDArray[np.int64],
    index: NDArray[np.int64],
    cuts: ShowerCuts,
    *,
    everything: bool,
) -> Neighbours:
    """Look around base-tracks of showers.

    The distance of two base-tracks is hypot(position mismatch / ``neighbour_position``, slope
    mismatch / ``neighbour_slope``), both projected half-way. Only base-tracks in the square of
    ``reach`` around the injector count, so that the result does not depend on tiles.
    Of equally near ones the first is taken.

    Parameters
    ----------
    tracks, grid, injectors, everything
        As for `processors.shower_candidates.find_candidates`.
    shower, index : array of int64
        Place of the injector, and the base-track, of each row.
    cuts : ShowerCuts
        Scales, limit, window and radius.
    """
    distance, dr, dtheta, density = _look(
        (tracks.x, tracks.y, tracks.z, tracks.tx, tracks.ty),
        tracks.event,
        tracks.film_z,
        (grid.starts, grid.order, grid.place),
        (injectors.x, injectors.y, injectors.event),
        (frozen(shower), frozen(index), frozen(tracks.film_of(index))),
        (cuts.neighbour_position, cuts.neighbour_slope, cuts.neighbour_limit),
        (cuts.reach, cuts.density_radius),
        everything,
    )
    dz = tracks.z[index] - injectors.z[shower]
    off_x = tracks.x[index] - (injectors.x[shower] + injectors.tx[shower] * dz)
    off_y = tracks.y[index] - (injectors.y[shower] + injectors.ty[shower] * dz)
    return Neighbours(distance, dr, dtheta, density, np.sqrt(off_x**2 + off_y**2))


@compiled
def _look(columns, event, film_z, grid, axes, rows, scales, reach, everything):  # type: ignore[no-untyped-def]
    """See `find_neighbours`."""
    number = len(rows[0])
    distance = np.full((number, 4), scales[2])
    dr = np.full((number, 4), scales[2] * scales[0])
    dtheta = np.full((number, 4), scales[2] * scales[1])
    density = np.zeros(number, dtype=np.int64)
    shifts = (-1, -2, 1, 2)
    for r in range(number):
        s, i, film = rows[0][r], rows[1][r], rows[2][r]
        box = (axes[0][s], axes[1][s], reach[0])
        own = axes[2][s]
        visible = (own, everything)
        density[r] = _near(columns, event, grid, i, film, box, visible, reach[1])
        for k in range(4):
            f = film + shifts[k]
            if f < 0 or f >= len(film_z):
                continue
            gap = film_z[f] - np.float64(columns[2][i])
            best = _nearest(columns, event, grid, i, f, gap, box, visible, scales)
            if best[0] < scales[2]:
                distance[r, k], dr[r, k], dtheta[r, k] = best
    return distance, dr, dtheta, density


@compiled
def _cells(low, high, origin, scale, number):  # type: ignore[no-untyped-def]
    """First cell of a range of coordinates, and the one behind the last; equal if none."""
    begin = min(max(math.floor((low - origin) * scale), 0), number)
    return begin, max(min(math.floor((high - origin) * scale) + 1, number), begin)


@compiled
def _nearest(columns, event, grid, i, film, gap, box, visible, scales):  # type: ignore[no-untyped-def]
    """Nearest base-track of a film: distance, mismatch in position and in slope."""
    starts, order, place = grid
    number, rows = np.int64(place[3]), np.int64(place[4])
    x, y, z = np.float64(columns[0][i]), np.float64(columns[1][i]), np.float64(columns[2][i])
    tx, ty = np.float64(columns[3][i]), np.float64(columns[4][i])
    half = scales[2] * (scales[0] + scales[1] * abs(gap) / 2) + _SLACK
    at_x, at_y = x + tx * gap, y + ty * gap
    left, right = _cells(at_x - half, at_x + half, place[0], place[2], number)
    low, high = _cells(at_y - half, at_y + half, place[1], place[2], rows)
    best, chosen = scales[2] * scales[2], -1
    best_r, best_t = 0.0, 0.0
    for column in range(left, right):
        cell = (film * number + column) * rows
        for o in range(starts[cell + low], starts[cell + high]):
            j = order[o]
            dtx, dty = tx - np.float64(columns[3][j]), ty - np.float64(columns[4][j])
            slope = (dtx * dtx + dty * dty) / (scales[1] * scales[1])
            if slope > best:
                continue
            other_x, other_y = np.float64(columns[0][j]), np.float64(columns[1][j])
            if not (abs(other_x - box[0]) <= box[2] and abs(other_y - box[1]) <= box[2]):
                continue
            if not (visible[1] or event[j] == visible[0] or event[j] < 0):
                continue
            middle = (np.float64(columns[2][j]) - z) / 2
            dx = x + tx * middle - (other_x - np.float64(columns[3][j]) * middle)
            dy = y + ty * middle - (other_y - np.float64(columns[4][j]) * middle)
            position = dx * dx + dy * dy
            total = position / (scales[0] * scales[0]) + slope
            if total < best or (total == best and 0 <= j < chosen):
                best, chosen, best_r, best_t = total, j, position, dtx * dtx + dty * dty
    return math.sqrt(best), math.sqrt(best_r), math.sqrt(best_t)


@compiled
def _near(columns, event, grid, i, film, box, visible, radius):  # type: ignore[no-untyped-def]
    """Number of other base-tracks of the same film within a radius."""
    starts, order, place = grid
    number, rows = np.int64(place[3]), np.int64(place[4])
    x, y = np.float64(columns[0][i]), np.float64(columns[1][i])
    left, right = _cells(x - radius, x + radius, place[0], place[2], number)
    low, high = _cells(y - radius, y + radius, place[1], place[2], rows)
    count = 0
    for column in range(left, right):
        cell = (film * number + column) * rows
        for o in range(starts[cell + low], starts[cell + high]):
            j = order[o]
            other_x, other_y = np.float64(columns[0][j]), np.float64(columns[1][j])
            dx, dy = other_x - x, other_y - y
            if j == i or not dx * dx + dy * dy <= radius * radius:
                continue
            if not (abs(other_x - box[0]) <= box[2] and abs(other_y - box[1]) <= box[2]):
                continue
            count += visible[1] or event[j] == visible[0] or event[j] < 0
    return count
