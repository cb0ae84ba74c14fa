"""Small bricks with toy showers, and tiles of them, for the tests of the shower channel."""

from __future__ import annotations

import itertools
from typing import Any

import awkward as ak
import numpy as np
from coffea.nanoevents.methods import base
from numpy.typing import NDArray

from processors.shower_basetracks import by_film

Columns = dict[str, NDArray[Any]]
PITCH = 1315.0


def brick(
    seed: int,
    *,
    films: int = 8,
    starts: tuple[tuple[float, float], ...] = ((4000.0, 4500.0), (6500.0, 5200.0)),
    side: float = 10_000.0,
    noise: int = 300,
    missing: tuple[int, ...] = (),
    efficiency: float = 1.0,
    digits: int = 4,
) -> Columns:
    """Make toy showers that double every other film, and noise; ordered as tiles are.

    Slopes are rounded to ``digits``; coarse ones make parents tie.
    """
    random = np.random.default_rng(seed)
    parts: list[list[float]] = []
    for event, (x, y) in enumerate(starts):
        tracks = [(x, y, *random.normal(0, 0.003, 2))]
        for pid in range(films - 1, -1, -1):
            parts += [[pid, *track, event, len(tracks), 1.0] for track in tracks]
            if pid % 2 == 0:
                tracks = [(*t[:2], *(t[2:] + random.normal(0, 0.08, 2))) for t in tracks * 2]
            tracks = [(t[0] + t[2] * PITCH, t[1] + t[3] * PITCH, *t[2:]) for t in tracks]
    for pid in range(films - 1, -1, -1):
        for _ in range(noise):
            place, slope = random.uniform(0, side, 2), random.normal(0, 0.25, 2)
            parts.append([pid, *place, *slope, -999, -999, -999.0])
    names = ("pid", "x", "y", "tx", "ty", "event", "mctrack", "p")
    kinds = ("i2", "f4", "f4", "f4", "f4", "i4", "i4", "f4")
    table = np.array(parts, dtype=np.float64).reshape(-1, len(names))
    table[:, 3:5] = table[:, 3:5].round(digits)
    keep = (random.random(len(table)) < efficiency) & ~np.isin(table[:, 0], missing)
    columns = {
        name: table[keep, place].astype(kind)
        for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
    }
    columns["z"] = (-PITCH * columns["pid"]).astype("f4")
    columns["id"] = random.permutation(len(columns["pid"])).astype("i8")
    columns["track"] = np.where(columns["event"] >= 0, columns["event"], -1).astype("i4")
    order = np.lexsort((columns["id"], columns["y"], columns["x"]))
    columns = by_film({name: values[order] for name, values in columns.items()})
    columns["row"] = np.arange(len(order), dtype="i8")
    return columns


def film_positions(columns: Columns) -> dict[int, float]:
    """Film to z [um], of the films that have base-tracks."""
    return {int(pid): -PITCH * int(pid) for pid in np.unique(columns["pid"])}


def tiles(
    columns: Columns,
    injectors: Columns,
    edges: tuple[float, ...] = (0.0, 1e6),
    margin: float = 6000.0,
    kind: str = "simulation",
    films: dict[int, float] | None = None,
) -> ak.Array:
    """Cut a brick into tiles at the same edges in x and y, as the importer lays them out."""
    films = film_positions(columns) if films is None else films
    records: list[dict[str, Any]] = []
    for x_low, x_high in itertools.pairwise(edges):
        for y_low, y_high in itertools.pairwise(edges):
            area = (x_low, x_high, y_low, y_high)
            inside = _inside(columns, area, margin)
            core = _inside(injectors, area, 0.0)
            records.append(
                dict(zip(("x_low", "x_high", "y_low", "y_high"), area, strict=True))
                | {"brick": 7, "tile": len(records), "films": 1 + max(films, default=0)}
                | {"margin": margin}
                | {
                    "basetrack": {n: values[inside] for n, values in columns.items()},
                    "injector": {n: values[core] for n, values in injectors.items()},
                    "film": {
                        "pid": np.array(sorted(films, reverse=True)),
                        "z": np.array([films[pid] for pid in sorted(films, reverse=True)]),
                    },
                }
            )
    return _array(records, {"kind": kind, "dataset": "toy"})


def _inside(columns: Columns, area: tuple[float, ...], margin: float) -> NDArray[np.bool_]:
    x, y = columns["x"], columns["y"]
    return (
        (x >= area[0] - margin)
        & (x < area[1] + margin)
        & (y >= area[2] - margin)
        & (y < area[3] + margin)
    )


def _array(records: list[dict[str, Any]], metadata: dict[str, Any]) -> ak.Array:
    fields: dict[str, Any] = {}
    for name, first in records[0].items():
        if isinstance(first, dict):
            counts = [len(next(iter(record[name].values()))) for record in records]
            fields[name] = ak.zip(
                {
                    field: ak.unflatten(np.concatenate([r[name][field] for r in records]), counts)
                    for field in first
                }
            )
        else:
            fields[name] = np.array([record[name] for record in records])
    events = ak.zip(fields, depth_limit=1, with_name="NanoEvents", behavior=base.behavior)
    return ak.with_parameter(events, "metadata", metadata)
