"""Tiles of a brick as they come from a file: flat arrays of one tile after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from processors.objects import plain
from processors.shower_basetracks import NO_EVENT, BasetrackError, Basetracks, Injectors
from processors.shower_check import check_basetracks
from processors.shower_cuts import ShowerCuts
from processors.shower_injectors import data_injectors

__all__ = ["BRICK", "FILM", "INJECTOR", "TRACK", "Tile", "read_tiles"]

BRICK = ("brick", "tile", "x_low", "x_high", "y_low", "y_high", "margin")
TRACK = ("pid", "x", "y", "z", "tx", "ty", "event", "row", "mctrack", "p")
FILM = ("pid", "z")
INJECTOR = ("shower", "row", "pid", "x", "y", "z", "tx", "ty")

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One tile, ready for the selection.

    Attributes
    ----------
    brick : int
        Number of the brick.
    tracks : Basetracks
        Its base-tracks, margin included.
    injectors : Injectors
        Those of its core.
    listed : int
        Injectors that the file lists for it.
    columns : dict of str to array
        ``row``, ``event``, ``mctrack`` and ``p`` of its base-tracks.
    excluded : array of bool or None
        Base-tracks that cannot be candidates.
    momentum, energy : array of float64
        Simulated momentum of each injector, and energy of the particle that the shower began with
        [GeV], NaN if unknown.
    """

    brick: int
    tracks: Basetracks
    injectors: Injectors
    listed: int
    columns: Columns
    excluded: NDArray[np.bool_] | None
    momentum: NDArray[np.float64]
    energy: NDArray[np.float64]


def read_tiles(events: Any, cuts: ShowerCuts, *, data: bool) -> Iterator[Tile]:
    """Take the tiles of a chunk one by one.

    Parameters
    ----------
    events : array of tiles
        With the fields of ``hepml.schemas.emulsion``.
    cuts : ShowerCuts
        The reach, which every margin must hold, and the mode.
    data : bool
        Whether showers are those of data: then base-tracks have no event of a shower.

    Raises
    ------
    BasetrackError
        If base-tracks are unusable (`processors.shower_check`), or a margin is too small.
    """
    seeds = data and cuts.mode == "legacy"
    tracks = _lists(events.basetrack, (*TRACK, "track") if seeds else TRACK)
    told = [name for name in ("energy",) if name in events.injector.fields]
    films, injectors = _lists(events.film, FILM), _lists(events.injector, (*INJECTOR, *told))
    scalars = {name: plain(events[name]) for name in BRICK}
    for place in range(len(events)):
        head = {name: values[place].item() for name, values in scalars.items()}
        where = f"Brick {head['brick']}, tile {head['tile']}"
        if head["margin"] < cuts.reach:
            raise BasetrackError(
                f"{where}: base-tracks reach {head['margin']:g} um beyond the core, and the "
                f"selection looks {cuts.reach:g} um around an injector. Import again with a "
                "larger --margin, or lower the cuts window and reach."
            )
        columns = tracks(place)
        check_basetracks(columns, where)
        film = films(place)
        yield _tile(
            head,
            columns,
            dict(zip(film["pid"].tolist(), film["z"].tolist(), strict=True)),
            injectors(place),
            data=data,
            seeds=seeds,
        )


def _tile(
    head: Mapping[str, Any],
    columns: Columns,
    films: Mapping[int, float],
    listed: Columns,
    *,
    data: bool,
    seeds: bool,
) -> Tile:
    inside = (listed["x"] >= head["x_low"]) & (listed["x"] < head["x_high"])
    inside &= (listed["y"] >= head["y_low"]) & (listed["y"] < head["y_high"])
    core = {name: values[inside] for name, values in listed.items()}
    place = _positions(columns["row"], core["row"])
    known = place >= 0
    momentum = np.where(known, columns["p"][place] if len(columns["p"]) else np.nan, np.nan)
    momentum = np.where(momentum > 0, momentum, np.nan)
    if data and len(core["row"]):
        # files of simulation that are treated as data keep the truth of their base-tracks
        event = columns["event"][place].astype(np.int64)
        core["event"] = np.where(known & (event >= 0), event, NO_EVENT)
    energy = core.pop("energy", np.full(len(core["row"]), np.nan)).astype(np.float64)
    excluded = None
    if seeds:
        excluded = np.zeros(len(columns["row"]), dtype=np.bool_)
        excluded[data_injectors(columns, top=max(films, default=0)).index] = True
    kept = {name: columns[name] for name in ("row", "event", "mctrack", "p")}
    tracks = Basetracks.of(columns, films)
    number, own = int(head["brick"]), Injectors.of(core)
    return Tile(number, tracks, own, len(inside), kept, excluded, momentum, energy)


def _positions(rows: NDArray[Any], wanted: NDArray[Any]) -> NDArray[np.int64]:
    """Where each wanted row is; -1 if it is not there."""
    here = np.flatnonzero(np.isin(rows, wanted))
    here = here[np.argsort(rows[here])]
    if not len(here):
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(rows[here], wanted), len(here) - 1)
    return np.where(rows[here[place]] == wanted, here[place], -1).astype(np.int64)


def _lists(records: Any, names: tuple[str, ...]) -> Any:
    """A function that gives the fields of one event as flat arrays, without copying them."""
    counts = ak.to_numpy(ak.num(records[names[0]], axis=1))
    stops = np.cumsum(counts)
    flat = {name: ak.to_numpy(ak.flatten(records[name], axis=1)) for name in names}

    def of(place: int) -> Columns:
        part = slice(stops[place] - counts[place], stops[place])
        return {name: values[part] for name, values in flat.items()}

    return of
