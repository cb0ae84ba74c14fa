"""Small files of dijet events as pandas writes them, fixed and table, made with h5py alone."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

JET = ("px", "py", "pz", "m", "tau1", "tau2", "tau3")
Columns = dict[str, np.ndarray]


def dijet_columns(size: int, seed: int = 1, *, parametric: bool = False) -> Columns:
    """Columns of ``size`` events of 1 to 2 TeV jets back to back; about a third passes."""
    rng = np.random.default_rng(seed)
    phi, pt = rng.uniform(-np.pi, np.pi, size), rng.uniform(1250, 2100, size)
    found: Columns = {}
    for jet, side in (("j1", 1.0), ("j2", -1.0)):
        own = pt if side > 0 else pt * rng.uniform(0.9, 1, size)
        eta = rng.normal(0, 0.3, size)
        values = [side * own * np.cos(phi), side * own * np.sin(phi), own * np.sinh(eta)]
        values += [rng.uniform(20, 500, size)]
        tau1 = rng.uniform(5, 300, size)
        values += [tau1, tau1 * rng.uniform(0, 1, size), tau1 * rng.uniform(0, 0.5, size)]
        found |= dict(zip((f"{name}{jet}" for name in JET), values, strict=True))
        if parametric:
            found |= {f"pt{jet}": own, f"eta{jet}": eta, f"phi{jet}": (side < 0) * np.pi + phi}
            found[f"N{jet}"] = rng.integers(10, 200, size).astype(np.float64)
    if parametric:
        found["mx"] = rng.choice([100.0, 500.0], size)
        found["my"] = 600 - found["mx"]
    return found


def write_fixed(
    path: Path,
    columns: Mapping[str, np.ndarray],
    key: str = "df",
    *,
    blocks: Sequence[Sequence[str]] = (),
    across: bool = False,
) -> Path:
    """Write one frame in the fixed layout; ``across``: columns of a block lie row by row."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "a") as file:
        group = file.create_group(key)
        group.attrs["pandas_type"] = np.bytes_("frame")
        for number, names in enumerate(blocks or [list(columns)]):
            values = np.stack([columns[name] for name in names], axis=0 if across else 1)
            group[f"block{number}_items"] = np.array([name.encode() for name in names])
            group[f"block{number}_values"] = values
            group[f"block{number}_values"].attrs["transposed"] = np.uint8(not across)
    return path


def write_table(
    path: Path, columns: Mapping[str, np.ndarray], key: str = "df", *, own: Sequence[str] = ()
) -> Path:
    """Write one frame in the table layout; columns in ``own`` are members of their own."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    block = [name for name in columns if name not in own]
    size = len(columns[block[0]])
    kinds = [("index", "<i8"), ("values_block_0", "<f8", (len(block),))]
    records = np.zeros(size, kinds + [(name, columns[name].dtype.str) for name in own])
    records["values_block_0"] = np.stack([columns[name] for name in block], axis=1)
    for name in own:
        records[name] = columns[name]
    with h5py.File(path, "a") as file:
        group = file.create_group(key)
        group.attrs["pandas_type"] = np.bytes_("frame_table")
        table = group.create_dataset("table", data=records, chunks=(7,))
        table.attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(block, 0))
    return path
