"""TFRecord files of ``tf.train.Example`` with fields of fixed shape, without TensorFlow.

A record is its length, a checksum of that, the message and its checksum. Where every field has a
fixed shape, all messages have the same bytes but for their values, so that a block of events is
one array of bytes. Layouts: TensorFlow's ``example.proto`` and ``tfrecord`` documents, the
Protocol Buffers encoding; the checksum is CRC-32C (RFC 3720, appendix B.4), masked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled

__all__ = ["Field", "Records", "crc32c", "masked"]

Bytes = NDArray[np.uint8]

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, lowest bit first
_MASK = 0xA282EAD8
_HEADER = 12  # length (8 bytes) and its checksum
_CHECKSUM = 4


@dataclass(frozen=True, slots=True)
class Field:
    """A field of every record.

    Attributes
    ----------
    dtype : {"float64", "int64"}
        ``float64`` becomes its raw little-endian bytes (``tf.io.decode_raw``), ``int64`` a list
        of integers, which must be between 0 and 127: larger ones would take more bytes.
    shape : tuple of int
        Of one event.
    """

    dtype: str
    shape: tuple[int, ...]

    @property
    def values(self) -> int:
        """Numbers of one event."""
        return prod(self.shape)

    @property
    def width(self) -> int:
        """Bytes of one event."""
        return self.values * (8 if self.dtype == "float64" else 1)


class Records:
    """The layout of the records of a file.

    Parameters
    ----------
    fields : mapping of str to Field
        In the order in which they are written.

    Attributes
    ----------
    size : int
        Bytes of a record, checksums included.
    """

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self.fields = dict(fields)
        entries = [_entry(name, field) for name, field in fields.items()]
        message = _message(1, b"".join(entries))
        head = _HEADER + len(message) - sum(map(len, entries))
        # what varies is always the last of its entry
        ends = accumulate((len(entry) for entry in entries), initial=head)
        self._ends = dict(zip(fields, list(ends)[1:], strict=True))
        length = np.frombuffer(np.array(len(message), "<u8").tobytes(), np.uint8)
        frame = np.array([masked(crc32c(length[None]))[0]], "<u4").tobytes()
        record = length.tobytes() + frame + message + bytes(_CHECKSUM)
        self._template = np.frombuffer(record, np.uint8)
        self.size = len(record)

    def encode(self, columns: Mapping[str, NDArray[Any]]) -> Bytes:
        """Records of some events.

        Parameters
        ----------
        columns : mapping of str to array
            For each field an array of shape (events, *shape).

        Returns
        -------
        array of uint8, shape (events, size)
            Written one after the other, they are a file.
        """
        events = len(next(iter(columns.values())))
        found = np.empty((events, self.size), np.uint8)
        found[:] = self._template
        for name, field in self.fields.items():
            end = self._ends[name]
            found[:, end - field.width : end] = _payload(name, field, columns[name])
        checksums = masked(crc32c(found[:, _HEADER:-_CHECKSUM])).astype("<u4")
        found[:, -_CHECKSUM:] = checksums.view(np.uint8).reshape(events, _CHECKSUM)
        return found


def _payload(name: str, field: Field, values: NDArray[Any]) -> Bytes:
    rows = np.ascontiguousarray(values).reshape(len(values), field.values)
    if field.dtype == "float64":
        return np.asarray(rows.astype("<f8", copy=False).view(np.uint8))
    if rows.size and not (rows.min() >= 0 and rows.max() < 128):
        raise ValueError(f"{name}: integers are between 0 and 127 here")
    return rows.astype(np.uint8)


def _entry(name: str, field: Field) -> bytes:
    """One entry of the map of features, with zeros for the values."""
    # bytes_list is number 1 of a Feature, int64_list number 3; both hold number 1
    kind = 1 if field.dtype == "float64" else 3
    feature = _message(kind, _message(1, bytes(field.width)))
    return _message(1, _message(1, name.encode()) + _message(2, feature))


def _message(number: int, content: bytes) -> bytes:
    """A field of a protocol buffer that has a length: text, packed numbers, another message."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = []
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def masked(checksums: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Checksums as TFRecord stores them: of data that hold checksums they would be weak."""
    rotated = (checksums >> np.uint32(15)) | (checksums << np.uint32(17))
    return np.asarray(rotated + np.uint32(_MASK))


def crc32c(rows: Bytes) -> NDArray[np.uint32]:
    """CRC-32C of each row.

    Parameters
    ----------
    rows : array of uint8, shape (rows, bytes)
        Messages of one length.
    """
    found = np.empty(len(rows), np.uint32)
    _crc32c_rows(rows, _tables(), found)
    return found


@compiled
def _crc32c_rows(rows: Any, tables: Any, found: Any) -> None:
    """Eight bytes at a time, a table for each of them ("slicing by 8")."""
    length = rows.shape[1]
    whole = length - length % 8
    byte = np.uint64(255)
    for row in range(rows.shape[0]):
        crc = np.uint64(0xFFFFFFFF)
        for place in range(0, whole, 8):
            word = np.uint64(0)
            for step in range(8):
                word |= np.uint64(rows[row, place + step]) << np.uint64(8 * step)
            word ^= crc
            crc = np.uint64(0)
            for step in range(8):
                crc ^= tables[7 - step, (word >> np.uint64(8 * step)) & byte]
        for place in range(whole, length):
            crc = tables[0, (crc ^ np.uint64(rows[row, place])) & byte] ^ (crc >> np.uint64(8))
        found[row] = crc ^ np.uint64(0xFFFFFFFF)


@cache
def _tables() -> NDArray[np.uint64]:
    """Checksum of one byte followed by 0 to 7 zeros."""
    first = np.arange(256, dtype=np.uint64)
    for _ in range(8):
        first = (first >> np.uint64(1)) ^ np.where(first & np.uint64(1), _POLYNOMIAL, 0).astype(
            np.uint64
        )
    tables = [first]
    for _ in range(7):
        last = tables[-1]
        tables.append((last >> np.uint64(8)) ^ first[last & np.uint64(255)])
    return np.stack(tables)
