"""Read many TTree columns in one request, straight from baskets into contiguous arrays.

Everything hepml assumes about uproot and about ROOT's basket layout is in this file. A column
that is not exactly as expected (other types, other layout, embedded baskets) is read by uproot.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import awkward as ak
import numpy as np
import uproot
from numpy.typing import NDArray
from uproot.interpretation.jagged import AsJagged
from uproot.interpretation.numerical import AsDtype

from hepml.engine.jagged import VECTOR_HEADER, decode_lists
from hepml.errors import FileAccessError

_zlib: Any = zlib
with contextlib.suppress(ImportError):  # an accelerator: the same bytes in half the time
    from isal import isal_zlib

    _zlib = isal_zlib

__all__ = ["Plan", "plan_column", "read_columns", "use_fast_decompression"]

logger = logging.getLogger(__name__)

# ROOT's TKey, then the TBasket's own members: big-endian and never compressed.
_KEY = struct.Struct(">ihiIh")  # bytes, version, object length, time, key length
_BASKET = struct.Struct(">Hiiii")  # version, buffer size, entry size, entries, last byte
_BLOCK = struct.Struct("<2sB3s3s")  # algorithm, method, compressed and uncompressed length
_DAMAGE: tuple[type[Exception], ...] = (_zlib.error, zlib.error, struct.error, ValueError, EOFError)


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
    """

    name: str
    dtype: np.dtype[Any]
    header: int | None
    edges: NDArray[np.int64]
    ranges: list[tuple[int, int]]


def use_fast_decompression() -> bool:
    """Let uproot itself also decompress with isal, where that is installed.

    Returns
    -------
    bool
        Whether isal is in use from now on, in this process.

    Notes
    -----
    The option is inherited: on ``uproot.compression.ZLIB`` it changes only writing, which is left
    as it is so that written files do not depend on it; the class that declares it reads.
    """
    try:
        import isal  # noqa: F401
    except ImportError:
        return False
    declares = [kind for kind in uproot.compression.ZLIB.__mro__ if "library" in vars(kind)]
    if not declares:
        logger.warning("this uproot has no choice of zlib library, so reading is slower")
        return False
    uproot.compression.ZLIB.library = uproot.compression.ZLIB.library  # as it was, for writing
    declares[-1].library = "isal"
    return True


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
    source = (directory or tree).file.source
    chunks = _request(source, [span for plan in plans for span in plan.ranges])
    for plan in plans:
        own = [next(chunks) for _ in plan.ranges]
        try:
            arrays[plan.name] = _assemble(plan, own, start, stop)
        except OSError as error:
            raise _unreadable(tree, plan.name, error) from error
        except _DAMAGE as error:
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
    return Plan(name, dtype, header, edges[first : last + 1], ranges)


def _request(source: Any, ranges: list[tuple[int, int]]) -> Iterator[Any]:
    """Ask for all byte ranges at once; the chunks arrive while the first ones are decoded."""
    chunks = list(source.chunks(ranges, queue.Queue())) if ranges else []
    chunks.reverse()
    while chunks:  # hand over and forget, so that bytes already decoded are freed
        yield chunks.pop()


def _assemble(plan: Plan, chunks: list[Any], start: int, stop: int) -> ak.Array:
    """Decode the baskets of one column into one array."""
    return (_flat if plan.header is None else _lists)(plan, chunks, start, stop)


def _flat(plan: Plan, chunks: list[Any], start: int, stop: int) -> ak.Array:
    values = np.empty(stop - start, dtype=plan.dtype.newbyteorder("="))
    for number, chunk in enumerate(chunks):
        begin, end = (int(edge) for edge in plan.edges[number : number + 2])
        raw, border, _ = _decompress(chunk, end - begin)
        stored = raw[:border].view(plan.dtype)
        if len(stored) != end - begin:
            raise ValueError(f"{len(stored)} values instead of {end - begin}")
        low, high = max(begin, start), min(end, stop)
        values[low - start : high - start] = stored[low - begin : high - begin]
    return ak.Array(ak.contents.NumpyArray(values))


def _lists(plan: Plan, chunks: list[Any], start: int, stop: int) -> ak.Array:
    header = plan.header or 0
    size = plan.dtype.itemsize
    room = 0
    for number, chunk in enumerate(chunks):
        entries = int(plan.edges[number + 1] - plan.edges[number])
        room += max((_layout(chunk, entries)[2] - header * entries) // size, 0)
    content = np.empty(room, dtype=f"u{size}")
    offsets = np.zeros(stop - start + 1, dtype=np.int64)
    filled = 0
    for number, chunk in enumerate(chunks):
        begin, end = (int(edge) for edge in plan.edges[number : number + 2])
        raw, border, key_length = _decompress(chunk, end - begin)
        low, high = max(begin, start), min(end, stop)
        ends = offsets[low - start + 1 : high - start + 1]
        entries_here = (low - begin, high - begin)
        filled = decode_lists(raw, border, key_length, header, entries_here, content, filled, ends)
    items = content[:filled].view(plan.dtype.newbyteorder("="))
    return ak.Array(
        ak.contents.ListOffsetArray(ak.index.Index64(offsets), ak.contents.NumpyArray(items))
    )


def _layout(chunk: Any, entries: int) -> tuple[int, int, int]:
    """Key length, uncompressed length and end of the data, from a basket's header."""
    data = chunk.raw_data
    _, _, length, _, key_length = _KEY.unpack_from(data)
    _, _, _, found, last = _BASKET.unpack_from(data, key_length - _BASKET.size - 1)
    border = last - key_length
    if found != entries or not 0 <= border <= length:
        raise ValueError(f"the basket's header does not describe {entries} entries")
    return key_length, length, border


def _decompress(chunk: Any, entries: int) -> tuple[NDArray[np.uint8], int, int]:
    """Decompressed bytes of a basket, the end of its data, and its key's length."""
    key_length, length, border = _layout(chunk, entries)
    data = chunk.raw_data[key_length:]
    if len(data) == length:
        return data, border, key_length
    algorithm, _, packed, unpacked = _BLOCK.unpack_from(data)
    end = _BLOCK.size + int.from_bytes(packed, "little")
    if algorithm == b"ZL" and int.from_bytes(unpacked, "little") == length and end == len(data):
        raw = np.frombuffer(_zlib.decompress(data[_BLOCK.size :], bufsize=length), dtype=np.uint8)
    else:  # another algorithm, or more than one block
        cursor = uproot.source.cursor.Cursor(chunk.start + key_length)
        raw = uproot.compression.decompress(chunk, cursor, {}, len(data), length).raw_data
    if len(raw) != length:
        raise ValueError(f"a basket has {len(raw)} bytes instead of {length}")
    return raw, border, key_length


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
        except (OSError, *_DAMAGE, AssertionError, uproot.DeserializationError) as error:
            raise _unreadable(self._tree, name, error) from error


def _unreadable(tree: Any, name: str, error: BaseException) -> FileAccessError:
    reason = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return FileAccessError(
        f"Branch {name!r} of tree {tree.name!r} in {tree.file.file_path} cannot be read: the file "
        f"is damaged or cut short ({type(error).__name__}: {reason}). Check its size and "
        "checksum, or fetch it again."
    )
