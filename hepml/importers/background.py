"""Background made of measured bricks, put under simulated showers.

Upstream films of an exposure hold almost no shower, so that their base-tracks are background
(specification of the DESY19 exposure, section 1.7).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, did_you_mean
from hepml.importers.brick import COLUMNS, NOISE, Brick, Columns

__all__ = ["EXTENT", "RULES", "first_films", "overlay", "replicas", "with_background"]

# Mirror axes of a film [um].
EXTENT = (125_000.0, 100_000.0)

RULES = ("two-films", "ten-films")
TWO, TEN = 2, 10

# What is mirrored or flipped, in the published order: x, y, tx, ty. The eighth changes all.
CHANGES = (
    (False, False, False, False),
    (True, True, False, False),
    (True, False, False, True),
    (False, True, True, False),
    (False, False, True, True),
    (True, False, True, True),
    (False, True, True, True),
    (True, True, True, True),
)
# Of 19 films the published scheme makes groups of 4 and flips the slopes of the last three.
SHORT, SHORT_GROUP, FLIPPED = 19, 4, 4

_TRUTH = {"event": NOISE, "mctrack": NOISE, "p": NOISE, "flag": NOISE, "track": -1}


def replicas(sources: int, films: int) -> list[tuple[int, int]]:
    """Which source film and which change of it stand for each film, most upstream first.

    Four sources and 29 films are the published groups of 7, 7, 7 and 8; up to 19 films are groups
    of 4, of which the 17th to 19th are the first of the first three groups with slopes flipped.

    Raises
    ------
    ParameterError
        If there are too few sources: a film is used at most eight times.
    """
    if films <= SHORT and sources >= SHORT_GROUP:
        places = [(place // SHORT_GROUP, place % SHORT_GROUP) for place in range(4 * SHORT_GROUP)]
        places += [(group, FLIPPED) for group in range(SHORT - len(places))]
        return places[:films]
    most = sources * len(CHANGES)
    if films > most:
        raise ParameterError(
            f"{sources} films of background cannot stand for {films}: each is used at most "
            f"{len(CHANGES)} times. Give more bricks with --background."
        )
    group = len(CHANGES) - 1
    places = [(place // group, place % group) for place in range(sources * group)]
    places += [(source, group) for source in reversed(range(sources))]
    # the film with all changes belongs to the end of its source's group
    chosen = places[:films]
    return sorted(chosen)


def _changed(columns: Columns, change: int) -> Columns:
    """Base-tracks mirrored and flipped."""
    x, y, tx, ty = CHANGES[change]
    result = dict(columns)
    if x:
        result["x"] = np.asarray(EXTENT[0] - columns["x"], dtype=np.float32)
    if y:
        result["y"] = np.asarray(EXTENT[1] - columns["y"], dtype=np.float32)
    if tx:
        result["tx"] = -columns["tx"]
    if ty:
        result["ty"] = -columns["ty"]
    return result


def _films(brick: Brick, count: int) -> list[Columns]:
    """Base-tracks of the most upstream films of a brick."""
    if len(brick.films) < count:
        raise ParameterError(
            f"Brick {brick.number} has {len(brick.films)} films; its first {count} were wanted "
            "as background."
        )
    chosen = sorted(brick.films, reverse=True)[:count]
    return [_rows(brick.columns, brick.columns["pid"] == pid) for pid in chosen]


def _rows(columns: Columns, chosen: NDArray[np.bool_]) -> Columns:
    return {name: values[chosen] for name, values in columns.items()}


def overlay(bricks: Sequence[Brick], films: Mapping[int, float]) -> Iterator[Columns]:
    """Background for every film: the first two films of measured bricks, mirrored and flipped.

    Parameters
    ----------
    bricks : sequence of Brick
        Measured bricks.
    films : mapping of int to float
        PID and z [um] of the films to fill.

    Yields
    ------
    dict of str to array
        Base-tracks of one film.
    """
    sources = [columns for brick in bricks for columns in _films(brick, TWO)]
    order = sorted(films, reverse=True)
    for pid, (source, change) in zip(order, replicas(len(sources), len(order)), strict=True):
        yield _placed(_changed(sources[source], change), pid, films[pid])


def first_films(brick: Brick, films: Mapping[int, float], count: int = TEN) -> Iterator[Columns]:
    """Background of the first films: those of one measured brick, at the z of the simulation.

    Keeps the true correlations between films; more films would hold real showers.
    """
    order = sorted(films, reverse=True)[:count]
    for pid, columns in zip(order, _films(brick, len(order)), strict=True):
        shift = films[pid] - columns["z"]
        moved = dict(columns)
        for axis in ("x", "y"):
            moved[axis] = (columns[axis] + shift * columns[f"t{axis}"]).astype(np.float32)
        yield _placed(moved, pid, films[pid])


def _placed(columns: Columns, pid: int, z: float) -> Columns:
    """Base-tracks of one film as noise of another brick."""
    size = len(columns["id"])
    fixed: dict[str, Any] = {"pid": pid, "z": z, **_TRUTH}
    constant = {name: np.full(size, value, COLUMNS[name]) for name, value in fixed.items()}
    return {name: values for name, values in columns.items() if name in COLUMNS} | constant


def with_background(brick: Brick, bricks: Sequence[Brick], rule: str) -> Brick:
    """Simulated showers of a brick with the background of measured ones in place of its noise.

    Parameters
    ----------
    brick : Brick
        Simulation; base-tracks of no simulated event are left out.
    bricks : sequence of Brick
        Measured bricks.
    rule : {"two-films", "ten-films"}
        Two films of each brick, replicated over all films; or the first ten films of one brick,
        with the first ten of the simulation.

    Raises
    ------
    ParameterError
        If the rule is unknown, the brick is no simulation, or there are too few films.
    """
    if rule not in RULES:
        raise ParameterError(f"There is no background rule {rule!r}. " + did_you_mean(rule, RULES))
    if brick.kind != "simulation":
        raise ParameterError(
            f"Brick {brick.number} is data: it has its own background. Leave --background out."
        )
    films = dict(brick.films)
    if rule == "ten-films":
        if len(bricks) != 1:
            raise ParameterError(
                f"The rule ten-films takes one brick as background, not {len(bricks)}."
            )
        films = {pid: films[pid] for pid in sorted(films, reverse=True)[:TEN]}
        noise = list(first_films(bricks[0], films))
    else:
        noise = list(overlay(bricks, films))
    signal = _rows(
        brick.columns, (brick.columns["event"] >= 0) & np.isin(brick.columns["pid"], list(films))
    )
    parts = [signal, *noise]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}
    order = np.argsort(-columns["pid"], kind="stable")
    columns = {name: values[order] for name, values in columns.items()}
    columns["row"] = np.arange(len(order), dtype=np.int64)
    total = int(brick.account.get("films", max(brick.films) + 1))
    account = brick.account | {
        "basetracks": len(order),
        "background": sum(len(part["id"]) for part in noise),
        "missing_films": sorted(set(range(total)) - set(films), reverse=True),
    }
    return replace(brick, columns=columns, films=films, account=account)
