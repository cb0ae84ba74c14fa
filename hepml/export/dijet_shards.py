"""Shards of dijet events, TFRecord or Parquet: each is whole, or it is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hepml.engine.store import write_json
from hepml.errors import OutputError
from hepml.export.dijet_layout import Point, event_fields, fields_of, metadata_of, metadata_path
from hepml.export.tfrecord import Field, Records
from hepml.files import make_folder, whole_file

__all__ = ["Piece", "Shard", "Writer"]

BLOCK = 50_000  # events that are encoded at a time

Fields = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Events of one sample in a shard.

    Attributes
    ----------
    rows : array of float32, shape (events, columns)
        The events.
    label : int
        1 signal, 0 background.
    points : tuple of (float, float)
        All events are written once for each of these masses [GeV].
    """

    rows: NDArray[np.float32]
    label: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """One file to write.

    Attributes
    ----------
    path : Path
        Where.
    pieces : tuple of Piece
        What, in this order.
    seed : int or None
        Mix all events with this seed; ``None``: leave them in their order.
    """

    path: Path
    pieces: tuple[Piece, ...]
    seed: int | None = None

    def __len__(self) -> int:
        return sum(len(piece.rows) * len(piece.points) for piece in self.pieces)

    def blocks(self, features: tuple[str, ...]) -> Iterator[Fields]:
        """Published fields of its events, block by block; in memory each event is once."""
        copies = [(piece, point) for piece in self.pieces for point in piece.points]
        starts = np.cumsum([0, *(len(piece.rows) for piece in self.pieces)])
        own = np.repeat(starts[:-1], [len(piece.points) for piece in self.pieces])
        edges = np.cumsum([0, *(len(piece.rows) for piece, _ in copies)])
        masses = np.array([point for _, point in copies])
        labels = np.array([piece.label for piece, _ in copies])
        rows = np.concatenate([piece.rows for piece in self.pieces])
        order = self._order()
        for begin in range(0, len(order), BLOCK):
            place = order[begin : begin + BLOCK].astype(np.int64)
            copy = np.searchsorted(edges, place, side="right") - 1
            chosen = rows[place - edges[copy] + own[copy]]
            yield event_fields(features, chosen, masses[copy], labels[copy])

    def _order(self) -> NDArray[np.uint32]:
        order = np.arange(len(self), dtype=np.uint32)
        if self.seed is not None:
            np.random.default_rng(self.seed).shuffle(order)
        return order


class Writer:
    """Writes shards of one format; several threads may share it.

    Parameters
    ----------
    form : {"tfrecord", "parquet"}
        Format.
    features : tuple of str
        Published features of a jet.
    """

    def __init__(self, form: str, features: tuple[str, ...]) -> None:
        self.form = form
        self.features = features
        self.fields = fields_of(features)
        self._encoder: _Encoder = (
            _TFRecord(Records(self.fields)) if form == "tfrecord" else _Parquet(self.fields)
        )

    def write(self, shard: Shard) -> bool:
        """Write a shard and beside it what it holds; false if both are there already.

        Raises
        ------
        OutputError
            If that is not possible.
        """
        described = metadata_of(self.fields, len(shard))
        if self._is_there(shard, described):
            return False
        try:
            make_folder(shard.path.parent)
            with whole_file(shard.path) as handle:
                self._encoder.write(handle, shard.blocks(self.features))
        except OSError as error:
            raise OutputError(
                f"Cannot write {shard.path}: {error.strerror or error}. What is finished stays; "
                "the same command goes on."
            ) from error
        write_json(metadata_path(shard.path), described)
        return True

    def _is_there(self, shard: Shard, described: Mapping[str, Any]) -> bool:
        try:
            known = json.loads(metadata_path(shard.path).read_text())
            size = shard.path.stat().st_size
        except (OSError, ValueError):
            return False
        return bool(known == described and self._encoder.may_be(size, len(shard)))

    def bytes_per_event(self, events: Fields) -> float:
        """What an event takes in a file; told from some events where it depends on them."""
        if isinstance(self._encoder, _TFRecord):
            return float(self._encoder.records.size)
        with pa.BufferOutputStream() as buffer:
            self._encoder.write(buffer, iter([events]))
            return float(buffer.tell()) / max(len(events["label"]), 1)


class _Encoder(Protocol):
    """A file format."""

    def write(self, handle: BinaryIO, blocks: Iterator[Fields]) -> None:
        """Write blocks to an open file."""

    def may_be(self, size: int, events: int) -> bool:
        """Whether a file of so many bytes may hold so many events."""


@dataclass(frozen=True, slots=True)
class _TFRecord:
    records: Records

    def write(self, handle: BinaryIO, blocks: Iterator[Fields]) -> None:
        for block in blocks:
            handle.write(self.records.encode(block).data)

    def may_be(self, size: int, events: int) -> bool:
        return size == events * self.records.size


class _Parquet:
    """Columns of nested lists of fixed size; a row group for each block."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        empty = {name: np.empty((0, *f.shape), f.dtype) for name, f in fields.items()}
        self._schema = pa.schema([(name, _nested(item).type) for name, item in empty.items()])

    def write(self, handle: BinaryIO, blocks: Iterator[Fields]) -> None:
        options = {"compression": "zstd", "compression_level": 1}
        with pq.ParquetWriter(handle, self._schema, **options) as writer:
            for block in blocks:
                arrays = [_nested(block[name]) for name in self._schema.names]
                writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    def may_be(self, size: int, events: int) -> bool:
        return size > 0


def _nested(values: NDArray[Any]) -> pa.Array:
    """Lists of fixed size, one inside the other, of an array of any dimension."""
    found = pa.array(np.ascontiguousarray(values).reshape(-1))
    for size in reversed(values.shape[1:]):
        found = pa.FixedSizeListArray.from_arrays(found, size)
    return found
