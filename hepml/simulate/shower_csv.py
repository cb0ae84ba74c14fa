"""Write a brick as one CSV file with the published columns, film after film."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.simulate.shower_brick import Columns, Film

__all__ = ["CSV_COLUMNS", "write_csv"]

CSV_COLUMNS = {
    "ID": "int32",
    "PID": "int32",
    "x": "float32",
    "y": "float32",
    "z": "float32",
    "TX": "float32",
    "TY": "float32",
    "MCEvent": "int32",
    "MCTrack": "int32",
    "P": "float32",
    "Flag": "int32",
    "TrackID": "int32",
}


def write_csv(
    path: Path,
    tracks: NDArray[np.int64],
    films: Iterable[Film],
) -> None:
    """Write base-tracks of all films, holding one film at a time.

    Parameters
    ----------
    path : Path
        Compressed if it ends in ``.gz``.
    tracks : array of int64
        Volume track of each base-track of the showers, or -1; in the films' order.
    films : iterable of Film
        Upstream first.
    """
    import pyarrow as pa
    from pyarrow import csv

    schema = pa.schema([(name, pa.from_numpy_dtype(kind)) for name, kind in CSV_COLUMNS.items()])
    options = csv.WriteOptions(quoting_header="none")
    taken = 0
    with _output(path) as sink, csv.CSVWriter(sink, schema, write_options=options) as writer:
        for film in films:
            columns = _columns(film, tracks[taken : taken + len(film.signal)])
            taken += len(film.signal)
            writer.write_table(pa.table(columns, schema=schema))


def _output(path: Path) -> Any:
    """A file to write to; compressed at the level that costs least time."""
    from isal import igzip

    compressed: Any = igzip.open  # has no types
    return compressed(path, "wb", compresslevel=1) if path.suffix == ".gz" else path.open("wb")


def _columns(film: Film, tracks: NDArray[np.int64]) -> Columns:
    """The published columns of one film; -1 where a base-track is on no volume track."""
    number = len(film)
    own = film.columns
    track = np.full(number, -1)
    track[film.signal] = tracks
    values = {
        "ID": np.arange(number),
        "PID": np.full(number, film.pid),
        "x": own["x"],
        "y": own["y"],
        "z": np.full(number, film.z),
        "TX": own["tx"],
        "TY": own["ty"],
        "MCEvent": own["event"],
        "MCTrack": own["mctrack"],
        "P": own["p"],
        "Flag": own["flag"],
        "TrackID": track,
    }
    return {name: values[name].astype(kind) for name, kind in CSV_COLUMNS.items()}
