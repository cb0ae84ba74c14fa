"""Open ROOT files and lay out ranges of their entries as lazy events, reading each column once."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import awkward as ak
import uproot
from coffea.nanoevents import NanoEventsFactory
from coffea.nanoevents.mapping import TrivialUprootOpener, UprootSourceMapping
from coffea.nanoevents.util import tuple_to_key

from hepml.engine.baskets import read_columns, use_fast_decompression
from hepml.engine.localfile import LocalSource, is_local

__all__ = [
    "cluster_edges",
    "events_from_root",
    "learn_columns",
    "learned_columns",
    "open_root",
]

# What this process remembers: none of it changes an answer, only how often work is repeated.
_TREES: OrderedDict[Hashable, _Tree] = OrderedDict()
_SCHEMAS: OrderedDict[Hashable, Any] = OrderedDict()
_COLUMNS: dict[Hashable, frozenset[str]] = {}
_TREES_KEPT = 4
_SCHEMAS_KEPT = 32


def open_root(path: str, **options: Any) -> uproot.ReadOnlyDirectory:
    """Open a ROOT file, local or remote, the fastest way known here.

    Parameters
    ----------
    path : str
        Path or URL (``root://``, ``https://``).
    **options
        Passed on to ``uproot.open``.

    Returns
    -------
    uproot.ReadOnlyDirectory
        The open file; close it, or use it in a ``with`` statement.
    """
    use_fast_decompression()
    if "handler" not in options and is_local(path):
        options["handler"] = LocalSource
    # a dictionary, since a path may contain a colon
    return uproot.open({path: None}, **options)


def events_from_root(
    directory: uproot.ReadOnlyDirectory,
    treename: str,
    *,
    schema: Any,
    metadata: Mapping[str, Any],
    start: int,
    stop: int,
    columns: Iterable[str] | None = None,
) -> tuple[ak.Array, list[Any]]:
    """Lay out a range of entries as coffea events whose columns are read when touched.

    Parameters
    ----------
    directory : uproot.ReadOnlyDirectory
        An open file; it must stay open as long as columns may still be touched.
    treename : str
        Name of a TTree or RNTuple in it.
    schema : type
        coffea schema.
    metadata : mapping
        Becomes ``events.metadata``.
    start, stop : int
        First entry, and the one behind the last.
    columns : iterable of str, optional
        Branches to read now, in one request; those the file lacks are passed over. All others
        stay visible and are read on first touch.

    Returns
    -------
    events : awkward array
        The events.
    access_log : list
        Filled with what is touched, for `learn_columns`.
    """
    tree = _open_tree(directory, treename)
    log: list[Any] = []
    if isinstance(tree.parsed, uproot.behaviors.RNTuple.HasFields):
        return _events_by_coffea(directory, tree, schema, metadata, start, stop, columns, log)
    start, stop = max(start, 0), min(stop, tree.parsed.num_entries)
    mapping = _Columns(directory, tree, start, stop, log)
    mapping.preload(columns or ())
    factory = NanoEventsFactory(
        _laid_out(tree, schema, metadata), mapping, tuple_to_key(mapping.partition), mode="virtual"
    )
    return factory.events(), log


def cluster_edges(tree: Any) -> list[int]:
    """Entries at which a tree can be cut without reading any basket twice.

    Returns
    -------
    list of int
        Ascending, from 0 to the number of entries; ``[0]`` for an empty tree.
    """
    if isinstance(tree, uproot.behaviors.RNTuple.HasFields):
        edges = {int(cluster.num_first_entry) for cluster in tree.ntuple.cluster_summaries}
    else:
        edges = {int(edge) for edge in tree.common_entry_offsets()}
    return sorted(edges | {0, int(tree.num_entries)})


def learned_columns(key: Hashable) -> frozenset[str] | None:
    """Branches that chunks of this kind touched so far, or ``None`` before the first one."""
    return _COLUMNS.get(key)


def learn_columns(key: Hashable, access_log: Iterable[Any]) -> None:
    """Remember which branches a chunk touched, for the next chunk in this process.

    Parameters
    ----------
    key : hashable
        What decides the branches: processor, parameters, data or simulation, tree.
    access_log : iterable
        As returned by `events_from_root`.
    """
    touched = frozenset(entry.branch for entry in access_log)
    _COLUMNS[key] = _COLUMNS.get(key, frozenset()) | touched


class _Tree:
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


def _open_tree(directory: uproot.ReadOnlyDirectory, treename: str) -> _Tree:
    # the end of the file and the tree's own position change if somebody adds to the file
    file = directory.file
    key = (str(file.uuid), file.fEND, treename, directory.key(treename).fSeekKey)
    return _remember(_TREES, key, lambda: _Tree(directory[treename]), _TREES_KEPT)


def _remember(memory: OrderedDict[Hashable, Any], key: Hashable, make: Any, kept: int) -> Any:
    """Return what is remembered under a key, or make it and forget the oldest."""
    found = memory.get(key)
    if found is None:
        found = memory[key] = make()
        while len(memory) > kept:
            memory.popitem(last=False)
    return found


def _laid_out(tree: _Tree, schema: Any, metadata: Mapping[str, Any]) -> Any:
    """The schema's layout of a tree; made once, only the metadata differs between chunks."""

    def make() -> Any:
        base = UprootSourceMapping._extract_base_form(tree.parsed)
        return schema({**base, "typenames": tree.parsed.typenames()})

    known = _remember(_SCHEMAS, (schema, tree.describe()), make, _SCHEMAS_KEPT)
    chosen = copy.copy(known)
    parameters = {**known.form["parameters"], "metadata": dict(metadata)}
    chosen._form = {**known.form, "parameters": parameters}
    return chosen


class _Columns(UprootSourceMapping):  # type: ignore[misc]
    """coffea's mapping of names to columns, with every branch read at most once a chunk.

    coffea's own reads a jagged branch twice, for its offsets and for its content.
    """

    def __init__(
        self,
        directory: uproot.ReadOnlyDirectory,
        tree: _Tree,
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
        self._arrays |= read_columns(
            self._tree.parsed, wanted, self._start, self._stop, directory=self._file_handle
        )

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
        if columnhandle not in self._arrays:
            self.preload((columnhandle,))
        array = self._arrays[columnhandle]
        if isinstance(array.layout, ak.contents.ListOffsetArray):
            array = ak.Array(array.layout.to_ListOffsetArray64(True))
        return array


def _events_by_coffea(
    directory: uproot.ReadOnlyDirectory,
    tree: _Tree,
    schema: Any,
    metadata: Mapping[str, Any],
    start: int,
    stop: int,
    columns: Iterable[str] | None,
    log: list[Any],
) -> tuple[ak.Array, list[Any]]:
    """Lay out an RNTuple, which uproot reads well by itself."""
    preload = sorted(name for name in columns or () if name in tree.names)
    factory = NanoEventsFactory.from_root(
        directory,
        treepath=tree.parsed.object_path,
        mode="virtual",
        entry_start=start,
        entry_stop=stop,
        preload=preload or None,
        schemaclass=schema,
        metadata=dict(metadata),
        access_log=log,
    )
    return factory.events(), log
