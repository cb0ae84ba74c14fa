"""Small tables of dijets in parts whose rows are out of order, and what an export gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from hepml.parts import write_part
from hepml.tables import FeatureTable
from processors.dijet_columns import COLUMNS
from tests.export.tfrecords import read_events

POINTS = ((300.0, 300.0), (500.0, 100.0))
JETS = ("heavy", "light")
# published feature -> column, and what its unit is worth in ours
SEVEN = {
    "pt": ("pt", 1e-3),
    "eta": ("eta", 1.0),
    "phi": ("phi", 1.0),
    "m": ("mass", 1e-3),
    "N": ("constituents", 1.0),
    "tau12": ("tau21", 1.0),
    "tau23": ("tau32", 1.0),
}


def write_sample(
    folder: Path,
    dataset: str,
    counts: Mapping[tuple[float, float], int] | int,
    *,
    prongs: int = 0,
    files: Sequence[str] = ("uuid",),
    parts: int = 3,
    seed: int = 1,
) -> None:
    """Parts of one sample: a number of background events, or of signal at mass points."""
    rng = np.random.default_rng([seed, prongs])
    points = {(np.nan, np.nan): counts} if isinstance(counts, int) else counts
    masses = np.repeat(np.array(list(points)), list(points.values()), axis=0)
    size = len(masses)
    rows = {c.name: rng.normal(size=size).astype(c.dtype) for c in COLUMNS if c.dtype != "string"}
    rows |= {
        "event": rng.integers(-(2**62), 2**62, size),
        "label": np.full(size, prongs > 0, np.int8),
        "prongs": np.full(size, prongs, np.int8),
        "mx": masses[:, 0].astype(np.float32),
        "my": masses[:, 1].astype(np.float32),
        "file": np.array([files[place % len(files)] for place in range(size)], object),
        "row": 7 * np.arange(size),
    }
    for jet in JETS:
        number = rng.integers(10, 100, size) if prongs else np.full(size, -1)
        rows[f"{jet}_constituents"] = number.astype(np.int32)
    for number, chosen in enumerate(np.array_split(rng.permutation(size), parts)):
        part = {name: values[chosen] for name, values in rows.items()}
        write_part(folder / dataset / f"{number}.parquet", COLUMNS, part, {"dataset": dataset})


def write_table(folder: Path) -> Path:
    """The four published samples: 23 and 10 of background, signal at two mass points."""
    write_sample(folder, "qcd", 23, files=("b", "a"))
    write_sample(folder, "qcd_extra", 10)
    write_sample(folder, "wprime_qq", dict(zip(POINTS, (12, 7), strict=True)), prongs=2)
    write_sample(folder, "wprime_qqq", dict(zip(POINTS, (5, 6), strict=True)), prongs=3)
    return folder


def expected(
    table: Path, dataset: str, point: tuple[float, float], features: Sequence[str] = tuple(SEVEN)
) -> dict[str, np.ndarray]:
    """Published fields of a sample at a mass point, straight from the table."""
    frame = FeatureTable.open(table).of(dataset).to_pandas()
    frame["file"] = frame["file"].astype(str)
    if frame["label"].iloc[0]:
        frame = frame[(frame["mx"] == point[0]) & (frame["my"] == point[1])]
    frame = frame.sort_values(["file", "row"])
    jets = np.empty((len(frame), 2, len(features)))
    for place, jet in enumerate(JETS):
        for number, name in enumerate(features):
            column, unit = SEVEN[name]
            values = frame[f"{jet}_{column}"].to_numpy(np.float64) * unit
            jets[:, place, number] = np.maximum(values, 0) if name == "N" else values
    return {
        "jet_features": jets,
        "param_masses": np.tile(point, (len(frame), 1)),
        "label": frame[["label"]].to_numpy(np.int64),
    }


def read_shard(path: Path) -> dict[str, np.ndarray]:
    """Fields of a shard of either format, by another reader."""
    if path.suffix == ".tfrecord":
        return read_events(path)
    found = {}
    for name in ("jet_features", "param_masses", "label"):
        column = pq.read_table(path, columns=[name])[name]
        found[name] = np.array(column.to_pylist())
    return found


def together(parts: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Fields of several files behind each other; files without events say nothing."""
    filled = [part for part in parts if len(part["label"])]
    return {name: np.concatenate([part[name] for part in filled]) for name in filled[0]}


def as_rows(fields: Mapping[str, np.ndarray]) -> list[tuple[float, ...]]:
    """Events as sorted rows of numbers, whatever their order was."""
    flat = [fields[name].reshape(len(fields["label"]), -1) for name in sorted(fields)]
    return sorted(map(tuple, pd.DataFrame(np.hstack(flat)).to_numpy().tolist()))
