"""Event keys as 64-bit hashes: what splits and the search for duplicates are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hepml.parts import to_numpy

__all__ = [
    "Hashes",
    "Keys",
    "count_repeated",
    "is_member",
    "key_hash",
    "key_position",
    "row_hashes",
]

Hashes = NDArray[np.uint64]
# whole-number keys, shape (events, key columns)
Keys = NDArray[np.int64]


def key_hash(keys: Sequence[NDArray[Any]], seed: int = 0) -> Hashes:
    """Hash event keys to 64 bits, the same on every machine (splitmix64 over the columns).

    Parameters
    ----------
    keys : sequence of arrays
        Integer or text columns of one length.
    seed : int
        Another seed gives an independent hash.
    """
    size = len(keys[0]) if keys else 0
    state = _splitmix64(np.full(size, seed % 2**64, dtype=np.uint64))
    for values in keys:
        state = _splitmix64(state ^ _words(values))
    return state


def key_position(keys: Sequence[NDArray[Any]], seed: int = 0) -> NDArray[np.float64]:
    """Place of each event in [0, 1), evenly spread and a function of its key alone."""
    # 53 bits are what a double holds: the largest hash must not be rounded up to 1
    return (key_hash(keys, seed) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def count_repeated(batches: Callable[[], Iterable[pa.RecordBatch]]) -> int:
    """Count rows that repeat an earlier row.

    Rows are compared by hash first, 8 bytes each, and in full only where two hashes agree.

    Parameters
    ----------
    batches : callable
        Returns the record batches of the key columns; called twice if hashes repeat.
    """
    hashes = [_row_hashes(batch) for batch in batches()]
    ordered = np.sort(np.concatenate(hashes)) if hashes else np.empty(0, np.uint64)
    again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(again):
        return 0
    suspects = [batch.filter(pa.array(np.isin(_row_hashes(batch), again))) for batch in batches()]
    rows = pa.Table.from_batches(suspects).unify_dictionaries()
    return len(rows) - len(rows.group_by(rows.column_names).aggregate([]))


def row_hashes(keys: Keys) -> Hashes:
    """Hash each row of an array of whole-number keys."""
    return key_hash(list(keys.T))


def is_member(keys: Keys, others: Keys) -> NDArray[np.bool_]:
    """Which keys occur among others; compared by hash first, and in full where hashes agree.

    Parameters
    ----------
    keys, others : array of int64, shape (events, key columns)
        Of the same columns.
    """
    found = np.isin(row_hashes(keys), row_hashes(others))
    suspects = np.flatnonzero(found)
    if len(suspects):
        both = np.unique(np.concatenate([others, keys[suspects]]), axis=0, return_inverse=True)[1]
        numbers = both.reshape(-1)
        found[suspects] = np.isin(numbers[len(others) :], numbers[: len(others)])
    return found


def _row_hashes(batch: pa.RecordBatch) -> Hashes:
    return key_hash([to_numpy(column) for column in batch.columns])


def _words(values: NDArray[Any]) -> Hashes:
    """One 64-bit number per value; text by its BLAKE2b digest."""
    if values.dtype.kind not in "OUS":
        return values.astype(np.int64).view(np.uint64)
    unique, inverse = np.unique(values.astype(str), return_inverse=True)
    digests = [hashlib.blake2b(item.encode(), digest_size=8).digest() for item in unique]
    words = np.array([int.from_bytes(item, "little") for item in digests], np.uint64)
    return words[inverse]


def _splitmix64(values: Hashes) -> Hashes:
    """Finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014); wraps modulo 2^64."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
