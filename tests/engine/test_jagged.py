"""Lists decoded from basket bytes that are written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.engine.jagged import VECTOR_HEADER, InvalidListsError, decode_lists

KEY = 77  # any key length: ROOT's entry offsets start counting at the key


def basket(lists, dtype, *, header=VECTOR_HEADER, key=KEY):
    """Bytes of a basket as ROOT writes them, and where its data end."""
    data, starts = b"", []
    for items in lists:
        starts.append(len(data) + key)
        body = np.asarray(items, dtype=dtype).tobytes()
        count = (len(body) + 6).to_bytes(4, "big")
        data += (count + b"\x00\x09" + len(items).to_bytes(4, "big") if header else b"") + body
    table = np.asarray([len(lists) + 1, *starts, 0], dtype=">i4").tobytes()
    return np.frombuffer(data + table, dtype=np.uint8), len(data)


def decode(lists, dtype, *, header=VECTOR_HEADER, entries=None):
    """Decode a hand-made basket back into Python lists."""
    raw, border = basket(lists, dtype, header=header)
    first, last = entries or (0, len(lists))
    kind = np.dtype(dtype)
    content = np.empty(sum(map(len, lists)), dtype=f"u{kind.itemsize}")
    ends = np.empty(last - first, dtype=np.int64)
    filled = decode_lists(raw, border, KEY, header, (first, last), content, 0, ends)
    values = content[:filled].view(kind.newbyteorder("="))
    return [part.tolist() for part in np.split(values, ends)[:-1]]


@pytest.mark.parametrize(
    ("dtype", "lists"),
    [
        (">f4", [[1.5, -2.25], [], [3e9]]),
        (">f8", [[1e300], [-0.125, 2.0]]),
        (">i4", [[-1, 2**31 - 1], [0]]),
        (">u4", [[2**32 - 1], [], []]),
        (">i2", [[-2, 258], [7]]),
        (">i8", [[-(2**62), 1]]),
        ("?", [[True, False, True], [], [False]]),
    ],
)
def test_vectors_become_native_values(dtype, lists):
    assert decode(lists, dtype) == lists


def test_lists_without_a_header_are_told_apart_by_their_offsets():
    assert decode([[1.0], [], [2.0, 3.0]], ">f4", header=0) == [[1.0], [], [2.0, 3.0]]


def test_part_of_a_basket_can_be_taken():
    lists = [[1.0], [2.0, 3.0], [], [4.0]]
    assert decode(lists, ">f4", entries=(1, 3)) == [[2.0, 3.0], []]
    assert decode(lists, ">f4", entries=(3, 4)) == [[4.0]]


def test_no_entry_at_all_gives_nothing():
    assert decode([[1.0]], ">f4", entries=(1, 1)) == []


def test_a_second_basket_is_appended_to_the_first():
    content, ends = np.empty(3, dtype=np.uint32), np.empty(3, dtype=np.int64)
    raw, border = basket([[1.0], [2.0]], ">f4")
    filled = decode_lists(raw, border, KEY, VECTOR_HEADER, (0, 2), content, 0, ends[:2])
    raw, border = basket([[3.0]], ">f4")
    filled = decode_lists(raw, border, KEY, VECTOR_HEADER, (0, 1), content, filled, ends[2:])
    assert filled == 3
    assert content.view(np.float32).tolist() == [1.0, 2.0, 3.0]
    assert ends.tolist() == [1, 2, 3]


def test_random_lists_agree_with_a_plain_loop():
    random = np.random.default_rng(3)
    lists = [random.normal(size=n).astype("f4").tolist() for n in random.integers(0, 5, 500)]
    assert decode(lists, ">f4") == lists


def refuse(raw, border, room=8, entries=(0, 2)):
    content, ends = np.empty(room, dtype=np.uint32), np.empty(8, dtype=np.int64)
    with pytest.raises(InvalidListsError):
        decode_lists(raw, border, KEY, VECTOR_HEADER, entries, content, 0, ends)


def test_a_header_that_contradicts_the_offsets_is_refused():
    raw, border = basket([[1.0], [2.0]], ">f4")
    damaged = raw.copy()
    damaged[9] = 5  # number of items of the first list
    refuse(damaged, border)


def test_offsets_beyond_the_data_are_refused():
    raw, border = basket([[1.0], [2.0]], ">f4")
    damaged = raw.copy()
    damaged[border + 8 : border + 12] = 127  # start of the second list
    refuse(damaged, border)


def test_offsets_before_the_data_are_refused():
    raw, border = basket([[1.0], [2.0]], ">f4")
    damaged = raw.copy()
    damaged[border + 4 : border + 8] = 0  # start of the first list, less than the key's length
    refuse(damaged, border)


def test_a_basket_without_offsets_is_refused():
    raw, border = basket([[1.0], [2.0]], ">f4")
    refuse(raw[:border], border)
    refuse(raw, border, entries=(0, 7))


def test_more_items_than_there_is_room_for_are_refused():
    raw, border = basket([[1.0], [2.0]], ">f4")
    refuse(raw, border, room=1)
