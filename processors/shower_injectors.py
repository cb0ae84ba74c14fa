"""Where showers start: the injector of each simulated event or data track (spec S2)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, did_you_mean

__all__ = ["Found", "data_injectors", "find_injectors", "simulation_injectors"]

logger = logging.getLogger(__name__)

FILMS = 3  # of data, from the most upstream one, that an injector may lie in
SLOPE = 0.050  # steepest injector of data
_TRIES = 20  # films that the search for the simulated injector goes upstream

NO_DEVELOPMENT = "simulated showers without a film of 2 to 10 base-tracks"
NOTHING_UPSTREAM = "simulated showers without a base-track upstream of where they multiply"
EMPTY_START = "simulated showers without a base-track in their starting film"
TOO_LATE = "tracks without a base-track in the first films"
TOO_STEEP = "tracks steeper than the limit in the first films"

_COPIED = ("pid", "x", "y", "z", "tx", "ty")


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Injectors, and what has none.

    Attributes
    ----------
    shower : array of int64
        Simulated event, or a running number in order of the tracks' numbers in data.
    index : array of int64
        Base-track that is the injector.
    skipped : dict of str to array of int64
        Reason to the events or tracks that have no injector for it; every reason is there.
    """

    shower: NDArray[np.int64]
    index: NDArray[np.int64]
    skipped: dict[str, NDArray[np.int64]]


def find_injectors(
    columns: Mapping[str, NDArray[Any]], kind: str
) -> tuple[dict[str, NDArray[Any]], dict[str, int]]:
    """Find the injectors of a whole brick.

    Parameters
    ----------
    columns : mapping of str to array
        Base-tracks: ``pid, x, y, z, tx, ty`` and ``event, id`` (simulation) or ``track`` (data);
        ``row`` where it is not the position in these arrays.
    kind : {"simulation", "data"}
        Which rule: `simulation_injectors` or `data_injectors`.

    Returns
    -------
    dict of str to array, dict of str to int
        ``shower, row, pid, x, y, z, tx, ty``, one entry per injector; and how many simulated
        showers or data tracks have none, by reason.
    """
    rules = {"simulation": simulation_injectors, "data": data_injectors}
    if kind not in rules:
        raise ParameterError(f"There is no injector rule {kind!r}. " + did_you_mean(kind, rules))
    found = rules[kind](columns)
    row = columns.get("row")
    injectors = {name: np.asarray(columns[name])[found.index] for name in _COPIED}
    injectors["shower"] = found.shower
    injectors["row"] = found.index if row is None else np.asarray(row)[found.index]
    for reason, numbers in found.skipped.items():
        if len(numbers) and kind == "simulation":
            shown = ", ".join(map(str, numbers[:10].tolist()))
            logger.warning("%d %s: %s%s", len(numbers), reason, shown, " ..."[: len(numbers) // 3])
    return injectors, {reason: len(numbers) for reason, numbers in found.skipped.items()}


def simulation_injectors(columns: Mapping[str, NDArray[Any]]) -> Found:
    """Find the last single-track film just upstream of where each event multiplies.

    With n(p) the number of the event's base-tracks in film p, between its first and last film:
    the start is the event's most upstream film if it has 2; else B, the film before the most
    upstream one with 2 to 10, or A, the most downstream film with 0 or 1, if A is not downstream
    of B. If B is empty, the first film with a base-track upstream of it, at most 20 further.
    The injector is the first base-track of the starting film, of two the one with the smaller id
    (published script Inizio_sciame).

    Parameters
    ----------
    columns : mapping of str to array
        ``event`` (below 0 for noise), ``pid`` and ``id`` of all base-tracks.
    """
    signal = np.flatnonzero(np.asarray(columns["event"]) >= 0)
    events, event = np.unique(np.asarray(columns["event"])[signal], return_inverse=True)
    if not len(events):
        nobody = np.empty(0, np.int64)
        return Found(nobody, nobody, _skips(nobody, nobody.astype(np.str_)))
    pid = np.asarray(columns["pid"], dtype=np.int64)[signal]
    films = int(pid.max()) + 1
    counts = np.bincount(event * films + pid, minlength=len(events) * films)
    start, reason = _starting_films(counts.reshape(len(events), films))
    chosen = np.flatnonzero(pid == start[event])
    # of an event's base-tracks in its starting film: their order, events together
    chosen = chosen[np.argsort(event[chosen], kind="stable")]
    first = np.searchsorted(event[chosen], np.arange(len(events)))
    number = np.diff(np.append(first, len(chosen)))
    reason[(number == 0) & (reason == "")] = EMPTY_START
    name = np.asarray(columns["id"])[signal[chosen]]
    pairs = first[number == 2]
    first[number == 2] += name[pairs + 1] < name[pairs]
    good = reason == ""
    index = signal[chosen[first[good]]].astype(np.int64)
    return Found(events[good].astype(np.int64), index, _skips(events, reason))


def _starting_films(
    counts: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """Starting film of each event (-1: none), and why there is none; counts by event and film."""
    film = np.arange(counts.shape[1])
    low = (counts > 0).argmax(axis=1)
    high = counts.shape[1] - 1 - (counts > 0)[:, ::-1].argmax(axis=1)
    inside = (film >= low[:, None]) & (film <= high[:, None])
    thin, grown = inside & (counts <= 1), inside & (counts >= 2) & (counts <= 10)
    below = np.where(thin.any(axis=1), thin.argmax(axis=1), -1)
    above = counts.shape[1] - grown[:, ::-1].argmax(axis=1)
    event = np.arange(len(counts))
    padded = np.concatenate([counts, np.zeros((len(counts), _TRIES + 2), counts.dtype)], axis=1)
    empty = padded[event, above] == 0
    ahead = padded[event[:, None], above[:, None] + 1 + np.arange(_TRIES)] > 0
    start = np.where(below >= above, below, above)
    start = np.where(empty, above + 1 + ahead.argmax(axis=1), start)
    reason = np.full(len(counts), "", dtype=f"<U{len(NOTHING_UPSTREAM)}")
    reason[empty & ~ahead.any(axis=1)] = NOTHING_UPSTREAM
    reason[~grown.any(axis=1)] = NO_DEVELOPMENT
    pair = counts[event, high] == 2
    reason[pair] = ""
    start = np.where(pair, high, start)
    return np.where(reason == "", start, -1), reason


def _skips(events: NDArray[Any], reason: NDArray[np.str_]) -> dict[str, NDArray[np.int64]]:
    reasons = (NO_DEVELOPMENT, NOTHING_UPSTREAM, EMPTY_START)
    return {name: events[reason == name].astype(np.int64) for name in reasons}


def data_injectors(
    columns: Mapping[str, NDArray[Any]],
    *,
    top: int | None = None,
    films: int = FILMS,
    slope: float = SLOPE,
) -> Found:
    """Find the most downstream base-track of each volume track in the first films.

    Parameters
    ----------
    columns : mapping of str to array
        ``track`` (below 0: none), ``pid``, ``tx``, ``ty`` of all base-tracks.
    top : int, optional
        Position of the most upstream film; default: the highest that has a base-track.
    films : int
        How many films, from the most upstream one, to look at.
    slope : float
        Largest sqrt(tx^2 + ty^2), included.
    """
    track = np.asarray(columns["track"], dtype=np.int64)
    pid = np.asarray(columns["pid"], dtype=np.int64)
    top = int(pid.max(initial=0)) if top is None else top
    early = np.flatnonzero((track >= 0) & (pid > top - films))
    tx, ty = (np.asarray(columns[name])[early].astype(np.float64) for name in ("tx", "ty"))
    straight = early[np.sqrt(tx**2 + ty**2) <= slope]
    # by track, then from downstream; a stable sort keeps the order of the arrays between equals
    ordered = straight[np.lexsort((pid[straight], track[straight]))]
    tracks, first = np.unique(track[ordered], return_index=True)
    every = np.unique(track[track >= 0])
    seen = np.unique(track[early])
    skipped = {
        TOO_LATE: np.setdiff1d(every, seen, assume_unique=True),
        TOO_STEEP: np.setdiff1d(seen, tracks, assume_unique=True),
    }
    return Found(np.arange(len(tracks), dtype=np.int64), ordered[first].astype(np.int64), skipped)
