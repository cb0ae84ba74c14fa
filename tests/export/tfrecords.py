"""Read TFRecord files byte by byte, as their documents say, with nothing of the package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np


def crc32c(content: bytes) -> int:
    """CRC-32C bit by bit: polynomial 0x1EDC6F41, reflected."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(content: bytes) -> int:
    crc = crc32c(content)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32


def messages(content: bytes) -> list[bytes]:
    """Messages of a file, all checksums looked at."""
    found = []
    while content:
        length = int.from_bytes(content[:8], "little")
        assert int.from_bytes(content[8:12], "little") == masked(content[:8])
        message, check = content[12 : 12 + length], content[12 + length : 16 + length]
        assert len(message) == length
        assert int.from_bytes(check, "little") == masked(message)
        found.append(message)
        content = content[16 + length :]
    return found


def _fields(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of the fields of a message, all with a length."""
    place = 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = content[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(content):
        tag = varint()
        assert tag & 7 == 2, "every field of an Example of bytes and packed integers has a length"
        length = varint()
        yield tag >> 3, content[place : place + length]
        place += length
    assert place == len(content)


def example(message: bytes) -> dict[str, bytes | list[int]]:
    """Features of one ``tf.train.Example``: bytes, or integers below 128."""
    ((number, features),) = _fields(message)
    assert number == 1
    found: dict[str, bytes | list[int]] = {}
    for number, entry in _fields(features):
        assert number == 1
        pair = dict(_fields(entry))
        ((kind, values),) = _fields(pair[2])
        ((number, value),) = _fields(values)
        assert number == 1
        found[pair[1].decode()] = {1: lambda v: v, 3: list}[kind](value)
    return found


def read_events(path: Path) -> dict[str, np.ndarray]:
    """Events of a shard of dijets: fields by name."""
    events = [example(message) for message in messages(path.read_bytes())]
    jets = [np.frombuffer(event["jet_features"], "<f8") for event in events]
    return {
        "jet_features": np.array(jets).reshape(len(events), 2, -1 if events else 0),
        "param_masses": np.array([np.frombuffer(e["param_masses"], "<f8") for e in events]),
        "label": np.array([event["label"] for event in events]),
    }
