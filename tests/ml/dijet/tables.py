"""Small tables of dijets whose signal stands out, for tests of searches."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hepml.parts import write_part
from processors.dijet_columns import COLUMNS

POINTS = ((200.0, 100.0), (300.0, 300.0), (400.0, 200.0))


def write_table(
    folder: Path, background: int = 2_000, signal: int = 120, points: object = POINTS, seed: int = 1
) -> Path:
    """Background and both modes of signal, as ``hepml run dijet`` writes them."""
    rng = np.random.default_rng(seed)
    _write(folder / "qcd", rng, np.full((background, 2), np.nan), 0)
    for mode, prongs in (("wprime_qq", 2), ("wprime_qqq", 3)):
        masses = np.repeat(np.asarray(points), signal, axis=0)
        _write(folder / mode, rng, masses, prongs)
    return folder


def _write(folder: Path, rng: np.random.Generator, masses: np.ndarray, prongs: int) -> None:
    size = len(masses)
    ordered = np.sort(masses, axis=1)[:, ::-1]
    measured = ordered * rng.normal(1, 0.05, (size, 2))
    if not prongs:
        measured = np.sort(rng.exponential(150, (size, 2)) + 20, axis=1)[:, ::-1]
    rows = {column.name: np.zeros(size, column.dtype) for column in COLUMNS if _numeric(column)}
    rows |= {
        "event": rng.integers(-(2**62), 2**62, size),
        "label": np.full(size, prongs > 0, np.int8),
        "prongs": np.full(size, prongs, np.int8),
        "mx": masses[:, 0].astype(np.float32),
        "my": masses[:, 1].astype(np.float32),
        "dijet_mass": rng.uniform(3300, 3700, size),
        "file": np.full(size, folder.name, object),
        "row": np.arange(size),
    }
    centre = {0: 0.6, 2: 0.45, 3: 0.5}[prongs]
    for place, jet in enumerate(("heavy", "light")):
        rows[f"{jet}_mass"] = measured[:, place].astype(np.float32)
        for name in ("tau21", "tau32"):
            values = np.clip(rng.normal(centre, 0.15, size), 0.01, 1)
            rows[f"{jet}_{name}"] = values.astype(np.float32)
    write_part(folder / "part.parquet", COLUMNS, rows, {"dataset": folder.name})


def _numeric(column: object) -> bool:
    return column.dtype != "string"  # type: ignore[attr-defined]
