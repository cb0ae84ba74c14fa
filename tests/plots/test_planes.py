"""A colour map shows the contents of two axes."""

from __future__ import annotations

import numpy as np

from hepml.plots.planes import plane
from hepml.plots.samples import Sample
from tests.plots.runs import PLANE, filled


def test_cells_hold_the_counts() -> None:
    eta, pt = np.array([-2.0, 0.0, 0.0]), np.array([5.0, 5.0, 15.0])
    histogram = filled(PLANE, "d", ((eta, pt), np.ones(3), "nominal"))
    figure = plane(histogram, {"d": Sample("d", "data")})
    axes, bar = figure.axes
    (mesh,) = axes.collections
    np.testing.assert_array_equal(np.ma.filled(mesh.get_array(), 0.0), [[1, 1, 0], [0, 1, 0]])
    assert bar.get_ylabel() == "Events / bin (data)"
    assert axes.get_ylabel() == "$p_T$ [GeV]"


def test_without_data_it_shows_the_simulation() -> None:
    one = (np.array([0.0]), np.array([5.0]))
    histogram = filled(PLANE, "s", (one, np.array([2.5]), "nominal"))
    figure = plane(histogram, {"s": Sample("s", "simulation")})
    assert figure.axes[1].get_ylabel() == "Events / bin (simulation)"
