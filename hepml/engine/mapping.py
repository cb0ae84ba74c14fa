"""The columns of one chunk for coffea's lazy events, each branch read at most once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import awkward as ak
import uproot
from coffea.nanoevents.mapping import TrivialUprootOpener, UprootSourceMapping
from coffea.nanoevents.mapping.base import Accessed

from hepml.engine.baskets import read_columns

__all__ = ["ChunkColumns", "ParsedTree"]


class ParsedTree:
    """A parsed tree, kept from chunk to chunk: parsing 1,500 branches takes a third of a second.

    The file behind ``parsed`` may be closed; where baskets are is known nevertheless.
    """

    def __init__(self, parsed: Any) -> None:
        self.parsed = parsed
        self.names = frozenset(parsed.keys(full_paths=True))
        self.layout: tuple[tuple[str, str, str], ...] | None = None

    def describe(self) -> tuple[tuple[str, str, str], ...]:
        """Name, type and title of each branch: what a schema builds its layout from."""
        if self.layout is None:
            self.layout = tuple(
                (name, branch.typename, branch.title)
                for name, branch in self.parsed.iteritems(full_paths=True)
            )
        return self.layout


class ChunkColumns(UprootSourceMapping):
    """coffea's mapping of names to columns, with every branch read at most once a chunk.

    coffea's own reads a jagged branch twice, for its offsets and for its content.
    """

    def __init__(
        self,
        directory: uproot.ReadOnlyDirectory,
        tree: ParsedTree,
        start: int,
        stop: int,
        log: list[Any],
    ) -> None:
        uuid = str(directory.file.uuid)
        super().__init__(
            TrivialUprootOpener({uuid: directory.file.file_path}),
            start,
            stop,
            cache={},
            access_log=log,
            file_handle=directory,
            use_ak_forth=True,
            virtual=True,
        )
        self.partition = (uuid, tree.parsed.object_path, f"{start}-{stop}")
        self._tree = tree
        self._arrays: dict[str, ak.Array] = {}
        self.preload_column_source(*self.partition[:2], tree.parsed)

    def preload(self, names: Iterable[str]) -> None:
        """Read branches now, in one request."""
        wanted = [name for name in names if name in self._tree.names]
        found = read_columns(
            self._tree.parsed, wanted, self._start, self._stop, directory=self._file_handle
        )
        for name, array in found.items():
            layout = array.layout
            if isinstance(layout, ak.contents.ListOffsetArray):
                layout = layout.to_ListOffsetArray64(True)
            self._arrays[name] = ak.Array(layout)

    def __getitem__(self, key: str) -> Callable[[], Any]:
        """How to obtain one buffer, when it is needed."""
        return partial(self._buffer, key)

    def _buffer(self, key: str) -> Any:
        """Hand over a column's own memory; coffea copies it, unless it has to be transformed."""
        branch, *steps = self.interpret_key(key)[-1]
        if steps[:1] == ["!load"]:
            part = _part_of(self._column(branch).layout, steps[1:])
            if part is not None:
                self._access_log.append(Accessed(branch=branch, buffer_key=key))
                return part
        return super().__getitem__(key)()

    def _column(self, name: str) -> ak.Array:
        if name not in self._arrays:
            self.preload((name,))
        return self._arrays[name]

    def get_column_handle(self, columnsource: Any, name: str, allow_missing: bool) -> Any:
        """Name of the branch; its bytes are looked up when they are needed."""
        return None if allow_missing and name not in self._tree.names else name

    def extract_column(
        self,
        columnhandle: Any,
        start: int,
        stop: int,
        allow_missing: bool,
        use_ak_forth: bool = True,
    ) -> Any:
        """Values of one branch; ``start`` and ``stop`` are always those of the chunk."""
        if columnhandle is None or allow_missing:
            handle = columnhandle and self._file_handle[self.partition[1]][columnhandle]
            return super().extract_column(handle, start, stop, allow_missing, use_ak_forth)
        return self._column(columnhandle)


def _part_of(layout: ak.contents.Content, steps: list[str]) -> Any:
    """The numpy array that plain steps lead to, or ``None`` where they need a computation."""
    match layout, steps:
        case ak.contents.NumpyArray(), []:
            return layout.data
        case ak.contents.ListOffsetArray(), ["!offsets"]:
            return layout.offsets.data
        case ak.contents.ListOffsetArray(content=ak.contents.NumpyArray()), ["!content"]:
            return layout.content.data
    return None
