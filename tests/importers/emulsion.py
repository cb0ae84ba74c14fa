"""Tiny emulsion bricks, as files of FEDRA and as CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from hepml.importers.brick import Columns

__all__ = ["couples", "first_of_each", "write_brick", "write_csv"]

PITCH = 1315.0


def couples(size: int, seed: int = 1, **fixed: Any) -> dict[str, np.ndarray]:
    """Base-tracks of one plate over 30 mm x 20 mm; the first one belongs to event 0."""
    rng = np.random.default_rng(seed)
    event = np.full(size, -999, np.int32)
    event[:1] = 0
    columns = {
        "s.eID": np.arange(size, dtype=np.int32),
        "s.eX": rng.uniform(40_000, 70_000, size).astype(np.float32),
        "s.eY": rng.uniform(30_000, 50_000, size).astype(np.float32),
        "s.eTX": rng.normal(0, 0.1, size).astype(np.float32),
        "s.eTY": rng.normal(0, 0.1, size).astype(np.float32),
        "s.eMCEvt": event,
        "s.eMCTrack": np.where(event >= 0, 0, -999).astype(np.int32),
        "s.eP": np.where(event >= 0, 6.0, -999.0).astype(np.float32),
        "s.eFlag": np.where(event >= 0, 11, -999).astype(np.int32),
        "eCHI2P": np.full(size, 1.0, np.float32),
        "s.eW": np.full(size, 20.0, np.float32),
        "eN1": np.ones(size, np.int32),
        "eN2": np.ones(size, np.int32),
        "s1.eFlag": np.zeros(size, np.int32),
        "s2.eFlag": np.zeros(size, np.int32),
    }
    return columns | {name.replace("__", "."): np.asarray(v) for name, v in fixed.items()}


def write_brick(
    folder: Path, plates: dict[int, dict[str, np.ndarray]], number: int = 7, **sidecar: Any
) -> Path:
    """Write `couples` files of some plates, and a sidecar if there is anything to say."""
    import uproot

    root = folder / f"b{number:06d}"
    for plate, columns in plates.items():
        place = root / f"p{plate:03d}"
        place.mkdir(parents=True)
        with uproot.recreate(place / f"{number}.{plate}.0.0.cp.root") as file:
            tree = file.mktree("couples", {name: v.dtype for name, v in columns.items()})
            tree.extend(columns)
    if sidecar:
        (root / "brick.json").write_text(json.dumps(sidecar))
    return folder


def write_csv(path: Path, films: int = 3, size: int = 4, **columns: Any) -> Path:
    """The published columns, ``size`` base-tracks in each film."""
    import pandas as pd

    pid = np.repeat(np.arange(films)[::-1], size)
    number = len(pid)
    frame = {
        "ID": np.tile(np.arange(size), films),
        "PID": pid,
        "x": np.linspace(40_000, 60_000, number),
        "y": np.linspace(30_000, 50_000, number),
        "z": -PITCH * pid,
        "TX": np.zeros(number),
        "TY": np.zeros(number),
        "MCEvent": np.where(np.arange(number) % size == 0, 0, -999),
    }
    frame |= {name: np.asarray(values) for name, values in columns.items()}
    pd.DataFrame(frame).to_csv(path, index=False)
    return path


def first_of_each(columns: Columns, kind: str) -> tuple[Columns, dict[str, Any]]:
    """A rule for tests: the most upstream base-track of every simulated event."""
    rows = np.flatnonzero(columns["event"] >= 0)
    _, first = np.unique(columns["event"][rows], return_index=True)
    chosen = rows[first]
    found = {name: columns[name][chosen] for name in ("pid", "x", "y", "z", "tx", "ty", "row")}
    return found | {"shower": columns["event"][chosen]}, {}
