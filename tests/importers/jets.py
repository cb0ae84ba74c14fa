"""Tiny files of top-tagging jets in the layouts of the published ones."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np

from hepml.importers.topjet_layout import HIGH_LEVEL
from hepml.importers.topjet_work import JetOutcome, JetTask, import_part

__all__ = ["SLOTS", "fatal_import", "jet_columns", "write_jets"]

SLOTS = 12


def jet_columns(
    size: int, seed: int = 1, *, training: bool = False, first_event: int = 0
) -> dict[str, np.ndarray]:
    """Datasets of ``size`` jets of 3 to 11 constituents, padded with zeros."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(3, SLOTS, size)
    filled = np.arange(SLOTS) < counts[:, None]
    pt = np.where(filled, np.sort(rng.exponential(5e4, (size, SLOTS)) + 100)[:, ::-1], 0)
    eta = np.where(filled, rng.normal(0, 0.4, (size, SLOTS)), 0)
    phi = np.where(filled, rng.uniform(-np.pi, np.pi, (size, SLOTS)), 0)
    numbers = first_event + 10 * np.arange(size)
    columns = {
        "fjet_clus_pt": pt,
        "fjet_clus_eta": eta,
        "fjet_clus_phi": phi,
        "fjet_clus_E": pt * np.cosh(eta),
        "fjet_pt": pt.sum(1),
        "fjet_eta": rng.normal(0, 0.8, size),
        "fjet_phi": rng.uniform(-np.pi, np.pi, size),
        "fjet_m": rng.uniform(4e4, 3e5, size),
        **{f"fjet_{name}": rng.lognormal(0, 1, size) for name in HIGH_LEVEL},
        "EventInfo_mcEventNumber": numbers + (3 if training else 0),
        "EventInfo_mcEventWeights": rng.uniform(0.5, 2, (size, 27)),
    }
    if training:
        columns["training_weights"] = rng.uniform(0.5, 2, size)
    found = {name: values.astype(np.float32) for name, values in columns.items()}
    found["fjet_clus_taste"] = np.where(filled, rng.integers(0, 3, (size, SLOTS)), 0)
    found["labels"] = rng.integers(0, 2, size)
    return found | {name: found[name].astype(np.int32) for name in ("fjet_clus_taste", "labels")}


def write_jets(
    path: Path,
    columns: dict[str, np.ndarray],
    *,
    names: str = "bytes",
    chunks: int | None = None,
    **attributes: Any,
) -> Path:
    """Write datasets, contiguous or in chunks of rows, and the attributes that name them."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.with_suffix("") if path.suffix == ".gz" else path
    lists = {
        "constit": ["fjet_clus_eta", "fjet_clus_phi", "fjet_clus_pt", "fjet_clus_E"],
        "hl": [f"fjet_{name}" for name in HIGH_LEVEL],
        "jet": ["fjet_pt", "fjet_eta", "fjet_phi", "fjet_m"],
    } | attributes
    with h5py.File(target, "w") as file:
        for name, values in columns.items():
            options = {"chunks": (chunks, *values.shape[1:]), "compression": "gzip"}
            file.create_dataset(name, data=values, **(options if chunks else {}))
        for name, value in lists.items():
            if isinstance(value, list):
                value = np.array(value, "S" if names == "bytes" else object)
            if value is not None:
                file.attrs[name] = value
    if target != path:
        path.write_bytes(gzip.compress(target.read_bytes()))
        target.unlink()
    return path


def fatal_import(task: JetTask) -> JetOutcome:
    """Die as if killed at the second file, leaving a part of it behind."""
    if task.source.stem.endswith("001"):
        task.target.parent.mkdir(parents=True, exist_ok=True)
        (task.target.parent / f".{task.target.name}.1-a.tmp").write_bytes(b"half")
        os._exit(9)
    return import_part(task)
