"""A shower worked out by hand: an injector, two base-tracks of its own and one of noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hepml.parts import write_part
from processors.shower_columns import COLUMNS

# injector in film 2 [um], slopes; films are 1000 um apart, film 0 at z = 0
INJECTOR = {"x": 50_000.0, "y": 40_000.0, "z": -2000.0, "tx": 0.02, "ty": -0.01}
# film, x, y from the injector [um], slopes, whether it is of the shower, place of the parent
BASE_TRACKS = (
    (1, 30.0, 10.0, 0.04, 0.01, True, None),
    (1, 200.0, -90.0, 0.3, 0.2, False, None),
    (0, 80.0, 15.0, 0.05, 0.02, True, 0),
)


def shower_rows(
    number: int = 7, times: int = 1, signal: bool = True, energy: float = np.nan
) -> dict[str, Any]:
    """Rows of the feature table for that shower, its base-tracks repeated so many times."""
    chosen = [track for track in BASE_TRACKS if signal or not track[5]]
    rows = [_row(*track) for _ in range(times) for track in chosen]
    columns = {column.name: np.zeros(len(rows), column.dtype) for column in COLUMNS}
    for name in rows[0]:
        columns[name] = np.array([row[name] for row in rows]).astype(columns[name].dtype)
    size = len(rows)
    columns["row"] = 1000 * number + np.arange(size) % len(chosen)
    columns["parent_row"] += 1000 * number
    columns["brick"], columns["shower"] = np.full(size, 1), np.full(size, number)
    columns["injector_pid"][:], columns["energy"][:] = 2, energy
    columns["cut_based"][:] = 1
    return columns


def _row(
    film: int, dx: float, dy: float, tx: float, ty: float, signal: bool, parent: int | None
) -> dict[str, float]:
    x, y, z = INJECTOR["x"] + dx, INJECTOR["y"] + dy, -1000.0 * film
    dz = z - INJECTOR["z"]
    if parent is None:
        before = dict(INJECTOR)
    else:
        up = BASE_TRACKS[parent]
        place = (INJECTOR["x"] + up[1], INJECTOR["y"] + up[2], -1000.0 * up[0], up[3], up[4])
        before = dict(zip(("x", "y", "z", "tx", "ty"), place, strict=True))
    gap = z - before["z"]
    impact = float(np.hypot(dx - dz * tx, dy - dz * ty))
    return {
        "pid": film,
        "x": x,
        "y": y,
        "z": z,
        "tx": tx,
        "ty": ty,
        "signal": int(signal),
        "parent_row": -5 if parent is None else parent,
        "link_dx": before["x"] + before["tx"] * gap - x,
        "link_dy": before["y"] + before["ty"] * gap - y,
        "link_dtx": before["tx"] - tx,
        "link_dty": before["ty"] - ty,
        "impact": impact,
        "impact_over_dz": impact / dz,
        "cone_tangent": float(np.hypot(dx, dy)) / dz,
    }


def write_showers(folder: Path, showers: Sequence[dict[str, Any]]) -> Path:
    """Write a table of dataset ``brick``, one part for each shower."""
    for place, rows in enumerate(showers):
        write_part(folder / "brick" / f"part-{place}.parquet", COLUMNS, rows)
    return folder
