"""Read many TTree columns in one request, straight from baskets into contiguous arrays.

Everything hepml assumes about uproot and about ROOT's basket layout is in this file. A column
that is not exactly as expected (other types, other layout, embedded baskets) is read by uproot.
"""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import awkward as ak
import numpy as np
import uproot
from numpy.typing import NDArray
from uproot.interpretation.jagged import AsJagged
from uproot.interpretation.numerical import AsDtype

from hepml.engine.jagged import VECTOR_HEADER, decode_lists
from hepml.engine.unpack import DAMAGE, Basket, use_fast_decompression
from hepml.errors import FileAccessError
from hepml.redaction import safe_logger

__all__ = ["Plan", "plan_column", "read_columns", "use_fast_decompression"]

logger = safe_logger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where one column's bytes are and what they mean.

    Attributes
    ----------
    name : str
        Name of the branch.
    dtype : dtype
        Type of the items on disk, big-endian where it matters.
    header : int or None
        Bytes in front of each list; ``None`` for one number per entry.
    edges : array of int
        First entry of each basket, and the end of the last one.
    ranges : list of (int, int)
        Bytes of each basket in the file.
    counter : str or None
        Branch with the length of each list, where the file has one.
    """

    name: str
    dtype: np.dtype[Any]
    header: int | None
    edges: NDArray[np.int64]
    ranges: list[tuple[int, int]]
    counter: str | None = None


def read_columns(
    tree: Any, names: Iterable[str], start: int, stop: int, *, directory: Any = None
) -> dict[str, ak.Array]:
    """Read whole columns of a range of entries, each basket once, all in one request.

    Parameters
    ----------
    tree : uproot TTree
        A tree that says where its baskets are.
    names : iterable of str
        Names of its branches.
    start, stop : int
        First entry, and the one behind the last.
    directory : uproot.ReadOnlyDirectory, optional
        The file opened again, to read from if the one behind ``tree`` was closed.

    Returns
    -------
    dict of str to awkward array
        The same values and types that ``tree[name].array(...)`` gives.

    Raises
    ------
    FileAccessError
        If bytes are missing or damaged; the branch and the file are named.
    """
    arrays: dict[str, ak.Array] = {}
    plans: list[Plan] = []
    reader = _Uproot(tree, directory, start, stop)
    for name in dict.fromkeys(names):
        plan = plan_column(tree[name], name, start, stop)
        if plan is None:
            arrays[name] = reader.read(name)
        else:
            plans.append(plan)
    plans.sort(key=lambda plan: plan.header is not None)  # counters before what they count
    source = (directory or tree).file.source
    chunks = _request(source, [span for plan in plans for span in plan.ranges])
    offsets = _Offsets(arrays)
    for plan in plans:
        own = [next(chunks) for _ in plan.ranges]
        try:
            arrays[plan.name] = _assemble(plan, own, start, stop, offsets.of(plan))
        except OSError as error:
            raise _unreadable(tree, plan.name, error) from error
        except DAMAGE as error:
            logger.debug("%s is left to uproot: %s", plan.name, error)
            arrays[plan.name] = reader.read(plan.name)
    return arrays


def plan_column(branch: Any, name: str, start: int, stop: int) -> Plan | None:
    """Find the baskets of a range of entries, or ``None`` if this file cannot decode them."""
    interpretation = branch.interpretation
    header = None
    items = interpretation
    if type(interpretation) is AsJagged and interpretation.header_bytes in (0, VECTOR_HEADER):
        header, items = interpretation.header_bytes, interpretation.content
    if type(items) is not AsDtype:
        return None
    dtype = items.from_dtype
    simple = dtype.shape == () and dtype.kind in "biuf" and dtype.itemsize in (1, 2, 4, 8)
    if not simple or items.to_dtype != dtype.newbyteorder("=") or branch.embedded_baskets:
        return None
    edges = np.asarray(branch.entry_offsets, dtype=np.int64)
    first = max(int(np.searchsorted(edges, start, side="right")) - 1, 0)
    last = int(np.searchsorted(edges, stop, side="left")) if stop > start else first
    seeks = branch.member("fBasketSeek")[first:last].tolist()
    sizes = branch.member("fBasketBytes")[first:last].tolist()
    ranges = [(seek, seek + size) for seek, size in zip(seeks, sizes, strict=True)]
    counts = branch.count_branch if header == 0 else None
    counter = None if counts is None else counts.name
    return Plan(name, dtype, header, edges[first : last + 1], ranges, counter)


def _request(source: Any, ranges: list[tuple[int, int]]) -> Iterator[Any]:
    """Ask for all byte ranges at once; the chunks arrive while the first ones are decoded."""
    chunks = list(source.chunks(ranges, queue.Queue())) if ranges else []
    chunks.reverse()
    while chunks:  # hand over and forget, so that bytes already decoded are freed
        yield chunks.pop()


class _Offsets:
    """Offsets of lists by their counter; all columns of a collection share one array."""

    def __init__(self, arrays: Mapping[str, ak.Array]) -> None:
        self._arrays = arrays
        self._known: dict[str, NDArray[np.int64]] = {}

    def of(self, plan: Plan) -> NDArray[np.int64] | None:
        """Where the lists of a column begin and end, or ``None`` if no counter was read."""
        if plan.counter is None or plan.counter not in self._arrays:
            return None
        if plan.counter not in self._known:
            counts = ak.to_numpy(self._arrays[plan.counter])
            offsets = np.zeros(len(counts) + 1, dtype=np.int64)
            np.cumsum(counts, out=offsets[1:])
            self._known[plan.counter] = offsets
        return self._known[plan.counter]


def _assemble(
    plan: Plan, chunks: list[Any], start: int, stop: int, offsets: NDArray[np.int64] | None
) -> ak.Array:
    """Decode the baskets of one column into one array."""
    parts = []
    for chunk, (begin, end) in zip(chunks, pairwise(plan.edges.tolist()), strict=True):
        parts.append(_Part(Basket(chunk, end - begin), begin, end, start, stop))
    chunks.clear()  # so that bytes already decoded are freed
    if plan.header is None:
        return _flat(plan, parts, stop - start)
    if offsets is None:
        return _lists(plan, parts, stop - start)
    return _counted(plan, parts, offsets)


class _Part:
    """A basket, and which of its entries are wanted.

    Attributes
    ----------
    own : slice
        These entries, counted from the start of the basket.
    wanted : slice
        The same, counted from the first entry asked for.
    """

    __slots__ = ("basket", "entries", "own", "wanted")

    def __init__(self, basket: Basket, begin: int, end: int, start: int, stop: int) -> None:
        low, high = max(begin, start), min(end, stop)
        self.basket, self.entries = basket, end - begin
        self.own = slice(low - begin, high - begin)
        self.wanted = slice(low - start, high - start)


def _flat(plan: Plan, parts: list[_Part], entries: int) -> ak.Array:
    """Decode one number per entry."""
    values = np.empty(entries, dtype=plan.dtype.newbyteorder("="))
    for part in _drained(parts):
        stored = part.basket.unpack()[: part.basket.border].view(plan.dtype)
        if len(stored) != part.entries:
            raise ValueError(f"{len(stored)} values instead of {part.entries}")
        values[part.wanted] = stored[part.own]
    return ak.Array(ak.contents.NumpyArray(values))


def _counted(plan: Plan, parts: list[_Part], offsets: NDArray[np.int64]) -> ak.Array:
    """Decode lists whose lengths are known: their items follow each other without a gap."""
    size = plan.dtype.itemsize
    if offsets[-1] * size > sum(part.basket.border for part in parts):
        raise ValueError(f"{plan.counter} counts more items than there are")
    items = np.empty(offsets[-1], dtype=plan.dtype.newbyteorder("="))
    for part in _drained(parts):
        raw = part.basket.unpack()
        first, last = (int(offsets[edge]) for edge in (part.wanted.start, part.wanted.stop))
        begin = part.basket.position(raw, part.own.start)
        end = part.basket.position(raw, part.own.stop)
        if end - begin != (last - first) * size:
            raise ValueError(f"{plan.counter} does not count these items")
        items[first:last] = raw[begin:end].view(plan.dtype)
    return _as_lists(offsets, items)


def _lists(plan: Plan, parts: list[_Part], entries: int) -> ak.Array:
    """Decode lists that say themselves where they end."""
    header = plan.header or 0
    size = plan.dtype.itemsize
    room = sum(max((part.basket.border - header * part.entries) // size, 0) for part in parts)
    content = np.empty(room, dtype=f"u{size}")
    offsets = np.zeros(entries + 1, dtype=np.int64)
    filled = 0
    for part in _drained(parts):
        basket = part.basket
        ends = offsets[part.wanted.start + 1 : part.wanted.stop + 1]
        place = (basket.border, basket.key_length, header, (part.own.start, part.own.stop))
        filled = decode_lists(basket.unpack(), *place, content, filled, ends)
    return _as_lists(offsets, content[:filled].view(plan.dtype.newbyteorder("=")))


def _drained(parts: list[_Part]) -> Iterator[_Part]:
    """Hand over and forget, so that bytes already decoded are freed."""
    parts.reverse()
    while parts:
        yield parts.pop()


def _as_lists(offsets: NDArray[np.int64], items: NDArray[Any]) -> ak.Array:
    content = ak.contents.NumpyArray(items)
    return ak.Array(ak.contents.ListOffsetArray(ak.index.Index64(offsets), content))


class _Uproot:
    """Read single columns without any assumption of ours."""

    def __init__(self, tree: Any, directory: Any, start: int, stop: int) -> None:
        self._tree, self._directory = tree, directory
        self._start, self._stop = start, stop

    def read(self, name: str) -> ak.Array:
        """Values of one branch, as uproot gives them."""
        try:
            if self._directory is not None:
                self._tree, self._directory = self._directory[self._tree.object_path], None
            return self._tree[name].array(
                entry_start=self._start, entry_stop=self._stop, library="ak"
            )
        except (OSError, *DAMAGE, AssertionError, uproot.DeserializationError) as error:
            raise _unreadable(self._tree, name, error) from error


def _unreadable(tree: Any, name: str, error: BaseException) -> FileAccessError:
    reason = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return FileAccessError(
        f"Branch {name!r} of tree {tree.name!r} in {tree.file.file_path} cannot be read: the file "
        f"is damaged or cut short ({type(error).__name__}: {reason}). Check its size and "
        "checksum, or fetch it again."
    )
