"""Make the bricks of the shower benchmark: flat columns of the whole brick, and its tiles."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns", "films_of", "flat_columns", "make", "read_flat", "settings"]

Columns = dict[str, NDArray[Any]]

# What the kernels need, as tiles store it.
_DTYPES = {
    "id": "i8", "pid": "i2", "x": "f4", "y": "f4", "z": "f4", "tx": "f4", "ty": "f4",
    "event": "i4",
}  # fmt: skip


def settings(showers: int, size: tuple[float, float], noise: float, margin: float = 5.0) -> Any:
    """A beam of 6 GeV on 29 films."""
    from hepml.simulate.shower_settings import Settings

    return Settings(
        showers=showers, energy="6", width=size[0], height=size[1], noise=noise, margin=margin
    )


def flat_columns(asked: Any, seed: int = 1) -> Columns:
    """Base-tracks of a simulated brick, upstream films first."""
    from hepml.simulate.shower_brick import expose, films

    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in _DTYPES}
    for film in films(asked, seed, 1, expose(asked, seed, 1)):
        own = {name: film.columns[name] for name in ("x", "y", "tx", "ty", "event")}
        own["id"] = np.arange(len(film))
        own["pid"], own["z"] = np.full(len(film), film.pid), np.full(len(film), film.z)
        for name, dtype in _DTYPES.items():
            parts[name].append(own[name].astype(dtype))
    return {name: np.concatenate(values) for name, values in parts.items()}


def films_of(columns: Columns) -> dict[int, float]:
    """Film position to z [um]."""
    pids, first = np.unique(columns["pid"], return_index=True)
    return {int(pid): float(columns["z"][at]) for pid, at in zip(pids, first, strict=True)}


def read_flat(folder: Path) -> Columns:
    """Read the columns of a brick."""
    return {name: np.load(folder / f"{name}.npy") for name in _DTYPES}


def make(folder: Path, showers: int, size: tuple[float, float], noise: float) -> None:
    """Write ``flat/*.npy`` and ``tiles/*.parquet`` of one brick."""
    from hepml.simulate.shower_tiles import simulate_tiles
    from processors.shower_injectors import find_injectors

    asked = settings(showers, size, noise)
    (folder / "flat").mkdir(parents=True)
    columns = flat_columns(asked)
    for name, values in columns.items():
        np.save(folder / "flat" / f"{name}.npy", values)
    about = {"showers": showers, "basetracks": len(columns["x"])}
    (folder / "about.json").write_text(json.dumps(about))
    del columns
    simulate_tiles(folder / "tiles", asked, 1, injectors=find_injectors)


def main() -> None:
    """Make one brick, whole or not at all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--showers", type=int, required=True)
    parser.add_argument("--size", type=float, nargs=2, required=True)
    parser.add_argument("--noise", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    scratch = given.out.with_name(f".{given.out.name}")
    shutil.rmtree(scratch, ignore_errors=True)
    make(scratch, given.showers, tuple(given.size), given.noise)
    scratch.rename(given.out)


if __name__ == "__main__":
    main()
