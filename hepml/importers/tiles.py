"""Cut a brick into tiles and write them as jagged Parquet, one row for each tile."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.files import whole_file
from hepml.importers.brick import COLUMNS, Brick, Columns

__all__ = [
    "CORE",
    "INJECTOR",
    "MARGIN",
    "Tile",
    "check_size",
    "count_tiles",
    "cut_tiles",
    "write_tiles",
]

CORE = 25_000.0  # wanted side of a tile [um]
# The 5 mm window of the selection and what an inclined injector moves it.
MARGIN = 6_000.0

INJECTOR: Mapping[str, str] = {
    "shower": "int32",
    "row": "int64",
    "pid": "int16",
    "x": "float32",
    "y": "float32",
    "z": "float32",
    "tx": "float32",
    "ty": "float32",
    "energy": "float32",
}
_BASETRACK: Mapping[str, str] = {**COLUMNS, "row": "int64"}
_FILM: Mapping[str, str] = {"pid": "int16", "z": "float32", "first": "int64"}
_SCALARS: Mapping[str, str] = {
    "brick": "int32",
    "tile": "int32",
    "films": "int16",
    "x_low": "float32",
    "x_high": "float32",
    "y_low": "float32",
    "y_high": "float32",
    "margin": "float32",
}


@dataclass(frozen=True, eq=False)
class Tile:
    """One tile: its scalars, its base-tracks, films and injectors."""

    scalars: dict[str, float]
    basetracks: Columns
    films: Columns
    injectors: Columns


def cut_tiles(
    brick: Brick,
    injectors: Columns,
    *,
    core: float = CORE,
    margin: float = MARGIN,
) -> Iterator[Tile]:
    """Cut a brick into tiles of equal area, each with a margin that its neighbours hold too.

    An injector belongs to the one tile whose core it lies in; a tile without injectors is left
    out, since no shower can start there.

    Parameters
    ----------
    brick : Brick
        Base-tracks, upstream films first.
    injectors : dict of str to array
        Columns ``INJECTOR``; ``energy`` may be left out.
    core, margin : float
        Wanted side of a tile's core, and what is added on every side [um].
    """
    check_size(core, margin)
    films = _sorted_films(brick)
    injectors = {"energy": np.full(len(injectors["x"]), np.nan)} | injectors
    for number, area, chosen in _cores(injectors, core):
        inside = {name: values[chosen] for name, values in injectors.items()}
        yield _tile(brick, films, number, area, margin, inside)


def check_size(core: float, margin: float) -> None:
    """Raise a ParameterError for tiles [um] that cannot hold a shower."""
    if not (core > 0 and margin >= MARGIN):
        raise ParameterError(
            f"A tile needs a core above 0 and a margin of at least {MARGIN:g} um, not {core:g} "
            f"and {margin:g}."
        )


def count_tiles(injectors: Columns, core: float = CORE) -> int:
    """How many tiles `cut_tiles` will yield."""
    return sum(1 for _ in _cores(injectors, core))


def _cores(
    injectors: Columns, core: float
) -> Iterator[tuple[int, tuple[float, float, float, float], NDArray[np.bool_]]]:
    """Number and area of every core that has injectors, and which ones."""
    x, y = injectors["x"], injectors["y"]
    areas = itertools.product(pairwise(_edges(x, core)), pairwise(_edges(y, core)))
    for number, ((x_low, x_high), (y_low, y_high)) in enumerate(areas):
        chosen = (x >= x_low) & (x < x_high) & (y >= y_low) & (y < y_high)
        if chosen.any():
            yield number, (float(x_low), float(x_high), float(y_low), float(y_high)), chosen


def _edges(positions: NDArray[Any], core: float) -> NDArray[np.float32]:
    """Edges of equal cores over the extent of the injectors, the last one just beyond it."""
    if not len(positions):
        return np.zeros(1, dtype=np.float32)
    low, high = float(positions.min()), float(positions.max())
    count = max(int(np.ceil((high - low) / core)), 1)
    edges = np.linspace(low, high, count + 1).astype(np.float32)
    edges[0] = low
    edges[-1] = np.nextafter(np.float32(high), np.float32(np.inf))
    return edges


def _sorted_films(brick: Brick) -> dict[int, Columns]:
    """Base-tracks of each film in order of x, then y, then id; films upstream first."""
    result = {}
    pid = brick.columns["pid"]
    bounds = {film: np.searchsorted(-pid, [-film, -film + 1]) for film in brick.films}
    for film in sorted(brick.films, reverse=True):
        part = slice(*bounds[film].tolist())
        columns = {name: values[part] for name, values in brick.columns.items()}
        order = np.lexsort((columns["id"], columns["y"], columns["x"]))
        result[film] = {name: values[order] for name, values in columns.items()}
    return result


def _tile(
    brick: Brick,
    films: Mapping[int, Columns],
    number: int,
    area: tuple[float, float, float, float],
    margin: float,
    injectors: Columns,
) -> Tile:
    x_low, x_high, y_low, y_high = area
    parts = []
    for columns in films.values():
        start, stop = np.searchsorted(columns["x"], [x_low - margin, x_high + margin])
        y = columns["y"][start:stop]
        inside = np.flatnonzero((y >= y_low - margin) & (y < y_high + margin)) + start
        parts.append({name: values[inside] for name, values in columns.items()})
    first = np.concatenate([[0], np.cumsum([len(part["id"]) for part in parts])[:-1]])
    return Tile(
        scalars={
            "brick": brick.number,
            "tile": number,
            "films": int(brick.account.get("films", max(films) + 1)),
            "x_low": x_low,
            "x_high": x_high,
            "y_low": y_low,
            "y_high": y_high,
            "margin": margin,
        },
        basetracks={name: np.concatenate([part[name] for part in parts]) for name in _BASETRACK},
        films={
            "pid": np.array(list(films)),
            "z": np.array([brick.films[film] for film in films]),
            "first": first,
        },
        injectors=injectors,
    )


def schema() -> pa.Schema:
    """Arrow schema of the tiles."""
    fields = [pa.field(name, pa.type_for_alias(dtype)) for name, dtype in _SCALARS.items()]
    for prefix, columns in (("basetrack", _BASETRACK), ("film", _FILM), ("injector", INJECTOR)):
        fields += [
            pa.field(f"{prefix}_{name}", pa.large_list(pa.type_for_alias(dtype)))
            for name, dtype in columns.items()
        ]
    return pa.schema(fields)


def write_tiles(path: Path, tiles: Iterator[Tile], notes: Mapping[str, Any]) -> int:
    """Write tiles to one Parquet file, a row group for each; whole or not at all.

    Parameters
    ----------
    notes : mapping
        Stored as JSON in the file's metadata under ``hepml``; a uuid is added, which is the
        file's identity from then on.

    Returns
    -------
    int
        Tiles written.
    """
    identity = dict(notes) | {"uuid": str(uuid.uuid4())}
    layout = schema().with_metadata({"hepml": json.dumps(identity)})
    count = 0
    # zstd alone does not notice every flipped bit; with checksums damage never becomes numbers
    options = {"compression": "zstd", "write_page_checksum": True}
    with whole_file(path) as handle, pq.ParquetWriter(handle, layout, **options) as writer:
        for tile in tiles:
            writer.write_table(_table(tile, layout), row_group_size=1)
            count += 1
    return count


def _table(tile: Tile, layout: pa.Schema) -> pa.Table:
    arrays = [pa.array([tile.scalars[name]], type=layout.field(name).type) for name in _SCALARS]
    for columns, dtypes in (
        (tile.basetracks, _BASETRACK),
        (tile.films, _FILM),
        (tile.injectors, INJECTOR),
    ):
        for name, dtype in dtypes.items():
            values = pa.array(np.ascontiguousarray(columns[name], dtype=dtype))
            offsets = pa.array([0, len(values)], pa.int64())
            arrays.append(pa.LargeListArray.from_arrays(offsets, values))
    return pa.Table.from_arrays(arrays, schema=layout)
