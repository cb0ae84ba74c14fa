"""Tables of made-up jets: two Gaussians of constituents, as a run of the selection writes them."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np

from hepml.columns import Column
from hepml.parts import write_part
from hepml.tables import FeatureTable
from processors.topjet_columns import COLUMNS, HIGH_LEVEL


def jet_columns(jets: int, *, first: int = 0, seed: int = 0, nominal: bool = True) -> dict:
    """Columns of jets: tops are wider, and half of the high-level quantities say so."""
    rng = np.random.default_rng([seed, first])
    label = np.arange(jets) % 2
    counts = rng.integers(3, 12, jets)
    wide = np.repeat(0.1 + 0.25 * label, counts)
    total = int(counts.sum())
    pt = rng.exponential(20.0, total) + 1.0
    eta, phi = rng.normal(0, 1, total) * wide, rng.normal(0, 1, total) * wide
    lists = {"pt": pt, "eta": eta, "phi": phi, "energy": pt * np.cosh(eta)}
    found = {
        f"constit_{name}": ak.unflatten(values.astype(np.float32), counts)
        for name, values in lists.items()
    }
    for place, name in enumerate(HIGH_LEVEL):
        found[name] = rng.normal(label * (place % 2), 1.0).astype(np.float32)
    found |= {
        "file": np.full(jets, "made-up", dtype=object),
        "row": np.arange(first, first + jets),
        "event_number": np.arange(first, first + jets) * 10,
        "label": label.astype(np.int8),
        "jet_pt": rng.uniform(360, 3000, jets).astype(np.float32),
        "jet_eta": rng.normal(0, 1, jets).astype(np.float32),
        "jet_phi": rng.uniform(-3, 3, jets).astype(np.float32),
        "jet_m": rng.uniform(40, 300, jets).astype(np.float32),
        "n_constituents": counts.astype(np.int32),
        "weight": np.where(label, 1.0, rng.uniform(0.5, 1.5, jets)),
        "is_training": np.zeros(jets, np.int8),
        "split_ok": np.ones(jets, np.int8),
    }
    for name in ("isr_up", "isr_down", "fsr_up", "fsr_down"):
        ratio = rng.uniform(0.9, 1.1, jets)
        found[f"weight_{name}"] = ratio if nominal else np.full(jets, np.nan)
    return found


def write_jets(
    folder: Path,
    dataset: str,
    jets: int,
    *,
    parts: int = 1,
    seed: int = 0,
    columns: tuple[Column, ...] = COLUMNS,
) -> FeatureTable:
    """Write a data set into a table; returns the whole table."""
    size = jets // parts
    for part in range(parts):
        rows = jet_columns(size, first=part * size, seed=seed, nominal="nominal" in dataset)
        target = folder / "features" / dataset / f"part-{part}.parquet"
        write_part(target, columns, {c.name: rows[c.name] for c in columns}, {"dataset": dataset})
    return FeatureTable.open(folder)
