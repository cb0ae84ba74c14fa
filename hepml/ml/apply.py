"""Apply a trained model to a table: keys and scores, as Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hepml.columns import Column, observer
from hepml.ml.models import TrainedModel, resolve_features
from hepml.parts import DATASET, to_numpy, write_part
from hepml.tables import FeatureTable

__all__ = ["apply_model", "write_scores"]


def apply_model(
    model: TrainedModel,
    table: FeatureTable,
    folder: Path,
    *,
    score: str = "score",
    batch_size: int = 262_144,
) -> int:
    """Write the keys and the score of every row, one folder a dataset; returns the rows.

    Memory stays that of a batch.

    Parameters
    ----------
    model : TrainedModel
        The model.
    table : FeatureTable
        With the model's features.
    folder : Path
        Where the parts go.
    score : str
        Name of the column.
    batch_size : int
        Most rows of a part.

    Raises
    ------
    ModelError
        If the table lacks a feature.
    """
    features = resolve_features(model, table)
    keys = table.names("key")
    columns = score_columns(table, score)
    rows = 0
    for dataset in table.datasets:
        batches = table.of(dataset).batches([*keys, *features], batch_size)
        for place, batch in enumerate(batches):
            x = _matrix(batch, len(keys))
            found: dict[str, NDArray[Any]] = {
                name: to_numpy(batch.column(place)) for place, name in enumerate(keys)
            }
            found[score] = model.score(x).astype(np.float32)
            path = folder / dataset / f"part-{place:05d}.parquet"
            write_part(path, columns, found, {DATASET: dataset})
            rows += len(batch)
    return rows


def _matrix(batch: pa.RecordBatch, skipped: int) -> NDArray[np.float32]:
    columns = [to_numpy(column).astype(np.float32) for column in batch.columns[skipped:]]
    return np.column_stack(columns)


def score_columns(table: FeatureTable, *scores: str) -> tuple[Column, ...]:
    """Keys of the table, and scores as observers: what one model says is no input of another."""
    keys = [column for column in table.columns if column.role == "key"]
    found = [observer(name, dtype="float32", doc="probability of signal") for name in scores]
    return (*keys, *found)


def write_scores(
    folder: Path,
    table: FeatureTable,
    columns: dict[str, NDArray[Any]],
    scores: dict[str, NDArray[Any]],
    names: Sequence[str] | None = None,
) -> None:
    """Write keys and scores of rows that are in memory, one folder a dataset."""
    declared = score_columns(table, *scores)
    datasets = columns[DATASET]
    for dataset in names or np.unique(datasets.astype(str)).tolist():
        rows = datasets == dataset
        found = {c.name: columns[c.name][rows] for c in declared if c.role == "key"}
        found |= {name: values[rows].astype(np.float32) for name, values in scores.items()}
        write_part(folder / dataset / "part-00000.parquet", declared, found, {DATASET: dataset})
