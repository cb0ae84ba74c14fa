"""Turn what a selection returned into counts, filled histograms and table rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import awkward as ak
import hist
import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column
from hepml.cutflow import Steps, count_steps
from hepml.errors import ChunkError, ProcessorError, did_you_mean
from hepml.histograms import fill_histogram
from hepml.lists import as_lists
from hepml.processor import Processor, Selected

__all__ = ["ChunkResult", "collect"]


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """Concrete outcome of one chunk.

    Attributes
    ----------
    dataset : str
        Dataset the chunk belongs to.
    histograms : dict of str to hist.Hist[Any]
        Filled histograms.
    cutflow : dict
        Step to raw and weighted counts.
    columns : dict of str to array
        One entry per row, in declared order and dtype: numpy (strings as objects), or awkward
        where a row holds a list.
    constants : dict of str to float
        What the file claims about its sample.
    """

    dataset: str
    histograms: dict[str, hist.Hist[Any]]
    cutflow: Steps
    columns: dict[str, Any]
    constants: dict[str, float]

    def accumulator(self) -> dict[str, Any]:
        """The same as nested dicts that coffea can add."""
        from coffea.processor import column_accumulator

        return {
            "histograms": self.histograms,
            "cutflow": {self.dataset: self.cutflow},
            "features": {
                self.dataset: {
                    name: column_accumulator(values) for name, values in self.columns.items()
                }
            },
        }


def collect(processor: Processor, selected: Selected, metadata: Mapping[str, Any]) -> ChunkResult:
    """Count, fill and lay out one chunk.

    Parameters
    ----------
    processor : Processor
        Declares the histograms and columns.
    selected : Selected
        Concrete (eager or virtual) arrays.
    metadata : mapping
        ``dataset``, ``fileuuid``, ``entrystart`` and, where known, ``label``.

    Raises
    ------
    ProcessorError
        If the selection returned something it has not declared, or not all it has declared.
    ChunkError
        If weights are not finite or a file contradicts itself.
    """
    dataset = str(metadata["dataset"])
    declared = {item.name: item for item in processor.histograms()}
    for name in selected.histograms:
        if name not in declared:
            raise ProcessorError(
                f"{processor.name} filled the histogram {name!r} without declaring it. "
                + did_you_mean(name, declared)
            )
    return ChunkResult(
        dataset=dataset,
        histograms={
            name: fill_histogram(item, dataset, selected.histograms.get(name, ()))
            for name, item in declared.items()
        },
        cutflow=count_steps(selected.cutflow),
        columns=_rows(processor, selected, metadata) if processor.table else {},
        constants={
            name: _constant(name, values, dataset) for name, values in selected.constants.items()
        },
    )


def _rows(processor: Processor, selected: Selected, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Lay out the feature columns in declared order and dtype."""
    given = dict(selected.features)
    lengths = {name: len(values) for name, values in given.items()}
    if len(set(lengths.values())) > 1:
        raise ProcessorError(f"{processor.name}: feature columns differ in length: {lengths}.")
    size = next(iter(lengths.values()), 0)
    names = [column.name for column in processor.columns]
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise ProcessorError(
            f"{processor.name} returned the column {unknown[0]!r} without declaring it. "
            + did_you_mean(unknown[0], names)
        )
    identity = _identity(selected, size, metadata)
    rows: dict[str, Any] = {}
    for column in processor.columns:
        values = given.get(column.name, identity.get(column.name))
        if values is None:
            raise ProcessorError(
                f"{processor.name} declares the column {column.name!r} but did not return it."
            )
        rows[column.name] = _as_column(column, values, processor)
    if processor.model is not None:
        # on the rows as they are stored, so that the stored table gives the same scores
        rows |= processor.model.scores(processor.columns, rows)
    return rows


def _as_column(column: Column, values: Any, processor: Processor) -> Any:
    if column.dtype == "string":
        return np.asarray(values, dtype=object)
    if column.is_list:
        try:
            return as_lists(values, column.dtype)
        except ValueError as error:
            raise ProcessorError(f"{processor.name}: column {column.name!r}: {error}.") from error
    try:
        array = ak.to_numpy(values, allow_missing=False)
    except ValueError as error:
        raise ProcessorError(
            f"{processor.name}: column {column.name!r} has missing values; fill them with a "
            "stated number or NaN."
        ) from error
    return np.asarray(array, dtype=column.dtype)


def _identity(
    selected: Selected, size: int, metadata: Mapping[str, Any]
) -> dict[str, NDArray[Any]]:
    """Columns that the chunk fixes; a file without event ids is keyed by (file, entry)."""
    texts = {"dataset": metadata["dataset"], "label": metadata.get("label"), "file": ""}
    columns: dict[str, NDArray[Any]] = {}
    if selected.entries is not None:
        texts["file"] = metadata["fileuuid"]
        entries = np.asarray(selected.entries, dtype=np.int64)
        columns["event"] = entries + int(metadata["entrystart"])
    for name, text in texts.items():
        columns[name] = np.full(size, str(text or ""), dtype=object)
    return columns


def _constant(name: str, values: Any, dataset: str) -> float:
    """The one value that every event of the chunk carries; NaN for a chunk without events."""
    array = np.asarray(values, dtype=np.float64)
    if len(array) == 0:
        return float("nan")
    if array.min() != array.max():
        raise ChunkError(
            f"Dataset {dataset!r}: {name} is not the same for all events "
            f"({array.min()} to {array.max()}), so no normalisation follows from it."
        )
    return float(array[0])
