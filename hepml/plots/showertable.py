"""Read showers out of a feature table: a few whole ones, and how many base-tracks films hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.parts import to_numpy
from hepml.tables import FeatureTable

__all__ = ["NEEDED", "Films", "ShowerRows", "count_films", "typical_showers"]

Floats = NDArray[np.float64]

_KEY = ("brick", "shower")
_POINT = ("x", "y", "z", "tx", "ty")
_LINK = ("link_dx", "link_dy", "link_dtx", "link_dty", "impact", "impact_over_dz", "cone_tangent")
_OWN = ("signal", "row", "parent_row", "pid", "injector_pid", "energy")
NEEDED = frozenset((*_KEY, *_POINT, *_LINK, *_OWN, "cut_based"))
"""Columns without which `typical_showers` cannot read a table."""

# Displays look at so many rows at most: the first showers are as good as any.
_MOST_ROWS = 3_000_000
# Films of a brick at most, and energies that are those of a beam and not of a range.
_MOST_FILMS, _MOST_ENERGIES = 512, 6


@dataclass(frozen=True, slots=True, eq=False)
class ShowerRows:
    """Linked candidates of one shower.

    Attributes
    ----------
    dataset : str
        Dataset that it belongs to.
    brick, shower : int
        Its key.
    x, y, z : array of float64
        Positions of the base-tracks [um].
    tx, ty : array of float64
        Their slopes.
    signal : array of bool
        Those of the shower itself; none in data.
    row : array of int64
        Row in the brick.
    film_z : array of float64
        z of the films from the injector's on, as far as any shower has candidates in them [um].
    energy : float
        Simulated energy [GeV], NaN if unknown.
    injector : dict of str to float, or None
        ``x``, ``y``, ``z``, ``tx``, ``ty`` of the injector, where the links tell.
    """

    dataset: str
    brick: int
    shower: int
    x: Floats
    y: Floats
    z: Floats
    tx: Floats
    ty: Floats
    signal: NDArray[np.bool_]
    row: NDArray[np.int64]
    film_z: Floats
    energy: float = np.nan
    injector: dict[str, float] | None = None

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, slots=True, eq=False)
class Films:
    """Base-tracks of showers film by film, the most upstream film first.

    Attributes
    ----------
    showers : dict of float to int
        Energy of the beam [GeV], 0 where it is not known or of a whole range, to the number of
        showers that have linked candidates.
    signal : dict of float to array, shape (films,)
        Energy to linked candidates of the showers themselves.
    background : array, shape (films,)
        Linked candidates that are not, of all showers.
    """

    showers: dict[float, int]
    signal: dict[float, Floats]
    background: Floats


def typical_showers(
    table: FeatureTable, count: int = 3, among: Collection[tuple[int, int]] | None = None
) -> list[ShowerRows]:
    """Showers from small to large: those at equal steps through the order of their sizes.

    The size is that of the true shower, or in data of what the cut-based algorithm takes.

    Parameters
    ----------
    table : FeatureTable
        Of a run; the first of its datasets is looked at.
    count : int
        How many.
    among : collection of (brick, shower), optional
        Showers that may be chosen.
    """
    found: list[ShowerRows] = []
    for dataset in table.datasets[:1]:
        part = table.of(dataset)
        size: dict[tuple[int, int], int] = {}
        keys, own = _sizes(part)
        for key, number in zip(keys, own, strict=True):
            size[key] = number
        ordered = sorted(size, key=lambda key: (size[key], key))
        ordered = [key for key in ordered if among is None or key in among]
        places = (np.arange(count) + 0.5) / count * len(ordered)
        wanted = list(dict.fromkeys(ordered[int(place)] for place in places)) if ordered else []
        found += _read(part, dataset, wanted)
    return found


def _batches(table: FeatureTable, columns: Iterable[str]) -> Iterator[dict[str, NDArray[Any]]]:
    names, read = list(columns), 0
    for batch in table.batches(names):
        read += len(batch)
        if read > _MOST_ROWS:
            return
        yield {name: to_numpy(batch.column(place)) for place, name in enumerate(names)}


def _sizes(table: FeatureTable) -> tuple[list[tuple[int, int]], list[int]]:
    """Key and size of the showers."""
    parts = list(_batches(table, (*_KEY, "signal", "cut_based")))
    if not parts:
        return [], []
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    keys, shower = np.unique(np.stack([rows[name] for name in _KEY]), axis=1, return_inverse=True)
    what = "signal" if rows["signal"].any() else "cut_based"
    sizes = np.bincount(shower.reshape(-1), rows[what], keys.shape[1]).astype(np.int64)
    return [(int(brick), int(number)) for brick, number in keys.T], sizes.tolist()


def _read(table: FeatureTable, dataset: str, wanted: list[tuple[int, int]]) -> list[ShowerRows]:
    """Rows of some showers."""
    columns = (*_KEY, *_POINT, *_LINK, *_OWN)
    parts: dict[tuple[int, int], list[dict[str, NDArray[Any]]]] = {key: [] for key in wanted}
    films: dict[int, float] = {}
    for rows in _batches(table, columns):
        pids, first = np.unique(rows["pid"], return_index=True)
        films |= dict(zip(pids.tolist(), rows["z"][first].tolist(), strict=True))
        for key, some in parts.items():
            mask = (rows["brick"] == key[0]) & (rows["shower"] == key[1])
            if mask.any():
                some.append({name: values[mask] for name, values in rows.items()})
    found = []
    for (brick, shower), some in parts.items():
        rows = {name: np.concatenate([part[name] for part in some]) for name in columns}
        points = {name: rows[name].astype(np.float64) for name in _POINT}
        injector = find_injector(rows)
        start = int(rows["injector_pid"][0])
        if injector:
            films.setdefault(start, injector["z"])
        film_z = np.array(sorted(z for pid, z in films.items() if pid <= start))
        found.append(
            ShowerRows(
                dataset,
                brick,
                shower,
                **points,
                signal=rows["signal"] == 1,
                row=rows["row"],
                film_z=film_z,
                energy=float(rows["energy"][0]),
                injector=injector,
            )
        )
    return found


def find_injector(rows: Mapping[str, NDArray[Any]]) -> dict[str, float] | None:
    """Where the shower starts, from the links of its first base-tracks.

    The injector is the parent that is no candidate itself. The published links of simulation
    (mode ``legacy``) begin with a candidate and leave it out: then the cone's tangents do not
    agree with it, and there is none.
    """
    first = np.flatnonzero(~np.isin(rows["parent_row"], rows["row"]) & (rows["impact"] > 0))
    if not len(first):
        return None
    at = first[0]
    value = {name: float(rows[name][at]) for name in (*_POINT, *_LINK)}
    dz = value["impact"] / value["impact_over_dz"]
    tx, ty = value["link_dtx"] + value["tx"], value["link_dty"] + value["ty"]
    x, y = value["link_dx"] + value["x"] - tx * dz, value["link_dy"] + value["y"] - ty * dz
    seen = np.hypot(rows["x"] - x, rows["y"] - y) / (rows["z"] - value["z"] + dz)
    if not np.allclose(seen, rows["cone_tangent"], atol=1e-3):
        return None
    return {"x": x, "y": y, "z": value["z"] - dz, "tx": tx, "ty": ty}


def count_films(table: FeatureTable) -> Films:
    """Count the rows of all showers film by film, for each energy of the beam if it has a few."""
    names = [*_KEY, "pid", "signal", "injector_pid", "energy"]
    showers: dict[tuple[int, int], float] = {}
    counts: dict[tuple[float, int], NDArray[np.int64]] = {}
    films = 0
    for batch in table.batches(names):
        rows = {name: to_numpy(batch.column(place)) for place, name in enumerate(names)}
        if not len(rows["pid"]):
            continue
        films = max(films, int(max(rows["pid"].max(), rows["injector_pid"].max())) + 1)
        energy = np.asarray(np.nan_to_num(rows["energy"]), np.float64).round(3)
        keys, first = np.unique(np.stack([rows[name] for name in _KEY]), axis=1, return_index=True)
        for key, place in zip(keys.T.tolist(), first.tolist(), strict=True):
            showers[(key[0], key[1])] = float(energy[place])
        for value in _few(energy):
            for signal in (0, 1):
                chosen = (rows["signal"] == signal) & ((energy == value) | (value < 0))
                own = np.bincount(rows["pid"][chosen], minlength=_MOST_FILMS)
                counts[(value, signal)] = own + counts.get((value, signal), 0)
    return _sorted(showers, counts, films)


def _few(energy: Floats) -> list[float]:
    """The energies, or -1 for all of them where they are too many for a beam."""
    found = np.unique(energy)
    return found.tolist() if len(found) <= _MOST_ENERGIES else [-1.0]


def _sorted(
    showers: Mapping[tuple[int, int], float],
    counts: Mapping[tuple[float, int], NDArray[np.int64]],
    films: int,
) -> Films:
    """Add up what belongs together, upstream first."""
    energies = sorted(set(showers.values()))
    # one batch may have had few energies and the next one many
    single = len(energies) > _MOST_ENERGIES or any(value < 0 for value, _ in counts)
    background = np.zeros(films)
    signal = {0.0: np.zeros(films)} if single else {value: np.zeros(films) for value in energies}
    for (value, kind), number in counts.items():
        (signal[0.0 if single else value] if kind else background)[:] += number[:films][::-1]
    own = list(showers.values())
    number_of = {0.0: len(own)} if single else {value: own.count(value) for value in energies}
    return Films(number_of, signal, background)
