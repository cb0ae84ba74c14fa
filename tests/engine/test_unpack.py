"""Headers of baskets that are written out by hand, and the choice of libraries."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
import pytest
import uproot

from hepml.engine.unpack import Basket, use_fast_decompression

KEY = 77  # any key length that leaves room for the two headers


@dataclass
class Chunk:
    """As much of an uproot chunk as is needed."""

    raw_data: np.ndarray
    start: int = 0


def stored(data, *, offsets=(), entries=3, packed=False, length=None):
    """A basket as ROOT writes it: key, basket header, data, entry offsets."""
    table = np.asarray([len(offsets) + 1, *offsets, 0], dtype=">i4").tobytes() if offsets else b""
    body = data + table
    length = len(body) if length is None else length
    key = struct.pack(">ihiIh", 0, 4, length, 0, KEY)
    basket = struct.pack(">Hiiii", 2, 32000, 0, entries, KEY + len(data))
    header = key + bytes(KEY - len(key) - len(basket) - 1) + basket + b"\0"
    if packed:
        block = zlib.compress(body)
        sizes = len(block).to_bytes(3, "little") + len(body).to_bytes(3, "little")
        body = b"ZL\x08" + sizes + block
    return Chunk(np.frombuffer(header + body, dtype=np.uint8))


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "zlib"])
def test_data_and_offsets_are_unpacked(packed):
    data = bytes(40)
    basket = Basket(stored(data, offsets=(KEY, KEY + 8, KEY + 20), packed=packed), 3)
    raw = basket.unpack()
    assert (basket.border, basket.key_length) == (40, KEY)
    assert raw[: basket.border].tobytes() == data
    assert [basket.position(raw, entry) for entry in range(4)] == [0, 8, 20, 40]


def test_an_entry_outside_the_data_is_an_error():
    basket = Basket(stored(bytes(40), offsets=(KEY, KEY + 41, KEY + 20)), 3)
    with pytest.raises(ValueError, match="begins at 41"):
        basket.position(basket.unpack(), 1)


def test_another_number_of_entries_than_the_trees_is_an_error():
    with pytest.raises(ValueError, match="does not describe 4 entries"):
        Basket(stored(bytes(12), entries=3), 4)


def test_a_border_behind_the_end_is_an_error():
    with pytest.raises(ValueError, match="does not describe"):
        Basket(stored(bytes(12), length=8), 3)


def test_uproot_decompresses_with_isal_too():
    pytest.importorskip("isal")
    assert use_fast_decompression()
    assert uproot.compression._decompress_ZLIB.library == "isal"
    assert uproot.compression.ZLIB(1).library == "zlib"
