"""LZMA by another library than Python's: the same bytes, and damage is noticed."""

from __future__ import annotations

import lzma

import numpy as np
import pytest

from hepml.engine import liblzma
from hepml.engine.liblzma import decompress_lzma

PLAIN = bytes(range(200)) * 50


@pytest.fixture
def packed():
    if liblzma._newest() is None:
        pytest.skip("there is no new liblzma on this machine")
    return np.frombuffer(lzma.compress(PLAIN, preset=9), dtype=np.uint8).copy()


def test_it_undoes_what_pythons_library_did(packed):
    assert decompress_lzma(packed, len(PLAIN)).tobytes() == PLAIN


@pytest.mark.parametrize("length", [len(PLAIN) - 1, len(PLAIN) + 1])
def test_another_number_of_bytes_is_an_error(packed, length):
    with pytest.raises(ValueError, match="liblzma ended with status"):
        decompress_lzma(packed, length)


def test_one_flipped_bit_is_an_error(packed):
    packed[len(packed) // 2] ^= 1
    with pytest.raises(ValueError, match="liblzma ended with status"):
        decompress_lzma(packed, len(PLAIN))


def test_without_a_new_library_another_one_has_to_do_it(monkeypatch):
    monkeypatch.setattr(liblzma, "_newest", lambda: None)
    assert decompress_lzma(np.empty(0, dtype=np.uint8), 0) is None


def test_a_library_that_answers_nonsense_is_not_used():
    assert not liblzma._works(lambda *_: 0)


def test_an_old_library_is_not_used():
    class Old:
        @staticmethod
        def lzma_version_number():
            return 50_040_012

    assert liblzma._bind(Old()) is None
