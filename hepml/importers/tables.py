"""Read base-tracks from CSV files, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import FileAccessError, TableError, did_you_mean
from hepml.importers.brick import COLUMNS, Film

__all__ = ["PUBLISHED", "read_csv"]

# Published column to ours.
PUBLISHED = {
    "ID": "id",
    "PID": "pid",
    "x": "x",
    "y": "y",
    "z": "z",
    "TX": "tx",
    "TY": "ty",
    "MCEvent": "event",
    "MCTrack": "mctrack",
    "P": "p",
    "Flag": "flag",
    "TrackID": "track",
}
_NEEDED = ("ID", "PID", "x", "y", "z", "TX", "TY")


def read_csv(path: Path, scale: float = 1.0) -> Iterator[Film]:
    """Films of one CSV file (plain or .gz) with the published columns.

    Parameters
    ----------
    scale : float
        Factor that brings lengths to um.

    Raises
    ------
    FileAccessError
        If it cannot be read.
    TableError
        If a column is missing or not numeric, or a film has two values of z.
    """
    blocks: dict[int, list[dict[str, NDArray[Any]]]] = {}
    for block in _blocks(path):
        pids = block.pop("pid").astype(np.int64)
        for pid in np.unique(pids):
            chosen = pids == pid
            part = {name: values[chosen] for name, values in block.items()}
            blocks.setdefault(int(pid), []).append(part)
    for pid, parts in blocks.items():
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        z = columns.pop("z") * scale
        # single precision keeps a hundredth of a micrometre over a brick
        if not np.isfinite(z).all() or np.ptp(z) > 0.5:
            raise TableError(
                f"{path}: film {pid} has base-tracks at {float(np.nanmin(z)):g} to "
                f"{float(np.nanmax(z)):g} um along the beam. Noise and signal must be at the same "
                "z: project the noise to the films of the simulation first."
            )
        columns |= {"x": columns["x"] * scale, "y": columns["y"] * scale}
        yield Film(pid, float(z[0]), columns, source=f"{path}, film {pid}")


def _blocks(path: Path) -> Iterator[dict[str, NDArray[Any]]]:
    import pyarrow as pa
    from pyarrow import csv

    try:
        reader = csv.open_csv(
            path,
            read_options=csv.ReadOptions(block_size=1 << 24),
            convert_options=csv.ConvertOptions(
                column_types={name: pa.float64() for name in PUBLISHED}
            ),
        )
        names = reader.schema.names
        _check_names(path, names)
        wanted = [name for name in PUBLISHED if name in names]
        for batch in reader:
            yield {
                PUBLISHED[name]: _values(
                    batch.column(names.index(name)).to_numpy(zero_copy_only=False),
                    PUBLISHED[name],
                )
                for name in wanted
            }
    except OSError as error:
        raise FileAccessError(f"Cannot read {path}: {error}") from error
    except pa.ArrowInvalid as error:
        raise TableError(f"{path}: {str(error).splitlines()[0]}") from error


def _check_names(path: Path, names: list[str]) -> None:
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise TableError(f"{path} has no column {missing[0]!r}. " + did_you_mean(missing[0], names))


def _values(values: NDArray[np.float64], name: str) -> NDArray[Any]:
    """Our dtype; whole numbers that are missing become -1 (no track) or noise."""
    if np.dtype(COLUMNS[name]).kind != "i":
        return values
    missing = -1 if name == "track" else -999
    return np.where(np.isnan(values), missing, values).astype(np.int64)
