"""Apply a trained model to a table: keys and scores, as Parquet."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column, key, observer
from hepml.engine.provenance import redacted
from hepml.engine.store import write_json
from hepml.ml.folder import check_free, output_folder
from hepml.ml.models import TrainedModel, model_digest, read_model, resolve_features
from hepml.ml.sources import open_rows, selection_of, versions
from hepml.ml.threads import set_threads
from hepml.parts import DATASET, to_numpy, write_part
from hepml.scoring import AppliedModel, check_free_names, check_score, input_matrix
from hepml.tables import FeatureTable

__all__ = ["Scored", "apply_model", "score_columns", "score_table", "write_scores"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What a model gave for a table.

    Attributes
    ----------
    model : TrainedModel
        The model.
    rows : dict of str to int
        Rows by dataset.
    means : dict of str to dict of str to float
        Mean of each score by dataset, NaN without rows.
    notes : tuple of str
        What a reader must know.
    """

    model: TrainedModel
    rows: dict[str, int]
    means: dict[str, dict[str, float]]
    notes: tuple[str, ...] = ()


def score_table(
    path: str | Path,
    model: str | Path,
    out: str | Path,
    *,
    score: str = "score",
    join: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Scored:
    """Score every row of a run or table into a folder that is whole or absent.

    Writes ``scores/<dataset>/*.parquet`` (keys and scores) and ``task.json``.

    Parameters
    ----------
    path : path
        Run directory, Parquet file or folder of them; data and simulation alike.
    model : path
        Folder of a trained model.
    out : path
        Folder to create.
    score : str
        Name of the score column, or what the names begin with where the model gives several.
    join : bool
        Keep every column of the table.
    threads : int, optional
        Most threads; default: all cores that are idle.
    progress : callable, optional
        Called with what is done, how many rows are, of how many.

    Raises
    ------
    ModelError
        If there is no model, or the table lacks its features.
    ParameterError
        If the table has a column of the name of a score.
    OutputError
        If the folder is taken.
    """
    check_free(out)
    check_score(score)
    trained, digest = read_model(model), model_digest(model)
    # trees of a forest add up in the order in which threads end: more than one changes last digits
    set_threads(trained.estimator, threads if trained.kind == "boosted" else 1)
    table, account = open_rows(path, labelled=False)
    resolve_features(trained, table, f"the table of {path}")
    kept = table.columns if join else score_columns(table)
    check_free_names(trained.score_names(score), kept, f"the table of {path}")
    applied = AppliedModel(str(Path(model).absolute()), digest, score, trained.name)
    with output_folder(out) as folder:
        rows, means = _write(
            trained, table, folder / "scores", score=score, join=join, progress=progress
        )
        found = {
            "task": "apply",
            "model": applied.to_json(),
            "trained": trained.task,
            "classes": list(trained.classes),
            "scores": list(trained.score_names(score)),
            "joined": join,
            "rows": rows,
            "input": {"path": str(path), "selection": selection_of(path)},
            "source": account.source,
            "versions": versions(),
            "command": list(sys.argv),
        }
        write_json(folder / "task.json", dict(redacted(found)), indent=1)
    return Scored(trained, rows, means, account.notes)


def apply_model(
    model: TrainedModel,
    table: FeatureTable,
    folder: Path,
    *,
    score: str = "score",
    join: bool = False,
    batch_size: int = 262_144,
    progress: Progress | None = None,
) -> int:
    """Write the keys and the scores of every row, one folder a dataset; returns the rows.

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
        Name of the column, or what the names begin with where the model gives several.
    join : bool
        Keep every column of the table.
    batch_size : int
        Most rows of a part.
    progress : callable, optional
        Called with a dataset, how many rows are done, of how many.

    Raises
    ------
    ModelError
        If the table lacks a feature.
    """
    rows, _ = _write(
        model,
        table,
        folder,
        score=score,
        join=join,
        batch_size=batch_size,
        progress=progress,
    )
    return sum(rows.values())


def _write(
    model: TrainedModel,
    table: FeatureTable,
    folder: Path,
    *,
    score: str,
    join: bool,
    batch_size: int = 262_144,
    progress: Progress | None = None,
) -> tuple[dict[str, int], dict[str, dict[str, float]]]:
    """Write the parts; rows and mean scores by dataset."""
    features = resolve_features(model, table)
    kept = [column for column in table.columns if join or column.role == "key"]
    # a table without keys is put together again by position
    numbered = () if kept else (key("row", doc="position in the dataset"),)
    columns = (*kept, *numbered, *model.score_columns(score))
    names = model.score_names(score)
    rows: dict[str, int] = {}
    means: dict[str, dict[str, float]] = {}
    total, done = len(table), 0
    for dataset in table.datasets:
        sums, count = np.zeros(len(names)), 0
        read = list(dict.fromkeys([*(column.name for column in kept), *features]))
        batches = _batches(table.of(dataset), read, batch_size)
        for place, batch in enumerate(batches):
            size = len(batch[features[0]])
            x = input_matrix(features, [batch[name] for name in features])
            batch |= {item.name: np.arange(count, count + size) for item in numbered}
            scores = model.scores(x, score)
            path = folder / dataset / f"part-{place:05d}.parquet"
            write_part(path, columns, batch | scores, {DATASET: dataset})
            sums += [scores[name].sum(dtype=np.float64) for name in names]
            count, done = count + size, done + size
            if progress is not None:
                progress(dataset, done, total)
        rows[dataset] = count
        share = sums / count if count else np.full(len(names), np.nan)
        means[dataset] = dict(zip(names, share.tolist(), strict=True))
    return rows, means


def _batches(
    table: FeatureTable, names: Sequence[str], size: int
) -> Iterator[dict[str, NDArray[Any]]]:
    """Batches as columns by name; one without rows where there is nothing else."""
    empty = True
    for batch in table.batches(names, size):
        if len(batch):
            empty = False
            yield {name: to_numpy(batch.column(place)) for place, name in enumerate(names)}
    if empty:
        found = table.to_arrow(names)
        yield {name: to_numpy(found.column(name))[:0] for name in names}


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
