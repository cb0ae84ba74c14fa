"""Files of made-up jets in the layout of the ATLAS top tagging open data, for benchmarks only."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["LAYOUTS", "make"]

SLOTS = 200
BLOCK = 10_000
LAYOUTS = ("contiguous", "chunked", "gz")
_HIGH_LEVEL = (
    "Tau1_wta", "Tau2_wta", "Tau3_wta", "Tau4_wta", "Split12", "Split23", "ECF1", "ECF2", "ECF3",
    "C2", "D2", "Qw", "L2", "L3", "ThrustMaj",
)  # fmt: skip


def make(path: Path, jets: int, layout: str, seed: int = 1) -> Path:
    """Write one file; where there is one it stays.

    Parameters
    ----------
    layout : {"contiguous", "chunked", "gz"}
        As the published builder writes; in compressed chunks; contiguous and gzipped as a whole.
    """
    if path.exists():
        return path
    import h5py

    plain = path.with_name(f".{path.name}")
    with h5py.File(plain, "w") as file:
        for start in range(0, jets, BLOCK):
            columns = _columns(min(BLOCK, jets - start), seed + start)
            for name, values in columns.items():
                _append(file, name, values, start, jets, chunked=layout == "chunked")
        file.attrs["hl"] = [f"fjet_{name}" for name in _HIGH_LEVEL]
    if layout == "gz":
        packed = plain.with_suffix(".packed")
        with plain.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target, 1 << 22)
        plain.unlink()
        plain = packed
    plain.rename(path)
    return path


def _append(
    file: Any, name: str, values: np.ndarray, start: int, jets: int, *, chunked: bool
) -> None:
    if name not in file:
        options = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if chunked else {}
        if chunked:
            options["chunks"] = (min(1000, jets), *values.shape[1:])
        file.create_dataset(name, (jets, *values.shape[1:]), values.dtype, **options)
    file[name][start : start + len(values)] = values


def _columns(size: int, seed: int) -> dict[str, np.ndarray]:
    """56 constituents a jet on average, as published; numbers are as random as real ones."""
    rng = np.random.default_rng(seed)
    counts = np.clip(rng.normal(56, 25, size), 3, SLOTS)
    filled = np.arange(SLOTS) < counts[:, None]
    pt = np.where(filled, np.sort(rng.exponential(3e4, (size, SLOTS)) + 100)[:, ::-1], 0)
    eta = np.where(filled, rng.normal(0, 0.4, (size, SLOTS)), 0)
    columns = {
        "fjet_clus_pt": pt,
        "fjet_clus_eta": eta,
        "fjet_clus_phi": np.where(filled, rng.normal(0, 0.4, (size, SLOTS)), 0),
        "fjet_clus_E": pt * np.cosh(eta),
        "fjet_pt": pt.sum(1),
        "fjet_eta": rng.normal(0, 0.8, size),
        "fjet_phi": rng.uniform(-3, 3, size),
        "fjet_m": rng.uniform(4e4, 3e5, size),
        **{f"fjet_{name}": rng.lognormal(0, 1, size) for name in _HIGH_LEVEL},
        "EventInfo_mcEventNumber": 10 * rng.integers(0, 200_000, size),
        "EventInfo_mcEventWeights": rng.uniform(0.5, 2, (size, 27)),
    }
    found = {name: values.astype(np.float32) for name, values in columns.items()}
    found["fjet_clus_taste"] = np.where(filled, rng.integers(0, 3, (size, SLOTS)), 0)
    found["labels"] = rng.integers(0, 2, size)
    return found | {name: found[name].astype(np.int32) for name in ("fjet_clus_taste", "labels")}
