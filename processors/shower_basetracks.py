"""Base-tracks and injectors as flat arrays, ordered by film: what the shower kernels work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import HepmlError

__all__ = ["NO_EVENT", "BasetrackError", "Basetracks", "Injectors", "by_film"]


NO_EVENT = -(2**40)
"""Event of an injector that is no simulated particle: no base-track carries it."""


class BasetrackError(HepmlError):
    """Base-tracks that no shower can be built from: NaN, repeated, in other units, out of order."""


@dataclass(frozen=True, slots=True, eq=False)
class Basetracks:
    """Base-tracks of a brick or of a part of it, film by film from upstream to downstream.

    Attributes
    ----------
    pid : array of int64, shape (films,)
        Position of each film, falling; 0 is the furthest downstream. A missing film is absent.
    film_z : array of float64, shape (films,)
        Position of each film along the beam [um], rising.
    first : array of int64, shape (films + 1,)
        Where each film's base-tracks begin, and the end.
    x, y, z : array of float32 or float64
        Position [um].
    tx, ty : array of float32 or float64
        Slopes dx/dz and dy/dz.
    event : array of int32
        Simulated shower that a base-track belongs to, below 0 for noise and for data.
    """

    pid: NDArray[np.int64]
    film_z: NDArray[np.float64]
    first: NDArray[np.int64]
    x: NDArray[Any]
    y: NDArray[Any]
    z: NDArray[Any]
    tx: NDArray[Any]
    ty: NDArray[Any]
    event: NDArray[np.int32]

    @classmethod
    def of(
        cls, columns: Mapping[str, NDArray[Any]], films: Mapping[int, float] | None = None
    ) -> Basetracks:
        """Take columns ``pid, x, y, z, tx, ty`` (and ``event``) that are ordered by film.

        Parameters
        ----------
        columns : mapping of str to array
            One entry per base-track, ``pid`` falling (see `by_film`).
        films : mapping of int to float, optional
            Film position to z [um], empty films included; default: the films that have
            base-tracks, at the z of their first one.

        Raises
        ------
        BasetrackError
            If films are out of order, or z does not rise from upstream to downstream.
        """
        pid = np.asarray(columns["pid"])
        if (pid[1:] > pid[:-1]).any():
            raise BasetrackError(
                "Base-tracks are not ordered by film, upstream (highest PID) first. "
                "Order them with processors.shower_basetracks.by_film."
            )
        starts = np.flatnonzero(np.append(True, pid[1:] != pid[:-1])[: len(pid)])
        present = pid[starts].astype(np.int64)
        if films is None:
            z_first = np.asarray(columns["z"])[starts].tolist()
            films = dict(zip(present.tolist(), z_first, strict=True))
        pids = np.array(sorted(films, reverse=True), dtype=np.int64)
        unknown = sorted(set(present.tolist()) - set(films))
        if unknown:
            raise BasetrackError(
                f"Base-tracks have the PID {unknown[0]}, and the list of films has no such film."
            )
        z_films = np.array([films[int(film)] for film in pids], dtype=np.float64)
        _check_order(pids, z_films)
        # an empty film begins where the next one does
        ends = np.append(starts, len(pid))
        first = np.append(ends[np.searchsorted(-present, -pids)], len(pid)).astype(np.int64)
        dtype = np.result_type(*(columns[name] for name in ("x", "y", "z", "tx", "ty")), np.float32)
        event = columns.get("event")
        x, y, z, tx, ty = (
            frozen(np.asarray(columns[name], dtype=dtype)) for name in ("x", "y", "z", "tx", "ty")
        )
        if event is None:
            event = np.full(len(pid), -999)
        events = frozen(np.asarray(event, dtype=np.int32))
        return cls(frozen(pids), frozen(z_films), frozen(first), x, y, z, tx, ty, events)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def contiguous(self) -> bool:
        """Whether no film is missing between PID 0 and the first one."""
        return bool(len(self.pid)) and int(self.pid[0]) == len(self.pid) - 1

    def film_of(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """Place in `pid` of the film that each of some base-tracks is in."""
        return np.searchsorted(self.first[1:], index, side="right").astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Injectors:
    """The base-tracks that showers start from.

    Attributes
    ----------
    shower : array of int64
        Number of the shower: the simulated event, or a running number in data.
    pid : array of int64
        Film position.
    row : array of int64
        Row in the brick, -1 for one that is not among its base-tracks.
    x, y, z : array of float64
        Position [um].
    tx, ty : array of float64
        Slopes.
    event : array of int64
        Simulated event that the base-tracks of the shower carry, `NO_EVENT` where there is none.
    """

    shower: NDArray[np.int64]
    pid: NDArray[np.int64]
    row: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    z: NDArray[np.float64]
    tx: NDArray[np.float64]
    ty: NDArray[np.float64]
    event: NDArray[np.int64]

    @classmethod
    def of(cls, columns: Mapping[str, NDArray[Any]]) -> Injectors:
        """Take the columns of `processors.shower_injectors.find_injectors` or of a tile.

        Without a column ``event`` the number of the shower is that of the event.
        """
        shower, pid, row, event = (
            frozen(np.asarray(columns.get(name, columns["shower"]), np.int64))
            for name in ("shower", "pid", "row", "event")
        )
        x, y, z, tx, ty = (
            frozen(np.asarray(columns[name], np.float64)) for name in ("x", "y", "z", "tx", "ty")
        )
        return cls(shower, pid, row, x, y, z, tx, ty, event)

    def __len__(self) -> int:
        return len(self.shower)

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Injectors:
        """Keep some of them."""
        parts = {name: frozen(getattr(self, name)[chosen]) for name in self.__slots__}
        return Injectors(**parts)


def by_film(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Order columns by film, upstream first; within a film the order stays."""
    order = np.argsort(-np.asarray(columns["pid"], dtype=np.int64), kind="stable")
    return {name: np.asarray(values)[order] for name, values in columns.items()}


def frozen(values: NDArray[Any]) -> NDArray[Any]:
    """A contiguous read-only view: one type for all inputs, so that kernels compile once."""
    view = np.ascontiguousarray(values).view()
    view.flags.writeable = False
    return view


def _check_order(pids: NDArray[np.int64], z: NDArray[np.float64]) -> None:
    backwards = np.flatnonzero(np.diff(z) <= 0)
    if len(backwards):
        up, down = pids[backwards[0]], pids[backwards[0] + 1]
        raise BasetrackError(
            f"Film {down} is downstream of film {up}, but its z = {z[backwards[0] + 1]:g} um is "
            f"not above {z[backwards[0]]:g} um. PID 0 must be the film furthest downstream, and z "
            "must grow along the beam."
        )
