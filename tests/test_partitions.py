"""Plain functions on eager and on lazy arrays."""

from __future__ import annotations

from typing import Any

import awkward as ak
import dask_awkward as dak
import numpy as np

from hepml.partitions import per_partition, stand_in


def double(values: Any, *, offset: int = 0) -> Any:
    if ak.backend(values) == "typetracer":
        return stand_in((values,), ak.Array(np.zeros(0, np.int64)))
    return ak.Array(2 * np.asarray(values) + offset)


def test_arrays_at_hand_are_handed_over_at_once() -> None:
    assert per_partition(double, ak.Array([1, 2]), offset=1).tolist() == [3, 5]


def test_lazy_arrays_are_handed_over_by_partition() -> None:
    lazy = dak.from_awkward(ak.Array([1, 2, 3]), 2)
    result = per_partition(double, lazy)
    assert result.npartitions == 2
    assert result.compute().tolist() == [2, 4, 6]


def test_what_stands_in_has_a_form_and_no_length() -> None:
    traced = stand_in((), ak.Array(np.zeros(0)))
    assert ak.backend(traced) == "typetracer"
    assert str(traced.type) == "## * float64"
