"""Records are what TensorFlow writes and reads: known checksums, known bytes, another reader."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.export.tfrecord import Field, Records, crc32c, masked
from tests.export import tfrecords

# written by TensorFlow 2.21: two Examples with a double as bytes, x, and an integer, label
WRITTEN = (
    "2500000000000000eabc36f30a230a0e0a056c6162656c12051a030a01000a110a0178120c0a0a0a0800000000"
    "0000f83fd8f99ef02500000000000000eabc36f30a230a0e0a056c6162656c12051a030a01010a110a0178120c"
    "0a0a0a0800000000000000c03873cb7e"
)
FIELDS = {
    "jets": Field("float64", (2, 9)),
    "masses": Field("float64", (2,)),
    "label": Field("int64", (1,)),
}


def row(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8)[None]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
    ids=["zeros", "ones", "up", "down", "digits", "nothing"],
)
def test_checksums_are_those_of_rfc_3720(content: bytes, expected: int) -> None:
    assert crc32c(row(content)).tolist() == [expected]


@pytest.mark.parametrize("length", range(1, 26))
def test_every_row_has_the_checksum_found_bit_by_bit(length: int) -> None:
    rows = np.random.default_rng(length).integers(0, 256, (3, length), np.uint8)
    assert crc32c(rows).tolist() == [tfrecords.crc32c(item.tobytes()) for item in rows]


def test_the_masked_checksum_is_that_of_every_event_file() -> None:
    # files of TensorBoard begin with a record of 24 bytes: 18 00 .. 00 a3 7f 4b 22
    length = (24).to_bytes(8, "little")
    assert masked(crc32c(row(length))).tolist() == [0x224B7FA3]


def test_records_are_the_bytes_that_tensorflow_writes() -> None:
    records = Records({"label": Field("int64", (1,)), "x": Field("float64", (1,))})
    columns = {"x": np.array([[1.5], [-2.0]]), "label": np.array([[0], [1]])}
    assert records.encode(columns).tobytes().hex() == WRITTEN


def test_another_reader_finds_every_bit() -> None:
    rng = np.random.default_rng(1)
    jets = rng.normal(size=(50, 2, 9))
    jets[0, 0, :4] = [np.nan, np.inf, -0.0, 5e-324]
    columns = {"jets": jets, "masses": rng.normal(size=(50, 2)), "label": np.arange(50)[:, None]}
    records = Records(FIELDS)
    content = records.encode(columns).tobytes()
    assert len(content) == 50 * records.size
    found = [tfrecords.example(message) for message in tfrecords.messages(content)]
    assert [list(item) for item in found] == [list(FIELDS)] * 50
    assert [item["jets"] for item in found] == [item.tobytes() for item in jets]
    assert [item["masses"] for item in found] == [item.tobytes() for item in columns["masses"]]
    assert [item["label"] for item in found] == columns["label"].tolist()


def test_lengths_above_127_take_two_bytes() -> None:
    # 18 doubles are 144 bytes: the lengths of the message and of four inside it take two
    records = Records({"jets": FIELDS["jets"]})
    jets = np.ones((1, 2, 9))
    (message,) = tfrecords.messages(records.encode({"jets": jets}).tobytes())
    assert tfrecords.example(message) == {"jets": jets.tobytes()}


def test_values_that_are_not_contiguous_are_written_in_their_order() -> None:
    values = np.arange(36.0).reshape(9, 2, 2).T
    (message, _) = tfrecords.messages(
        Records({"jets": FIELDS["jets"]}).encode({"jets": values}).tobytes()
    )
    assert tfrecords.example(message)["jets"] == np.ascontiguousarray(values[0]).tobytes()


def test_no_events_are_no_bytes() -> None:
    columns = {name: np.empty((0, *field.shape)) for name, field in FIELDS.items()}
    assert Records(FIELDS).encode(columns).tobytes() == b""


@pytest.mark.parametrize("value", [-1, 128])
def test_an_integer_of_more_than_a_byte_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="label: integers are between 0 and 127"):
        Records({"label": FIELDS["label"]}).encode({"label": np.array([[value]])})
