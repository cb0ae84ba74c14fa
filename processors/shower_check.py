"""What makes base-tracks useless for showers, told before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from processors.shower_basetracks import BasetrackError

__all__ = ["check_basetracks", "missing_films"]

# A film and its lead are some 1,300 um thick, the film alone 315 um.
SMALLEST_GAP = 100.0
STEEPEST = 20.0
# Films are flat and their base-tracks are given at one z; noise taken from another run may not be.
LARGEST_SPREAD = 50.0


def check_basetracks(columns: Mapping[str, NDArray[Any]], where: str = "these base-tracks") -> None:
    """Refuse base-tracks from which only wrong showers could come.

    Parameters
    ----------
    columns : mapping of str to array
        ``pid, x, y, z, tx, ty``; repeated ones are looked for by ``row``, or else by
        ``pid, id, event``, where these are there.
    where : str
        The file or tile, for the message.

    Raises
    ------
    BasetrackError
        If a column is missing or of another length, holds NaN or infinity, is in another unit; if
        a film has base-tracks at several z, or films are numbered against the beam; if base-tracks
        repeat.
    """
    needed = ("pid", "x", "y", "z", "tx", "ty")
    missing = [name for name in needed if name not in columns]
    if missing:
        raise BasetrackError(f"{where}: there is no column {missing[0]!r}. Needed: {needed}.")
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise BasetrackError(f"{where}: columns differ in length: {lengths}.")
    if not len(columns["pid"]):
        return
    for name in needed:
        _check_finite(name, columns[name], where)
    _check_slopes(columns, where)
    _check_films(columns, where)
    _check_repeated(columns, where)


def missing_films(pid: NDArray[Any], films: int) -> list[int]:
    """Film positions below ``films`` without a base-track, from upstream to downstream."""
    return sorted(set(range(films)) - set(np.unique(pid).tolist()), reverse=True)


def _check_finite(name: str, values: NDArray[Any], where: str) -> None:
    if np.asarray(values).dtype.kind != "f":
        return
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise BasetrackError(
            f"{where}: {len(bad)} of {len(values)} base-tracks have {name!r} = {values[bad[0]]} "
            f"(the first is number {bad[0]}). Remove them, or find out why they have no position "
            "or slope."
        )


def _check_slopes(columns: Mapping[str, NDArray[Any]], where: str) -> None:
    steepest = max(float(np.abs(columns[name]).max()) for name in ("tx", "ty"))
    if steepest > STEEPEST:
        raise BasetrackError(
            f"{where}: slopes reach {steepest:g}. They must be dx/dz and dy/dz, without unit; "
            "milliradians are divided by 1000."
        )


def _check_films(columns: Mapping[str, NDArray[Any]], where: str) -> None:
    pid, z = np.asarray(columns["pid"], np.int64), np.asarray(columns["z"], np.float64)
    order = slice(None) if (np.diff(pid) <= 0).all() else np.argsort(-pid, kind="stable")
    pid, z = pid[order], z[order]
    if pid[-1] < 0:
        raise BasetrackError(f"{where}: a film has the position {pid[-1]}; they count from 0.")
    first = np.flatnonzero(np.diff(pid, prepend=pid[0] + 1))
    low, high = np.minimum.reduceat(z, first), np.maximum.reduceat(z, first)
    if len(first) > 1:
        gaps = np.diff(low) / -np.diff(pid[first])
        gap = float(np.median(gaps))
        if gap < 0:
            raise BasetrackError(
                f"{where}: z falls from film {pid[first[0]]} to film {pid[first[-1]]}. PID 0 must "
                "be the film furthest downstream, and z must grow along the beam."
            )
        if gap < SMALLEST_GAP:
            unit = "centimetres" if gap < 1 else "millimetres"
            raise BasetrackError(
                f"{where}: films are {gap:g} apart, which are no micrometres: {unit}? Bring x, y "
                f"and z to um (times {10_000 if gap < 1 else 1_000:,})."
            )
    apart = np.flatnonzero(high - low > LARGEST_SPREAD)
    if len(apart):
        film = apart[0]
        raise BasetrackError(
            f"{where}: film {pid[first[film]]} has base-tracks from z = {low[film]:g} to "
            f"{high[film]:g} um. Noise and signal of a film must be at the same z, or the "
            "distance to the injector tells them apart: project the noise to the films."
        )


def _check_repeated(columns: Mapping[str, NDArray[Any]], where: str) -> None:
    if "row" in columns:
        names: tuple[str, ...] = ("row",)
        ordered = np.sort(columns["row"])
        again = ordered[1:] == ordered[:-1]
    elif "id" in columns:
        # a number is unique in a film and in a sample: noise, or one simulated event
        names = tuple(name for name in ("pid", "id", "event") if name in columns)
        order = np.lexsort([columns[name] for name in names])
        again = np.ones(len(order) - 1, dtype=np.bool_)
        for name in names:
            again &= np.diff(columns[name][order]) == 0
    else:
        return
    repeated = int(again.sum())
    if repeated:
        raise BasetrackError(
            f"{where}: {repeated} of {len(columns['pid'])} base-tracks repeat {', '.join(names)} "
            "of another one. Was a file read twice, or two bricks mixed?"
        )
