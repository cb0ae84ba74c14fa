"""Base-tracks of one emulsion brick: columns, film by film, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import EmptyInputError, ParameterError, TableError

__all__ = ["COLUMNS", "NOISE", "Brick", "Columns", "Film", "assemble", "check_film"]

Columns = dict[str, NDArray[Any]]

# Base-track columns and what they are stored as; lengths in um, momenta in GeV.
COLUMNS: Mapping[str, str] = {
    "id": "int64",
    "pid": "int16",
    "x": "float32",
    "y": "float32",
    "z": "float32",
    "tx": "float32",
    "ty": "float32",
    "event": "int32",
    "mctrack": "int32",
    "p": "float32",
    "flag": "int32",
    "track": "int32",
}
NOISE = -999  # event of a base-track of no simulated particle

# A film is 125 000 um wide. Coordinates all below this are millimetres or centimetres.
SMALLEST = 1_000.0
STEEPEST = 20.0


@dataclass(frozen=True, eq=False)
class Film:
    """Base-tracks of one film.

    Attributes
    ----------
    pid : int
        Position in the brick: 0 is the film furthest downstream.
    z : float
        Position along the beam [um].
    columns : dict of str to array
        ``COLUMNS`` without ``pid`` and ``z``; ``event``, ``mctrack``, ``p``, ``flag`` and
        ``track`` may be left out.
    rejected : int
        Base-tracks that failed the quality cut.
    source : str
        Where it was read, for messages.
    """

    pid: int
    z: float
    columns: Columns
    rejected: int = 0
    source: str = ""


@dataclass(frozen=True, eq=False)
class Brick:
    """All base-tracks of a brick, upstream films first.

    Attributes
    ----------
    number : int
        Brick number.
    kind : {"data", "simulation"}
        Whether ``event`` is the truth.
    columns : dict of str to array
        ``COLUMNS`` and ``row``, the base-track's number in the brick.
    films : dict of int to float
        Film position (PID) to z [um].
    account : dict
        What was read, rejected or missing, for the record.
    energies : dict of int to float
        Simulated event to the energy of its particle [GeV], as far as known.
    """

    number: int
    kind: str
    columns: Columns
    films: dict[int, float]
    account: dict[str, Any] = field(default_factory=dict)
    energies: dict[int, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns["row"])


def check_film(film: Film) -> None:
    """Refuse what would only give wrong showers.

    Raises
    ------
    TableError
        If a column is missing, holds NaN, has the wrong unit, or base-tracks repeat.
    """
    where = film.source or f"film {film.pid}"
    for name in ("id", "x", "y", "tx", "ty"):
        if name not in film.columns:
            raise TableError(f"{where} has no column {name!r} of base-tracks.")
    size = len(film.columns["id"])
    for name in ("x", "y", "tx", "ty"):
        bad = int((~np.isfinite(film.columns[name])).sum())
        if bad:
            raise TableError(f"{where}: {bad} of {size} base-tracks have no finite {name!r}.")
    if not np.isfinite(film.z):
        raise TableError(f"{where}: the film's z is not a number.")
    if not size:
        return
    extent = max(float(np.abs(film.columns[name]).max()) for name in ("x", "y"))
    if 0 < extent < SMALLEST:
        raise TableError(
            f"{where}: positions reach only {extent:g}; they must be in um. Centimetres or "
            "millimetres? Say so with --unit cm or --unit mm."
        )
    steep = max(float(np.abs(film.columns[name]).max()) for name in ("tx", "ty"))
    if steep > STEEPEST:
        raise TableError(
            f"{where}: slopes reach {steep:g}; they are dx/dz and dy/dz, without unit (not mrad)."
        )
    _check_repeated(film, where)


def _check_repeated(film: Film, where: str) -> None:
    """An id is unique within a film and a sample (noise and each simulated event)."""
    event = film.columns.get("event")
    names = np.stack(
        [film.columns["id"], np.zeros_like(film.columns["id"]) if event is None else event]
    )
    _, counts = np.unique(names, axis=1, return_counts=True)
    repeated = int((counts - 1).sum())
    if repeated:
        raise TableError(
            f"{where}: {repeated} of {names.shape[1]} base-tracks repeat the id of another one of "
            "the same film. Was a file given twice, or two bricks mixed?"
        )


def assemble(number: int, kind: str, films: Iterable[Film], expected: int | None = None) -> Brick:
    """Put films together, upstream first, and keep account.

    Parameters
    ----------
    number : int
        Brick number.
    kind : {"data", "simulation"}
        Kind of sample.
    films : iterable of Film
        Any order; each is checked.
    expected : int, optional
        Number of film positions of the brick, where it is known: missing ones are noted.

    Raises
    ------
    EmptyInputError
        If no film has a base-track.
    """
    found = sorted(films, key=lambda film: -film.pid)
    if not found:
        raise EmptyInputError(f"Brick {number} has no film.")
    positions = [film.pid for film in found]
    if len(set(positions)) < len(positions):
        twice = next(pid for pid in positions if positions.count(pid) > 1)
        raise TableError(f"Brick {number}: two films have the position {twice}.")
    if min(positions) < 0:
        raise ParameterError(
            f"Brick {number}: a film has the position {min(positions)}; 0 is the furthest "
            "downstream. Is the number of films right?"
        )
    for film in found:
        check_film(film)
    columns = {
        name: np.concatenate([_column(film, name, dtype) for film in found])
        for name, dtype in COLUMNS.items()
    }
    size = len(columns["id"])
    if not size:
        raise EmptyInputError(f"No film of brick {number} has a base-track.")
    columns["row"] = np.arange(size, dtype=np.int64)
    total = max(expected or 0, max(positions) + 1)
    account = {
        "basetracks": size,
        "rejected": sum(film.rejected for film in found),
        "films": total,
        "missing_films": sorted(set(range(total)) - set(positions), reverse=True),
        "empty_films": [film.pid for film in found if not len(film.columns["id"])],
    }
    return Brick(number, kind, columns, {film.pid: film.z for film in found}, account)


_DEFAULTS = {"event": NOISE, "mctrack": NOISE, "p": float(NOISE), "flag": NOISE, "track": -1}


def _column(film: Film, name: str, dtype: str) -> NDArray[Any]:
    size = len(film.columns["id"])
    if name == "pid":
        return np.full(size, film.pid, dtype)
    if name == "z":
        return np.full(size, film.z, dtype)
    if name not in film.columns:
        return np.full(size, _DEFAULTS[name], dtype)
    return np.asarray(film.columns[name]).astype(dtype, copy=False)
