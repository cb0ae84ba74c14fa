"""Divergence of spectra, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hepml.ml.divergence import divergence


def test_slices_of_one_shape_do_not_diverge() -> None:
    assert divergence(np.array([[10.0, 20.0], [1.0, 2.0]])) == pytest.approx(0.0)


def test_equal_slices_without_a_common_bin_diverge_by_one_bit() -> None:
    assert divergence(np.array([[7.0, 0.0], [0.0, 7.0]])) == pytest.approx(1.0)


def test_a_divergence_by_hand() -> None:
    # shapes (3/4, 1/4) and (1/4, 3/4) around (1/2, 1/2)
    expected = 0.75 * math.log2(1.5) + 0.25 * math.log2(0.5)
    assert divergence(np.array([[3.0, 1.0], [1.0, 3.0]])) == pytest.approx(expected)


def test_nothing_has_no_divergence() -> None:
    assert divergence(np.zeros((2, 3))) is None
