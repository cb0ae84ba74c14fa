"""Headers and decompression of single baskets: knows ROOT's bytes, not trees."""

from __future__ import annotations

import contextlib
import logging
import struct
import zlib
from typing import Any

import numpy as np
import uproot
from numpy.typing import NDArray

from hepml.engine.liblzma import decompress_lzma

_zlib: Any = zlib
with contextlib.suppress(ImportError):  # an accelerator: the same bytes in half the time
    from isal import isal_zlib

    _zlib = isal_zlib

__all__ = ["DAMAGE", "Basket", "use_fast_decompression"]

logger = logging.getLogger(__name__)

# ROOT's TKey, then the TBasket's own members: big-endian and never compressed.
_KEY = struct.Struct(">ihiIh")  # bytes, version, object length, time, key length
_BASKET = struct.Struct(">Hiiii")  # version, buffer size, entry size, entries, last byte
_OFFSET = struct.Struct(">i")
_BLOCK = struct.Struct("<2sB3s3s")  # algorithm, method, compressed and uncompressed length

DAMAGE: tuple[type[Exception], ...] = (_zlib.error, zlib.error, struct.error, ValueError, EOFError)
"""What decoding bytes that are not as expected raises."""


class Basket:
    """One basket as it is stored.

    Parameters
    ----------
    chunk : uproot.source.chunk.Chunk
        Its bytes, from the key on.
    entries : int
        Number of entries that the tree says it has.

    Attributes
    ----------
    entries : int
        The same.
    key_length : int
        Amount by which the stored entry offsets are too large.
    length : int
        Bytes after decompression.
    border : int
        Where the data end and the entry offsets begin.

    Raises
    ------
    ValueError
        If the header contradicts the tree.
    """

    border: int
    entries: int
    key_length: int
    length: int

    __slots__ = ("_chunk", "border", "entries", "key_length", "length")

    def __init__(self, chunk: Any, entries: int) -> None:
        data = chunk.raw_data
        self._chunk, self.entries = chunk, entries
        _, _, self.length, _, self.key_length = _KEY.unpack_from(data)
        place = self.key_length - _BASKET.size - 1
        _, _, _, found, last = _BASKET.unpack_from(data, place)
        self.border = last - self.key_length
        if found != entries or not 0 <= self.border <= self.length:
            raise ValueError(f"the basket's header does not describe {entries} entries")

    def unpack(self) -> NDArray[np.uint8]:
        """Decompress the data and the entry offsets behind them."""
        data = self._chunk.raw_data[self.key_length :]
        if len(data) == self.length:
            return data  # type: ignore[no-any-return]
        algorithm, _, packed, unpacked = _BLOCK.unpack_from(data)
        end = _BLOCK.size + int.from_bytes(packed, "little")
        raw = None
        if int.from_bytes(unpacked, "little") == self.length and end == len(data):
            raw = _decompress_block(algorithm, data[_BLOCK.size :], self.length)
        if raw is None:  # another algorithm, or more than one block
            cursor = uproot.source.cursor.Cursor(self._chunk.start + self.key_length)
            raw = uproot.compression.decompress(
                self._chunk, cursor, {}, len(data), self.length
            ).raw_data
        if len(raw) != self.length:
            raise ValueError(f"a basket has {len(raw)} bytes instead of {self.length}")
        return raw  # type: ignore[no-any-return]

    def position(self, raw: NDArray[np.uint8], entry: int) -> int:
        """Where the data of an entry begin, counted from the first entry of the basket.

        Parameters
        ----------
        raw : array of uint8
            The unpacked basket.
        entry : int
            ``entries`` means the end of the data.
        """
        if entry == 0:
            return 0
        if entry == self.entries:
            return self.border
        # the number of entry offsets, then the offsets, which also count the key
        (found,) = _OFFSET.unpack_from(raw.data, self.border + _OFFSET.size * (1 + entry))
        place = int(found) - self.key_length
        if not 0 <= place <= self.border:
            raise ValueError(f"entry {entry} of a basket begins at {place}")
        return place


def _decompress_block(algorithm: bytes, data: NDArray[np.uint8], length: int) -> Any:
    """Decompress with a library that is faster than uproot's; ``None`` where there is none."""
    if algorithm == b"ZL":
        return np.frombuffer(_zlib.decompress(data, bufsize=length), dtype=np.uint8)
    if algorithm == b"XZ":
        return decompress_lzma(data, length)
    return None


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
