"""Imported Parquet files: open one, know what it is, and lay out a range of its rows as events."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import awkward as ak
import pyarrow as pa
import pyarrow.parquet as pq
from coffea.nanoevents import NanoEventsFactory
from coffea.nanoevents.util import tuple_to_key

from hepml.engine.reading import coffea_fits
from hepml.engine.rows import RowColumns, is_readable
from hepml.notes import file_notes

__all__ = ["ParquetFile", "open_parquet"]


class ParquetFile:
    """An open Parquet file with what its import noted; a row is an event.

    It answers what is asked of a tree too: ``name``, ``in``, ``keys()``, ``typenames()``,
    ``num_entries``.

    Attributes
    ----------
    endpoint : str
        Where it was opened.
    notes : dict
        JSON of the file's metadata: ``uuid`` is its identity; ``kind``, ``channel``,
        ``dataset``, ``simulated`` and ``account`` are optional.
    schema : pyarrow.Schema
        All columns.
    """

    name = ""

    def __init__(self, endpoint: str, handle: Any, file: pq.ParquetFile) -> None:
        self.endpoint = endpoint
        self.schema = file.schema_arrow
        self.notes = file_notes(file, endpoint)
        self._handle = handle
        self._file = file
        counts = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        self._starts = list(accumulate(counts, initial=0))

    def __enter__(self) -> ParquetFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close(force=True)
        self._handle.close()

    @property
    def num_entries(self) -> int:
        """Number of rows."""
        return int(self._starts[-1])

    @property
    def edges(self) -> list[int]:
        """Rows at which row groups begin, and the end; 0 alone for an empty file."""
        return sorted(set(self._starts))

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def keys(self) -> list[str]:
        """Columns that can be read: numbers, truth values and lists of them."""
        return [field.name for field in self.schema if is_readable(field.type)]

    def typenames(self) -> dict[str, str]:
        """Type of every column."""
        return {field.name: str(field.type) for field in self.schema}

    def read(self, names: Sequence[str], start: int, stop: int) -> pa.Table:
        """Read columns of a range of rows; only the row groups that hold them are touched."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        last = max(bisect_left(self._starts, stop), first)
        table = self._file.read_row_groups(
            list(range(first, last)), columns=list(names), use_threads=False
        )
        return table.slice(start - self._starts[first], stop - start)

    def events(
        self,
        *,
        schema: Any,
        metadata: Mapping[str, Any],
        start: int,
        stop: int,
        columns: Iterable[str] | None = None,
    ) -> tuple[ak.Array, list[Any]]:
        """Lay out a range of rows as coffea events whose columns are read when touched.

        Parameters
        ----------
        schema : type
            coffea schema, as a rule derived from `hepml.schemas.Jagged`.
        metadata : mapping
            Becomes ``events.metadata``, with the file's own notes under ``notes``.
        start, stop : int
            First row, and the one behind the last.
        columns : iterable of str, optional
            Columns to read now, in one request.

        Returns
        -------
        events : awkward array
            The events; the file must stay open as long as columns may still be touched.
        access_log : list
            Filled with what is touched, for `hepml.engine.reading.learn_columns`.
        """
        start = min(max(start, 0), self.num_entries)
        stop = max(start, min(stop, self.num_entries))
        log: list[Any] = []
        known = {**metadata, "notes": self.notes}
        if not coffea_fits():
            return self._plain_events(schema, known, (start, stop), log), log
        readable = [field for field in self.schema if is_readable(field.type)]
        mapping = RowColumns(
            lambda wanted: self.read(wanted, start, stop),
            self.endpoint,
            (self.notes["uuid"], "rows", f"{start}-{stop}"),
            {field.name: field.type for field in readable},
            getattr(schema, "collections", ()),
            log,
        )
        mapping.preload(columns or ())
        base = RowColumns._extract_base_form(pa.schema(readable))
        base["parameters"]["metadata"] = known
        key = tuple_to_key(mapping.partition)
        return NanoEventsFactory(schema(base), mapping, key, mode="virtual").events(), log

    def _plain_events(
        self, schema: Any, metadata: dict[str, Any], rows: tuple[int, int], log: list[Any]
    ) -> ak.Array:
        """Lay out events by coffea alone."""
        factory = NanoEventsFactory.from_parquet(
            self._file,
            mode="virtual",
            entry_start=rows[0],
            entry_stop=rows[1],
            schemaclass=schema,
            metadata=metadata,
            access_log=log,
        )
        return factory.events()


def open_parquet(endpoint: str) -> ParquetFile:
    """Open an imported Parquet file, local or remote.

    Raises
    ------
    OSError, ValueError
        If it cannot be read or is no Parquet file.
    FileAccessError
        If it holds no identity: no import wrote it.
    """
    remote = "://" in endpoint
    if remote:
        import fsspec

        handle = fsspec.open(endpoint, "rb").open()
    else:
        handle = pa.OSFile(endpoint)
    try:
        # the pages of our own files carry checksums: damage is an error, never other numbers
        file = pq.ParquetFile(handle, pre_buffer=remote, page_checksum_verification=True)
        return ParquetFile(endpoint, handle, file)
    except BaseException:
        handle.close()
        raise
