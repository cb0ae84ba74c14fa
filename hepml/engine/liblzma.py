"""LZMA by the newest liblzma on this machine: 5.8 needs three quarters of the time of 5.4.

NanoAOD is compressed with LZMA, and decompressing it is most of what reading it costs. Python and
uproot use the liblzma they were built with; Pillow, which matplotlib brings along, carries a
recent one. Its interface has been stable since version 5.0. Where there is none, or it fails a
test, uproot decompresses.
"""

from __future__ import annotations

import ctypes
import logging
import lzma
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["decompress_lzma"]

logger = logging.getLogger(__name__)

_NEW_ENOUGH = 50_080_000  # 5.8.0 in liblzma's counting; older ones are no faster than uproot's
_OK = 0
_NO_LIMIT = 2**64 - 1

Decode = Callable[..., int]


def decompress_lzma(data: NDArray[np.uint8], length: int) -> NDArray[np.uint8] | None:
    """Decompress one xz stream.

    Parameters
    ----------
    data : array of uint8
        The stream.
    length : int
        Bytes that it holds.

    Returns
    -------
    array of uint8 or None
        ``None`` if no new liblzma was found: use another library.

    Raises
    ------
    ValueError
        If the stream is damaged (its checksum is verified), or holds another number of bytes.
    """
    decode = _newest()
    return None if decode is None else _decompress(decode, data, length)


def _decompress(decode: Decode, data: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    data = np.ascontiguousarray(data)
    result = np.empty(length, dtype=np.uint8)
    limit, read, written = ctypes.c_uint64(_NO_LIMIT), ctypes.c_size_t(0), ctypes.c_size_t(0)
    stream = (data.ctypes.data, ctypes.byref(read), len(data))
    place = (result.ctypes.data, ctypes.byref(written), length)
    status = decode(ctypes.byref(limit), 0, None, *stream, *place)
    if status != _OK or written.value != length or read.value != len(data):
        raise ValueError(f"liblzma ended with status {status} after {written.value} bytes")
    return result


@cache
def _newest() -> Decode | None:
    """Find liblzma in Pillow's wheel and let it prove itself."""
    try:
        carried = [file for file in files("pillow") or () if file.name.startswith("liblzma")]
    except PackageNotFoundError:
        return None
    for file in carried:
        try:
            decode = _bind(ctypes.CDLL(str(file.locate())))
            if decode is not None and _works(decode):
                return decode
        except (OSError, AttributeError) as error:
            logger.debug("%s is left alone: %s", file, error)
    return None


def _bind(library: Any) -> Decode | None:
    """The function that decodes a stream in one call, or ``None`` in an old library."""
    library.lzma_version_number.restype = ctypes.c_uint32
    if library.lzma_version_number() < _NEW_ENOUGH:
        return None
    decode = library.lzma_stream_buffer_decode
    size, place = ctypes.c_size_t, ctypes.POINTER(ctypes.c_size_t)
    decode.restype = ctypes.c_int
    decode.argtypes = [
        ctypes.POINTER(ctypes.c_uint64),
        ctypes.c_uint32,
        ctypes.c_void_p,
        *(ctypes.c_void_p, place, size),
        *(ctypes.c_void_p, place, size),
    ]
    return decode  # type: ignore[no-any-return]


def _works(decode: Decode) -> bool:
    """Whether it undoes what Python's own library did."""
    expected = bytes(range(256)) * 40
    packed = np.frombuffer(lzma.compress(expected, preset=9), dtype=np.uint8)
    try:
        return _decompress(decode, packed, len(expected)).tobytes() == expected
    except ValueError:
        return False
