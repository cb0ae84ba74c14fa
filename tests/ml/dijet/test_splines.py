"""Splines along an axis repeat cubic functions and their slopes."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.ml.dijet.splines import Axis

NODES = np.array([50.0, 100.0, 180.0, 200.0, 300.0, 330.0])


@pytest.mark.parametrize("value", [50.0, 77.0, 180.0, 251.0, 330.0])
def test_a_cubic_and_its_slope_come_back(value: float) -> None:
    axis = Axis("mx", NODES)
    coefficients = axis.coefficients() @ (NODES / 100) ** 3
    first, splines, slopes = axis.at(value)
    used = coefficients[first : first + len(splines)]
    assert used @ splines == pytest.approx((value / 100) ** 3)
    assert used @ slopes == pytest.approx(3 * (value / 100) ** 2 / 100)


def test_splines_add_up_to_one() -> None:
    _, splines, slopes = Axis("mx", NODES).at(123.0)
    assert len(splines) == 4
    assert splines.sum() == pytest.approx(1)
    assert slopes.sum() == pytest.approx(0)


def test_one_node_is_a_constant() -> None:
    axis = Axis("mx", np.array([300.0]))
    assert not axis.free
    assert axis.at(300.0)[1].tolist() == [1.0]


def test_values_outside_and_nodes_that_do_not_grow_are_refused() -> None:
    with pytest.raises(ParameterError, match="outside"):
        Axis("mx", NODES).at(49.0)
    with pytest.raises(ParameterError, match="must grow"):
        Axis("mx", np.array([2.0, 2.0]))
