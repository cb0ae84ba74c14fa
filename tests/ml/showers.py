"""Small tables of shower candidates that are made up: signal hugs the injector's axis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column, feature, key, label, observer
from hepml.parts import write_part

COLUMNS: tuple[Column, ...] = (
    key("brick"),
    key("shower", alias="Ishower"),
    key("row"),
    label("signal", "int8", alias="Signal"),
    feature("link_dx", "um", alias="dx"),
    feature("link_dy", "um", alias="dy"),
    feature("link_dtx", alias="dTX"),
    feature("link_dty", alias="dTY"),
    feature("delta_theta", "rad", alias="DeltaT"),
    feature("impact_over_dz", alias="Par_impact_nor"),
    feature("cone_tangent", alias="Angolo_cono"),
    feature("up1_distance"),
    observer("pid", dtype="int32"),
    observer("injector_pid", dtype="int32"),
    observer("cut_based", dtype="int8"),
    observer("shower_signal", dtype="int32"),
    observer("energy", "GeV"),
)


def rows(
    showers: int = 40,
    energies: Sequence[float] = (2.0, 4.0, 6.0),
    brick: int = 1,
    candidates: int = 60,
    seed: int = 0,
) -> dict[str, NDArray[Any]]:
    """Rows of so many showers; the number of signal rows grows with the energy."""
    rng = np.random.default_rng(seed)
    shower = np.repeat(np.arange(showers), candidates)
    energy = np.asarray(energies)[np.arange(showers) % len(energies)]
    size = np.clip(rng.normal(6.0 * energy, 1.2 * np.sqrt(energy)), 2, candidates - 10).astype(int)
    place = np.tile(np.arange(candidates), showers)
    signal = place < size[shower]
    count = len(shower)
    wide = np.where(signal, 1.0, 3.0)
    found: dict[str, NDArray[Any]] = {
        "brick": np.full(count, brick),
        "shower": shower,
        "row": np.arange(count),
        "signal": signal.astype(np.int8),
        "link_dx": rng.normal(0, 200 * wide),
        "link_dy": rng.normal(0, 200 * wide),
        "link_dtx": rng.normal(0, 0.03 * wide),
        "link_dty": rng.normal(0, 0.03 * wide),
        "delta_theta": rng.normal(0.1 * wide, 0.05),
        "impact_over_dz": np.abs(rng.normal(0, 0.06 * wide)),
        "cone_tangent": np.abs(rng.normal(0, 0.03 * wide)),
        "up1_distance": np.abs(rng.normal(wide, 0.7)),
        "pid": rng.integers(0, 28, count),
        "injector_pid": np.full(count, 28),
        "cut_based": (signal & (rng.random(count) < 0.6)).astype(np.int8),
        "shower_signal": size[shower] + 3,
        "energy": energy[shower],
    }
    return found


def write_showers(folder: Path, dataset: str = "brick1", **options: Any) -> Path:
    """Write such a table as a folder of Parquet parts."""
    write_part(folder / dataset / "part.parquet", COLUMNS, rows(**options), {"dataset": dataset})
    return folder
