"""A small table of muon pairs of both signs, with Upsilons whose muons come from the vertex."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hepml.columns import feature, key, observer
from hepml.tables import write_part

TRIGGER = "HLT_TrkMu15_DoubleTrkMu5NoFiltersNoVtx"
COLUMNS = (
    key("run"),
    key("event"),
    observer("dimuon_mass", "GeV", alias="dimu_mass"),
    observer("charge_product", dtype="int32"),
    feature("dimuon_pt", "GeV", alias="dimu_pt"),
    *(
        feature(f"{muon}_{name}", unit, alias=f"mu{place}_{name}")
        for place, muon in enumerate(("lead", "trail"))
        for name, unit in (("pt", "GeV"), ("ip3d", "cm"), ("iso04", ""))
    ),
    observer(TRIGGER, dtype="bool"),
)


def rows(background: int = 3000, signal: int = 90, seed: int = 0) -> dict[str, Any]:
    """Opposite-sign background and signal, and 60 % as many same-sign pairs; a tenth is isolated
    and a tenth was not triggered.
    """
    rng = np.random.default_rng(seed)
    same = int(0.6 * background)
    size = background + signal + same
    prompt = np.arange(size) < signal
    mass = 5 + 11 * rng.beta(0.9, 1.4, size)
    mass[prompt] = rng.normal(9.6, 0.15, signal)
    scale = np.where(prompt, 0.002, 0.02)
    found: dict[str, Any] = {
        "run": np.ones(size, np.int64),
        "event": rng.permutation(size).astype(np.int64),
        "dimuon_mass": mass,
        "charge_product": np.where(np.arange(size) < background + signal, -1, 1).astype(np.int32),
        "dimuon_pt": 25 + rng.exponential(12, size),
        TRIGGER: rng.uniform(size=size) > 0.1,
    }
    isolated = rng.uniform(size=size) < 0.1
    for muon, low in (("lead", 17), ("trail", 8)):
        found[f"{muon}_pt"] = low + rng.exponential(10, size)
        found[f"{muon}_ip3d"] = scale * rng.lognormal(0, 0.8, size)
        found[f"{muon}_iso04"] = np.where(isolated, 0.1, 0.6 + rng.exponential(1, size))
    return found


def write_pairs(path: Path, *, without: str = "", **changes: Any) -> Path:
    """Write the rows, some columns replaced or left out; columns that are floats are float32."""
    columns = [column for column in COLUMNS if column.name != without]
    write_part(path, columns, rows() | changes)
    return path
