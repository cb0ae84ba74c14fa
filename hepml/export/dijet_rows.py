"""Dijet events in the order of their files, by sample and mass point, kept on disk meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import TableError
from hepml.export.dijet_layout import Point, published_name
from hepml.importers.dijet_samples import SAMPLES
from hepml.parts import to_numpy
from hepml.tables import FeatureTable

__all__ = ["NEEDED", "OrderedRows", "RowFile", "SampleFacts", "order_rows", "survey"]

NEEDED = ("file", "label", "prongs", "mx", "my", "row")
"""Columns that say which event a row is."""

NOWHERE: Point = (0.0, 0.0)  # mass point of background
_BATCH = 131_072
_ROWS = 2**40  # more than a file has: rows and files are ordered by one number


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """What the table has of a sample.

    Attributes
    ----------
    dataset : str
        Its name in the table.
    label : int
        1 signal, 0 background.
    prongs : int
        Partons of each resonance; 0 of background, -1 where unknown.
    counts : dict
        Events at each mass point (mX, mY) [GeV]; of background all of them, at (0, 0).
    left_out : int
        Events whose label is not that of the sample.
    files : tuple of str
        Identities of its files.
    """

    dataset: str
    label: int
    prongs: int = 0
    counts: dict[Point, int] = field(default_factory=dict)
    left_out: int = 0
    files: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Published name."""
        return published_name(self.dataset)

    @property
    def events(self) -> int:
        """Events, each once."""
        return sum(self.counts.values())

    @property
    def points(self) -> tuple[Point, ...]:
        """Mass points of signal."""
        return tuple(self.counts) if self.label else ()

    def at(self, point: Point) -> int:
        """Events that are written for a mass point: of background all of them."""
        return self.counts.get(point, 0) if self.label else self.events


def survey(table: FeatureTable, dataset: str) -> SampleFacts:
    """Count the events of a sample.

    Raises
    ------
    TableError
        If a sample that no one published has both labels, or signal has no masses.
    """
    prongs: set[int] = set()
    files: set[str] = set()
    counts: dict[int, dict[Point, int]] = {0: {}, 1: {}}
    rows = 0
    for batch in table.of(dataset).batches(NEEDED, _BATCH):
        rows += len(batch)
        files.update(batch.column("file").unique().to_pylist())
        labels = to_numpy(batch.column("label"))
        prongs.update(np.unique(to_numpy(batch.column("prongs"))[labels == 1]).tolist())
        for item, found in counts.items():
            codes, numbers = np.unique(_codes(batch, item)[labels == item], return_counts=True)
            for point, number in zip(_decoded(codes), numbers.tolist(), strict=True):
                found[point] = found.get(point, 0) + number
    label = _label(dataset, counts)
    own = dict(sorted(counts[label].items()))
    return SampleFacts(
        dataset,
        label,
        (prongs.pop() if len(prongs) == 1 else -1) if label else 0,
        own,
        rows - sum(own.values()),
        tuple(sorted(files)),
    )


def _label(dataset: str, counts: Mapping[int, Mapping[Point, int]]) -> int:
    """What a sample is: what is published, or what all its events are."""
    known = SAMPLES.get(dataset)
    if known is None and counts[0] and counts[1]:
        raise TableError(
            f"The sample {dataset!r} holds signal and background, so it has no place in the "
            "published layout. Import the two under names of their own:  NAME=FILES"
        )
    label = int(bool(counts[1])) if known is None else int(known.label or 0)
    if not all(np.isfinite(point).all() for point in counts[label]):
        raise TableError(f"Signal of the sample {dataset!r} has no masses mx, my.")
    return label


def _codes(batch: Any, label: int) -> NDArray[np.uint64]:
    """Mass point of each row as one number; numbers are ordered as the masses are."""
    if not label:
        return np.zeros(len(batch), np.uint64)
    bits = [
        to_numpy(batch.column(name)).astype(np.float32).view(np.uint32).astype(np.uint64)
        for name in ("mx", "my")
    ]
    return np.asarray((bits[0] << np.uint64(32)) | bits[1])


def _decoded(codes: NDArray[np.uint64]) -> list[Point]:
    bits = np.stack([codes >> np.uint64(32), codes & np.uint64(2**32 - 1)], axis=1)
    # of single precision, and 87.3 is meant by 87.30000305
    return [(float(str(x)), float(str(y))) for x, y in bits.astype(np.uint32).view(np.float32)]


class RowFile:
    """Rows of numbers on disk, of which only a part is in memory at a time.

    Parameters
    ----------
    path : path
        A new file.
    rows, columns : int
        Its size.
    dtype : numpy dtype
        Of every number.
    """

    def __init__(self, path: Path, rows: int, columns: int, dtype: Any) -> None:
        self._path, self._columns, self._dtype = path, columns, np.dtype(dtype)
        self._width = columns * self._dtype.itemsize
        with path.open("xb") as handle:
            handle.truncate(rows * self._width)

    def part(self, first: int, last: int) -> NDArray[Any]:
        """Rows of a range, mapped while they are used; what is put into them is written."""
        shape = (last - first, self._columns)
        if first == last:
            return np.empty(shape, self._dtype)
        place = first * self._width
        return np.memmap(self._path, self._dtype, "r+", offset=place, shape=shape)


@dataclass(frozen=True, slots=True, eq=False)
class OrderedRows:
    """Events of a sample: mass point by mass point, there in the order of the original file.

    Attributes
    ----------
    rows : RowFile
        Columns of the table, as float32.
    places : dict
        First row of each mass point, and the one behind its last.
    """

    rows: RowFile
    places: dict[Point, tuple[int, int]]

    def part(self, point: Point, first: int, last: int) -> NDArray[np.float32]:
        """A range of the events that are written for a mass point: of background of all."""
        begin, _ = self.places[NOWHERE if NOWHERE in self.places else point]
        return self.rows.part(begin + first, begin + last)


def order_rows(
    table: FeatureTable,
    facts: SampleFacts,
    columns: Sequence[str],
    folder: Path,
    names: Mapping[str, str],
) -> OrderedRows:
    """Put the rows of a sample in order, on disk.

    Memory is that of a batch, and of one mass point.

    Parameters
    ----------
    table : FeatureTable
        Rows in any order.
    facts : SampleFacts
        What :func:`survey` found, at least one event.
    columns : sequence of str
        Columns to keep, as float32.
    folder : path
        Where files are made.
    names : mapping of str to str
        Original file of each identity in the column ``file``; files are ordered by these names.
    """
    edges = np.cumsum([0, *facts.counts.values()]).tolist()
    places = dict(zip(facts.counts, pairwise(edges), strict=True))
    rows = RowFile(folder / "rows", facts.events, len(columns), np.float32)
    keys = RowFile(folder / "order", facts.events, 1, np.int64)
    filled = {point: first for point, (first, _) in places.items()}
    ranks = _ranks(facts.files, names)
    for batch in table.of(facts.dataset).batches([*NEEDED, *columns], _BATCH):
        batch = batch.filter(batch.column("label").to_numpy() == facts.label)
        order = _file_ranks(batch, ranks) * _ROWS + to_numpy(batch.column("row"))
        values = np.column_stack(
            [to_numpy(batch.column(name)).astype(np.float32) for name in columns]
        )
        codes, which = np.unique(_codes(batch, facts.label), return_inverse=True)
        for place, point in enumerate(_decoded(codes)):
            own = which == place
            first = filled[point]
            filled[point] = last = first + int(own.sum())
            rows.part(first, last)[:] = values[own]
            keys.part(first, last)[:, 0] = order[own]
    for first, last in places.values():
        _sort(rows.part(first, last), keys.part(first, last)[:, 0])
    return OrderedRows(rows, places)


def _ranks(files: Sequence[str], names: Mapping[str, str]) -> dict[str, int]:
    """Place of each file; parts of one original file share theirs."""
    originals = sorted({names.get(file, file) for file in files})
    return {file: originals.index(names.get(file, file)) for file in files}


def _file_ranks(batch: Any, ranks: Mapping[str, int]) -> NDArray[np.int64]:
    column = batch.column("file")
    if not hasattr(column, "indices"):
        column = column.dictionary_encode()
    # a dictionary may name files of which it has no row
    found = np.array([ranks.get(file, -1) for file in column.dictionary.to_pylist()], np.int64)
    return np.asarray(found[to_numpy(column.indices)])


def _sort(rows: NDArray[np.float32], keys: NDArray[np.int64]) -> None:
    if (np.diff(keys) < 0).any():
        rows[:] = rows[np.argsort(keys, kind="stable")]
