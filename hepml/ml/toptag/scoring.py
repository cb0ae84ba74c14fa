"""Scores of jets, streamed from one table to another: keys, truth, what an evaluation needs."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hepml.columns import Column, observer
from hepml.ml.steps import Progress
from hepml.ml.toptag.blocks import JetRows, need_columns, read_block
from hepml.ml.toptag.evaluation import SCORE_COLUMNS
from hepml.ml.toptag.loader import prefetched
from hepml.ml.toptag.tagger import Tagger
from hepml.parts import DATASET, to_numpy, write_part
from hepml.tables import FeatureTable

__all__ = ["write_jet_scores"]

SCORE = "score"
NEEDED = ("label", "jet_pt")
# Rows of a part.
_PART = 200_000

Rows = dict[str, NDArray[Any]]


def write_jet_scores(
    tagger: Tagger,
    table: FeatureTable,
    rows: Mapping[str, JetRows],
    folder: Path,
    *,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Write the scores of some jets, one folder a data set; memory stays that of a part.

    Parameters
    ----------
    tagger : Tagger
        What scores.
    table : FeatureTable
        Of the jets; its keys are kept.
    rows : mapping of str to JetRows
        Jets by the name of the data set that they are written to.
    folder : Path
        Where the data sets go.
    progress : callable, optional
        Told of the data set; counts jets.

    Returns
    -------
    dict of str to int
        Jets by data set.

    Raises
    ------
    TableError
        If the table lacks a column.
    """
    need_columns(table, (*NEEDED, *tagger.columns))
    kept = [c for c in table.columns if c.role == "key" or c.name in SCORE_COLUMNS]
    columns = [*kept, observer(SCORE, dtype="float32", doc=f"top quark, by {tagger.name}")]
    total, done = sum(len(item) for item in rows.values()), 0
    for dataset, chosen in rows.items():
        parts = prefetched(_tables(chosen, [*(c.name for c in kept), *tagger.columns]), 1)
        held: list[Rows] = []
        number = 0
        for batch in parts:
            held.append(_scored(tagger, batch, kept))
            done += batch.num_rows
            if progress is not None:
                progress(f"scoring {dataset}", done, total)
            if sum(len(item[SCORE]) for item in held) >= _PART:
                _write(folder / dataset, number, columns, held)
                held, number = [], number + 1
        if held:
            _write(folder / dataset, number, columns, held)
    return {dataset: len(chosen) for dataset, chosen in rows.items()}


def _tables(rows: JetRows, columns: list[str]) -> Generator[pa.Table]:
    """Row groups with the chosen rows only."""
    for block in rows.blocks:
        table = read_block(block, columns)
        yield table if block.rows is None else table.take(pa.array(block.rows))


def _scored(tagger: Tagger, batch: pa.Table, kept: list[Column]) -> Rows:
    found = {column.name: to_numpy(batch.column(column.name)) for column in kept}
    return found | {SCORE: tagger.scores(batch)}


def _write(folder: Path, number: int, columns: list[Column], held: list[Rows]) -> None:
    joined = {c.name: np.concatenate([item[c.name] for item in held]) for c in columns}
    write_part(folder / f"part-{number:05d}.parquet", columns, joined, {DATASET: folder.name})
