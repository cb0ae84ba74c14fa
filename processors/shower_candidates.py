"""Candidates of each shower: the square window, the pyramid and the angular cuts (spec S3 to S5).

Published mistakes that ``mode="legacy"`` repeats:

- the pyramid is centred on the injector's axis one film upstream of the film that is tested;
- the impact parameter has the wrong sign: abs(u + T) in place of abs(u - T), with u the direction
  from the injector to the base-track and T its slopes;
- films are numbered without gaps.

In either mode base-tracks are told apart by their row. The published scripts use their number in
the film, which signal and noise may share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled
from processors.shower_basetracks import Basetracks, Injectors, frozen
from processors.shower_cuts import ShowerCuts
from processors.shower_grid import Grid
from processors.shower_projections import need_every_film

__all__ = ["STEPS", "Candidates", "find_candidates"]

STEPS = ("window", "pyramid", "angle", "impact parameter")


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Base-tracks that may belong to a shower.

    Attributes
    ----------
    first : array of int64, shape (showers + 1,)
        Where the candidates of each shower begin, and the end.
    index : array of int64
        The base-track, rising within a shower: upstream films first.
    delta_theta : array of float64
        Polar angle minus that of the injector [rad].
    impact_over_dz : array of float64
        Impact parameter at the injector's film over the distance to it along the beam.
    cone_tangent : array of float64
        Tangent of the angle under which the injector sees the base-track.
    passed : array of int64, shape (showers, 4)
        Base-tracks that pass each of `STEPS` and those before it.
    signal : array of int64, shape (showers, 4)
        How many of these belong to the shower.
    """

    first: NDArray[np.int64]
    index: NDArray[np.int64]
    delta_theta: NDArray[np.float64]
    impact_over_dz: NDArray[np.float64]
    cone_tangent: NDArray[np.float64]
    passed: NDArray[np.int64]
    signal: NDArray[np.int64]

    @property
    def shower(self) -> NDArray[np.int64]:
        """Place of each candidate's injector."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


def find_candidates(
    tracks: Basetracks,
    grid: Grid,
    injectors: Injectors,
    cuts: ShowerCuts,
    *,
    everything: bool,
    excluded: NDArray[np.bool_] | None = None,
) -> Candidates:
    """Find the candidates downstream of each injector.

    Parameters
    ----------
    tracks : Basetracks
        Base-tracks of the brick, or of a part of it that holds the windows of all injectors.
    grid : Grid
        Index of these base-tracks.
    injectors : Injectors
        Where showers start.
    cuts : ShowerCuts
        Cut values and the mode.
    everything : bool
        Look at all base-tracks; else only at the shower's own and at noise.
    excluded : array of bool, optional
        Base-tracks to leave out.
    """
    legacy = cuts.mode == "legacy"
    if legacy:
        need_every_film(tracks)
    limits = (cuts.window, cuts.pyramid_base, cuts.pyramid_slope, cuts.delta_theta, cuts.impact)
    skip = np.empty(0, dtype=np.bool_) if excluded is None else excluded
    columns = (tracks.x, tracks.y, tracks.z, tracks.tx, tracks.ty)
    axes = (injectors.x, injectors.y, injectors.z, injectors.tx, injectors.ty)
    first, index, passed, signal = _search(
        columns,
        tracks.event,
        (tracks.pid, tracks.film_z),
        (grid.starts, grid.order, grid.place),
        axes,
        (injectors.event, injectors.pid),
        limits,
        (legacy, everything),
        frozen(skip),
    )
    # cells depend on the tile, the order of the base-tracks does not
    shower = np.repeat(np.arange(len(injectors)), np.diff(first))
    index = np.sort(shower * len(tracks) + index) - shower * len(tracks)
    delta_theta, impact, cone = _angles(columns, axes, first, index, legacy)
    return Candidates(first, index, delta_theta, impact, cone, passed, signal)


@compiled
def _search(columns, event, films, grid, axes, showers, limits, flags, skip):  # type: ignore[no-untyped-def]
    """See `find_candidates`; one loop over showers, films, cells and base-tracks."""
    pid, film_z = films
    starts, order, place = grid
    window, base, slope = limits[0], limits[1], limits[2]
    legacy, everything = flags
    columns_of_cells, rows_of_cells = np.int64(place[3]), np.int64(place[4])
    number = len(showers[0])
    first = np.zeros(number + 1, dtype=np.int64)
    passed = np.zeros((number, 4), dtype=np.int64)
    signal = np.zeros((number, 4), dtype=np.int64)
    index = np.empty(4096, dtype=np.int64)
    n = 0
    for s in range(number):
        shower, pid0 = showers[0][s], showers[1][s]
        axis = (axes[0][s], axes[1][s], axes[2][s], axes[3][s], axes[4][s])
        left, right = _cells(axis[0], window, place[0], place[2], columns_of_cells)
        low, high = _cells(axis[1], window, place[1], place[2], rows_of_cells)
        for f in range(np.searchsorted(-pid, -pid0, side="right"), len(pid)):
            half = (slope * (pid0 - pid[f]) + base) / 2
            # legacy: the pyramid's centre is taken one film upstream
            centre_z = film_z[f - 1] if f > 0 else axis[2]
            for column in range(left, right):
                cell = (f * columns_of_cells + column) * rows_of_cells
                for o in range(starts[cell + low], starts[cell + high]):
                    i = order[o]
                    own = event[i] == shower
                    if not (everything or own or event[i] < 0) or (len(skip) > 0 and skip[i]):
                        continue
                    steps = _steps(columns, i, axis, half, centre_z, limits, legacy)
                    for step in range(steps):
                        passed[s, step] += 1
                        signal[s, step] += own
                    if steps == 4:
                        if n == len(index):
                            index = np.concatenate((index, index))
                        index[n] = i
                        n += 1
        first[s + 1] = n
    return first, index[:n].copy(), passed, signal


@compiled
def _cells(centre, half, low, scale, number):  # type: ignore[no-untyped-def]
    """First cell of a range of coordinates, and the one behind the last; equal if none."""
    begin = min(max(math.floor((centre - half - low) * scale), 0), number)
    return begin, max(min(math.floor((centre + half - low) * scale) + 1, number), begin)


@compiled
def _steps(columns, i, axis, half, centre_z, limits, legacy):  # type: ignore[no-untyped-def]
    """How many of `STEPS` a base-track passes, one after the other."""
    x, y, z = np.float64(columns[0][i]), np.float64(columns[1][i]), np.float64(columns[2][i])
    x0, y0, z0, tx0, ty0 = axis
    dx, dy, dz = x - x0, y - y0, z - z0
    if not (abs(dx) <= limits[0] and abs(dy) <= limits[0]):
        return 0
    to_centre = centre_z - z0 if legacy else dz
    off_x, off_y = x - (x0 + tx0 * to_centre), y - (y0 + ty0 * to_centre)
    if not (abs(off_x) < half and abs(off_y) < half and dz > 0):
        return 1
    tx, ty = np.float64(columns[3][i]), np.float64(columns[4][i])
    theta0 = math.atan(math.sqrt(tx0 * tx0 + ty0 * ty0))
    if not math.atan(math.sqrt(tx * tx + ty * ty)) - theta0 <= limits[3]:
        return 2
    return 4 if _impact(dx / dz, dy / dz, tx, ty, legacy) <= limits[4] else 3


@compiled
def _impact(u_x, u_y, tx, ty, legacy):  # type: ignore[no-untyped-def]
    """Impact parameter over the distance along the beam; with the published sign if legacy."""
    if legacy:
        return math.sqrt((u_x + tx) * (u_x + tx) + (u_y + ty) * (u_y + ty))
    return math.sqrt((u_x - tx) * (u_x - tx) + (u_y - ty) * (u_y - ty))


@compiled
def _angles(columns, axes, first, index, legacy):  # type: ignore[no-untyped-def]
    """Angular difference, impact parameter over dz and cone tangent of each candidate."""
    x, y, z, tx, ty = columns
    delta_theta = np.empty(len(index))
    impact = np.empty(len(index))
    cone = np.empty(len(index))
    for s in range(len(first) - 1):
        tx0, ty0 = axes[3][s], axes[4][s]
        theta0 = math.atan(math.sqrt(tx0 * tx0 + ty0 * ty0))
        for c in range(first[s], first[s + 1]):
            i = index[c]
            dz = np.float64(z[i]) - axes[2][s]
            u_x, u_y = (np.float64(x[i]) - axes[0][s]) / dz, (np.float64(y[i]) - axes[1][s]) / dz
            slope_x, slope_y = np.float64(tx[i]), np.float64(ty[i])
            theta = math.atan(math.sqrt(slope_x * slope_x + slope_y * slope_y))
            delta_theta[c] = theta - theta0
            impact[c] = _impact(u_x, u_y, slope_x, slope_y, legacy)
            cone[c] = math.sqrt(u_x * u_x + u_y * u_y)
    return delta_theta, impact, cone
