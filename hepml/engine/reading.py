"""Open ROOT files and lay out ranges of their entries as lazy events, reading each column once."""

from __future__ import annotations

import copy
import inspect
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

import awkward as ak
import uproot
from coffea.nanoevents import NanoEventsFactory
from coffea.nanoevents.mapping import UprootSourceMapping
from coffea.nanoevents.schemas import BaseSchema
from coffea.nanoevents.util import tuple_to_key

from hepml.engine.baskets import use_fast_decompression
from hepml.engine.localfile import LocalSource, is_local
from hepml.engine.mapping import ChunkColumns, ParsedTree
from hepml.engine.xrootdfile import XRootDSource
from hepml.xrootd import is_xrootd

__all__ = [
    "cluster_edges",
    "events_from_root",
    "learn_columns",
    "learned_columns",
    "open_root",
]

T = TypeVar("T")

logger = logging.getLogger(__name__)

# What this process remembers: none of it changes an answer, only how often work is repeated.
_TREES: OrderedDict[Hashable, ParsedTree] = OrderedDict()
_SCHEMAS: OrderedDict[Hashable, Any] = OrderedDict()
_LEARNED: dict[Hashable, frozenset[str]] = {}
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
    elif "handler" not in options and is_xrootd(path):
        options["handler"] = XRootDSource
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
    start = min(max(start, 0), tree.parsed.num_entries)
    stop = max(start, min(stop, tree.parsed.num_entries))
    if isinstance(tree.parsed, uproot.behaviors.RNTuple.HasFields) or not coffea_fits():
        return _plain_events(directory, tree, schema, metadata, (start, stop), columns)
    log: list[Any] = []
    mapping = ChunkColumns(directory, tree, start, stop, log)
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
    return _LEARNED.get(key)


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
    _LEARNED[key] = _LEARNED.get(key, frozenset()) | touched


def _open_tree(directory: uproot.ReadOnlyDirectory, treename: str) -> ParsedTree:
    # the end of the file and the tree's own position change if somebody adds to the file
    file = directory.file
    key = (str(file.uuid), file.fEND, treename, directory.key(treename).fSeekKey)
    return _remember(_TREES, key, lambda: ParsedTree(directory[treename]), _TREES_KEPT)


def _remember(
    memory: OrderedDict[Hashable, T], key: Hashable, make: Callable[[], T], kept: int
) -> T:
    """Return what is remembered under a key, or make it and forget the oldest."""
    found = memory.get(key)
    if found is None:
        found = memory[key] = make()
        while len(memory) > kept:
            memory.popitem(last=False)
    return found


def _laid_out(tree: ParsedTree, schema: Any, metadata: Mapping[str, Any]) -> Any:
    """The schema's layout of a tree; made once, only the metadata differs between chunks."""

    def make() -> Any:
        base = UprootSourceMapping._extract_base_form(tree.parsed)
        return schema({**base, "typenames": tree.parsed.typenames()})

    known = _remember(_SCHEMAS, (schema, tree.describe()), make, _SCHEMAS_KEPT)
    chosen = copy.copy(known)
    parameters = known.form["parameters"]
    # a schema may add to the metadata, as coffea's NanoAOD does with its version
    merged = {**metadata, **parameters.get("metadata", {})}
    chosen._form = {**known.form, "parameters": {**parameters, "metadata": merged}}
    return chosen


@cache
def coffea_fits() -> bool:
    """Whether this coffea is built as the fast path assumes; otherwise its own path is taken."""
    arguments = list(inspect.signature(NanoEventsFactory.__init__).parameters)
    fits = (
        arguments == ["self", "schema", "mapping", "partition_key", "mode"]
        and hasattr(UprootSourceMapping, "_extract_base_form")
        and isinstance(getattr(BaseSchema, "form", None), property)
    )
    if not fits:
        logger.warning("this version of coffea is not known here, so reading is slower")
    return fits


def _plain_events(
    directory: uproot.ReadOnlyDirectory,
    tree: ParsedTree,
    schema: Any,
    metadata: Mapping[str, Any],
    entries: tuple[int, int],
    columns: Iterable[str] | None,
) -> tuple[ak.Array, list[Any]]:
    """Lay out events by coffea alone; its way to preload knows only the words of a TTree."""
    log: list[Any] = []
    is_tree = not isinstance(tree.parsed, uproot.behaviors.RNTuple.HasFields)
    factory = NanoEventsFactory.from_root(
        directory,
        treepath=tree.parsed.name,
        mode="virtual",
        entry_start=entries[0],
        entry_stop=entries[1],
        schemaclass=schema,
        metadata=dict(metadata),
        access_log=log,
        preload=set(columns) & tree.names if columns and is_tree else None,
    )
    return factory.events(), log
