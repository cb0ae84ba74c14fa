"""Events of a window: bands, values that are not finite, keys, bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError, TableError
from hepml.ml.anomaly.events import AnomalyData
from hepml.windows import Window

WINDOW = Window("toy", 0.0, 4.0, 6.0, 10.0)
MASS = np.array([0.0, 3.99, 4.0, 5.0, 6.0, 9.99, 10.0, np.nan, -1.0])


def column(size: int = len(MASS)) -> np.ndarray:
    return np.arange(float(size))[:, None]


def test_bands_are_half_open() -> None:
    data, rows = AnomalyData.select(["a"], column(), MASS, WINDOW)
    assert rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert np.flatnonzero(data.low).tolist() == [0, 1]
    assert np.flatnonzero(data.signal_region).tolist() == [2, 3]
    assert np.flatnonzero(data.high).tolist() == [4, 5]
    assert data.lost == {"outside the window": 3}


def test_values_that_are_not_finite_are_counted_and_named() -> None:
    x = np.column_stack([column(), column(), column()])
    x[0, 0], x[1, 0], x[2, 2] = np.nan, np.inf, -np.inf
    with pytest.raises(TableError, match=r"a \(2\), c \(1\)"):
        AnomalyData.select(["a", "b", "c"], x, MASS, WINDOW)


def test_a_loss_is_accepted_by_name_only() -> None:
    x = np.column_stack([column(), column()])
    x[0, 0], x[1, 1] = np.nan, np.nan
    with pytest.raises(TableError, match=r"b \(1\)"):
        AnomalyData.select(["a", "b"], x, MASS, WINDOW, accept_loss=["a"])
    data, rows = AnomalyData.select(["a", "b"], x, MASS, WINDOW, accept_loss=["a", "b"])
    assert rows.tolist() == [2, 3, 4, 5]
    assert data.lost is not None
    assert data.lost["a not finite"] == 1
    assert data.lost["b not finite"] == 1


def test_a_loss_of_no_feature_is_refused() -> None:
    with pytest.raises(ParameterError, match="No features: z"):
        AnomalyData.select(["a"], column(), MASS, WINDOW, accept_loss=["z"])


def test_values_outside_the_window_may_be_anything() -> None:
    x = column()
    x[6:] = np.nan
    assert len(AnomalyData.select(["a"], x, MASS, WINDOW)[0]) == 6


def test_events_outside_the_window_are_no_events_of_it() -> None:
    with pytest.raises(TableError, match="1 of 2 events lie outside"):
        AnomalyData(("a",), column(2), np.array([1.0, 10.0]), WINDOW, np.arange(2, dtype=np.uint64))


def test_copies_have_one_key() -> None:
    x = np.array([[1.0], [1.0], [2.0], [1.0]])
    data, _ = AnomalyData.select(["a"], x, np.array([1.0, 1.0, 1.0, 2.0]), WINDOW)
    assert data.key[0] == data.key[1]
    assert len(np.unique(data.key)) == 3


def test_a_bootstrap_keeps_keys_and_zero_is_the_sample_itself() -> None:
    data, _ = AnomalyData.select(["a"], column(), MASS, WINDOW)
    drawn = data.bootstrap(3)
    assert data.bootstrap(0) is data
    assert len(drawn) == len(data)
    place = {key: row for row, key in enumerate(data.key.tolist())}
    rows = [place[key] for key in drawn.key.tolist()]
    np.testing.assert_array_equal(drawn.x, data.x[rows])
    assert len(set(rows)) < len(rows)
