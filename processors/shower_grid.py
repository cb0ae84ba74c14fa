"""An index of base-tracks by film and square cell, to find those near a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled
from processors.shower_basetracks import BasetrackError, Basetracks, frozen

__all__ = ["Grid"]

CELL = 500.0  # um: some ten base-tracks at 40 per mm^2
_MOST_CELLS = 400  # along one side, whatever a stray coordinate says


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Base-tracks by cell. Results of a search never depend on where the cells lie.

    Attributes
    ----------
    starts : array of int64, shape (films * columns * rows + 1,)
        Where the base-tracks of each cell begin in `order`; cells of a film are together, cells
        of one x are next to each other.
    order : array of int32 or int64
        Base-tracks, cell by cell, rising within a cell.
    place : array of float64, shape (5,)
        Lower edges in x and y [um], cells per um, number of columns (x) and rows (y).
    """

    starts: NDArray[np.int64]
    order: NDArray[Any]
    place: NDArray[np.float64]

    @classmethod
    def of(cls, tracks: Basetracks, cell: float = CELL) -> Grid:
        """Sort base-tracks into cells of a given side [um].

        Raises
        ------
        BasetrackError
            If a position is not finite.
        """
        low, high = np.zeros(2), np.zeros(2)
        if len(tracks):
            low = np.array([tracks.x.min(), tracks.y.min()], dtype=np.float64)
            high = np.array([tracks.x.max(), tracks.y.max()], dtype=np.float64)
        if not np.isfinite([low, high]).all():
            raise BasetrackError("Base-tracks without a finite position cannot be searched.")
        side = max(cell, float((high - low).max()) / _MOST_CELLS)
        columns, rows = map(int, np.floor((high - low) * (1 / side)) + 1)
        place = np.array([*low, 1 / side, columns, rows])
        starts = np.zeros(len(tracks.pid) * columns * rows + 1, dtype=np.int64)
        order = np.empty(len(tracks), dtype=np.int32 if len(tracks) < 2**31 else np.int64)
        _sort(tracks.x, tracks.y, tracks.first, place, starts, order)
        return cls(frozen(starts), frozen(order), frozen(place))


@compiled
def _sort(x, y, first, place, starts, order):  # type: ignore[no-untyped-def]
    """Counting sort: stable, so that base-tracks of a cell keep their order."""
    low_x, low_y, scale = place[0], place[1], place[2]
    rows = np.int64(place[4])
    area = np.int64(place[3]) * rows
    for film in range(len(first) - 1):
        for i in range(first[film], first[film + 1]):
            column = np.int64((np.float64(x[i]) - low_x) * scale)
            row = np.int64((np.float64(y[i]) - low_y) * scale)
            starts[film * area + column * rows + row + 1] += 1
    for place_of_cell in range(len(starts) - 1):
        starts[place_of_cell + 1] += starts[place_of_cell]
    filled = starts[:-1].copy()
    for film in range(len(first) - 1):
        for i in range(first[film], first[film + 1]):
            column = np.int64((np.float64(x[i]) - low_x) * scale)
            row = np.int64((np.float64(y[i]) - low_y) * scale)
            cell = film * area + column * rows + row
            order[filled[cell]] = i
            filled[cell] += 1
