"""Compiled decoding of lists out of decompressed ROOT baskets; knows bytes, not files."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled

__all__ = ["VECTOR_HEADER", "InvalidListsError", "decode_lists", "prepare"]

VECTOR_HEADER = 10
"""Bytes in front of each std::vector: byte count (4), version (2), number of items (4)."""

_ENTRY_OFFSET_BYTES = 4


class InvalidListsError(ValueError):
    """The bytes are not lists in the expected layout."""


def decode_lists(
    raw: NDArray[np.uint8],
    border: int,
    key_length: int,
    header: int,
    entries: tuple[int, int],
    content: NDArray[Any],
    filled: int,
    offsets: NDArray[np.int64],
) -> int:
    """Append the lists of one basket to contiguous native content and offsets.

    Parameters
    ----------
    raw : array of uint8
        The decompressed basket: lists, then from ``border`` on the number of entry offsets and
        the offsets themselves, all big-endian.
    border : int
        Where the lists end and the entry offsets begin.
    key_length : int
        Amount by which the stored entry offsets are too large.
    header : int
        Bytes in front of each list: 0, or `VECTOR_HEADER`, whose number of items is checked.
    entries : (int, int)
        First entry to take and the first one to leave, counted from the start of the basket.
    content : array of uint8, uint16, uint32 or uint64, modified in place
        Receives the items from position ``filled`` on, in native byte order.
    filled : int
        Number of items already in ``content``.
    offsets : array of int64, modified in place
        Receives the end of each list; ``entries[1] - entries[0]`` long.

    Returns
    -------
    int
        The new number of items in ``content``.

    Raises
    ------
    InvalidListsError
        If the offsets, headers and lengths contradict each other.
    """
    first, last = entries
    # border + number of offsets + one offset for each entry
    if border < 0 or len(raw) < border + _ENTRY_OFFSET_BYTES * (1 + last):
        raise InvalidListsError("the basket has no entry offsets, or not enough of them")
    raw = raw.view()
    raw.flags.writeable = False  # one type, so that the kernel is compiled once
    stop = _decode(raw, border, key_length, header, first, last, content, filled, offsets)
    if stop < 0:
        raise InvalidListsError("entry offsets and list lengths contradict each other")
    return int(stop)


def prepare() -> None:
    """Load the compiled code now (or compile it, the first time on a machine).

    Half a second from numba's cache, two seconds to compile: worth doing in the process that
    workers are forked from, or while files are still being opened.
    """
    empty_list = np.frombuffer(bytes(VECTOR_HEADER) + bytes(12), dtype=np.uint8)
    for kind in (np.uint8, np.uint16, np.uint32, np.uint64):
        items, offsets = np.empty(0, dtype=kind), np.empty(1, dtype=np.int64)
        decode_lists(empty_list, VECTOR_HEADER, 0, VECTOR_HEADER, (0, 1), items, 0, offsets)


@compiled
def _decode(raw, border, key_length, header, first, last, content, filled, offsets):  # type: ignore[no-untyped-def]
    """See `decode_lists`; returns -1 where the bytes make no sense."""
    size = content.itemsize
    shift = 0
    while (1 << shift) < size:
        shift += 1
    room = len(content)
    table = border + 4
    count = (len(raw) - table) // 4
    begin = _big_endian(raw, table + 4 * first) - key_length
    for entry in range(first, last):
        # ROOT leaves rubbish behind the last entry's offset: the data end at the border.
        end = border
        if entry + 2 < count:
            end = _big_endian(raw, table + 4 * (entry + 1)) - key_length
        position = begin + header
        # a shift, since dividing by an unknown size costs more than all the rest
        items = (end - position) >> shift
        if begin < 0 or end > border or items < 0 or filled + items > room:
            return -1
        if position + (items << shift) != end:
            return -1
        if header == 10 and _big_endian(raw, begin + 6) != items:
            return -1
        for item in range(items):
            # unsigned positions: a signed one is tested for wrapping around at each byte
            start = np.uintp(position + (item << shift))
            if size == 1:
                value = np.uint64(raw[start])
            elif size == 2:
                value = (np.uint64(raw[start]) << 8) | np.uint64(raw[start + np.uintp(1)])
            elif size == 4:
                value = np.uint64(_big_endian(raw, start))
            else:
                value = (np.uint64(_big_endian(raw, start)) << np.uint64(32)) | np.uint64(
                    _big_endian(raw, start + np.uintp(4))
                )
            content[np.uintp(filled + item)] = value
        filled += items
        offsets[np.uintp(entry - first)] = filled
        begin = end
    return filled


@compiled
def _big_endian(raw, position):  # type: ignore[no-untyped-def]
    """The 4-byte big-endian number at a position."""
    start = np.uintp(position)
    return (
        (np.int64(raw[start]) << 24)
        | (np.int64(raw[start + np.uintp(1)]) << 16)
        | (np.int64(raw[start + np.uintp(2)]) << 8)
        | np.int64(raw[start + np.uintp(3)])
    )
