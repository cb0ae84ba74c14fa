"""The columns of a range of rows for coffea's lazy events, each column read at most once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import awkward as ak
import numpy as np
import pyarrow as pa
from coffea.nanoevents.mapping.base import Accessed
from coffea.nanoevents.mapping.parquet import ParquetSourceMapping, TrivialParquetOpener
from numpy.typing import NDArray

from hepml.errors import BranchError

__all__ = ["RowColumns", "is_readable"]

# Offsets of a list column (None for a plain one), and its values.
Column = tuple[NDArray[np.int64] | None, NDArray[Any]]

# Reads the named columns of the rows that were asked for.
Read = Callable[[Sequence[str]], pa.Table]


class RowColumns(ParquetSourceMapping):
    """coffea's mapping of names to columns, for a range of rows only.

    coffea's own reads each column of the whole file, and twice if it is jagged.

    Parameters
    ----------
    read : callable
        Reads columns of these rows by name.
    where : str
        The file, for messages.
    partition : tuple of str
        File uuid, a name, and the range of rows.
    columns : mapping of str to pyarrow.DataType
        Columns that can be read.
    collections : sequence of str
        Prefixes of columns that share their list lengths.
    log : list
        Filled with what is touched.
    """

    def __init__(
        self,
        read: Read,
        where: str,
        partition: tuple[str, str, str],
        columns: Mapping[str, pa.DataType],
        collections: Sequence[str],
        log: list[Any],
    ) -> None:
        start, stop = (int(edge) for edge in partition[2].split("-"))
        opener = TrivialParquetOpener({partition[0]: where})
        super().__init__(opener, start, stop, cache={}, access_log=log, virtual=True)
        self.partition = partition
        self._read = read
        self._where = where
        self._types = columns
        self._prefixes = tuple(f"{name}_" for name in collections)
        self._lengths: dict[str, tuple[str, NDArray[np.int64]]] = {}
        self._columns: dict[str, Column] = {}
        self.preload_column_source(*partition[:2], self)

    def preload(self, names: Iterable[str]) -> None:
        """Read columns now, in one request; those the file lacks are passed over."""
        wanted = [name for name in names if name in self._types and name not in self._columns]
        if not wanted:
            return
        table = self._read(wanted)
        for name in wanted:
            column = _column(table[name], name, self._where)
            if column[0] is not None:
                self._check_lengths(name, column[0])
            self._columns[name] = column

    def _check_lengths(self, name: str, offsets: NDArray[np.int64]) -> None:
        """Refuse lists of one collection that differ in length: objects would be mixed up."""
        prefix = self._prefix(name)
        if prefix is None:
            return
        other, known = self._lengths.setdefault(prefix, (name, offsets))
        if not np.array_equal(known, offsets):
            raise BranchError(
                f"{self._where}: the lists {other!r} and {name!r} differ in length in rows "
                f"{self._start} to {self._stop}, so they do not describe the same objects. "
                "Import the file again."
            )

    def _prefix(self, name: str) -> str | None:
        return next((prefix for prefix in self._prefixes if name.startswith(prefix)), None)

    def _offsets(self, name: str, key: str) -> NDArray[np.int64] | None:
        """List lengths of a column: those of its collection, from whichever column is at hand."""
        prefix = self._prefix(name)
        if prefix is None:
            self._access_log.append(Accessed(branch=name, buffer_key=key))
            return self._load(name)[0]
        if prefix not in self._lengths:
            # coffea asks by the collection's first column; any will do, so take the smallest
            members = [
                (_storage(_storage(kind).value_type).bit_width, other)
                for other, kind in self._types.items()
                if other.startswith(prefix) and pa.types.is_nested(_storage(kind))
            ]
            self.preload((min(members)[1],))
        return self._lengths[prefix][1]

    def __getitem__(self, key: str) -> Callable[[], Any]:
        """How to obtain one buffer, when it is needed."""
        return partial(self._buffer, key)

    def _buffer(self, key: str) -> Any:
        """Hand over a column's own memory, unless it has to be transformed."""
        name, *steps = self.interpret_key(key)[-1]
        if steps == ["!load", "!offsets"]:
            return self._offsets(name, key)
        if steps in (["!load"], ["!load", "!content"]):
            self._access_log.append(Accessed(branch=name, buffer_key=key))
            return self._load(name)[1]
        return super().__getitem__(key)()

    def _load(self, name: str) -> Column:
        if name not in self._columns:
            self.preload((name,))
        return self._columns[name]

    def get_column_handle(self, columnsource: Any, name: str, allow_missing: bool) -> Any:
        """Name of the column; its bytes are looked up when they are needed."""
        return None if allow_missing and name not in self._types else name

    def extract_column(
        self, columnhandle: Any, start: int, stop: int, allow_missing: bool, **options: Any
    ) -> Any:
        """Values of one column; ``start`` and ``stop`` are always those of the chunk."""
        if columnhandle is None or allow_missing:
            handle = None if columnhandle is None else _Handle(self._array(columnhandle))
            return super().extract_column(handle, start, stop, allow_missing, **options)
        return self._array(columnhandle)

    def _array(self, name: str) -> ak.Array:
        offsets, values = self._load(name)
        content = ak.contents.NumpyArray(values)
        if offsets is None:
            return ak.Array(content)
        return ak.Array(ak.contents.ListOffsetArray(ak.index.Index64(offsets), content))


class _Handle:
    """What coffea asks for a column that may be missing."""

    def __init__(self, array: ak.Array) -> None:
        self._array = array

    def array(self, entry_start: int, entry_stop: int) -> Any:
        return self._array.layout


def is_readable(kind: pa.DataType) -> bool:
    """Whether a column holds numbers, truth values, or lists of them."""
    if isinstance(kind, pa.ExtensionType):
        return is_readable(kind.storage_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return is_readable(kind.value_type) and not pa.types.is_nested(_storage(kind.value_type))
    return any(
        test(kind) for test in (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    )


def _storage(kind: pa.DataType) -> pa.DataType:
    return kind.storage_type if isinstance(kind, pa.ExtensionType) else kind


def _column(column: pa.ChunkedArray, name: str, where: str) -> Column:
    """Offsets from 0 and values of one column, of which nothing may be missing."""
    array = _plain(column.combine_chunks())
    if isinstance(array, pa.ListArray | pa.LargeListArray):
        _refuse_missing(array, name, where)
        offsets = array.offsets.to_numpy().astype(np.int64, copy=False)
        values = _plain(array.flatten())
        if offsets[0]:
            offsets = offsets - offsets[0]
        return offsets, _numbers(values, name, where)
    return None, _numbers(array, name, where)


def _plain(array: Any) -> Any:
    return array.storage if isinstance(array, pa.ExtensionArray) else array


def _numbers(array: Any, name: str, where: str) -> NDArray[Any]:
    _refuse_missing(array, name, where)
    return np.asarray(array.to_numpy(zero_copy_only=False))


def _refuse_missing(array: Any, name: str, where: str) -> None:
    if array.null_count:
        raise BranchError(
            f"{where}: {array.null_count} of {len(array)} values of the column {name!r} are "
            "missing. Fill them with a stated number when the file is written."
        )
