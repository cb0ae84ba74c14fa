"""Numbers are read out of histograms as they were put in."""

from __future__ import annotations

import hist
import numpy as np
import pytest

from hepml.plots.yields import bin_axis, nice_factor, nominal, shifts
from tests.plots.runs import DIMUON, PT, at, together


def test_datasets_are_added() -> None:
    histogram = together(at(PT, "a", [1, 2, 3, 4]), at(PT, "b", [10, 0, 0, 0]))
    found = nominal(histogram, ["a", "b", "absent"])
    np.testing.assert_array_equal(found.values, [11, 2, 3, 4])
    np.testing.assert_array_equal(found.variances, [101, 4, 9, 16])


def test_a_dataset_without_the_variation_counts_as_nominal() -> None:
    histogram = together(
        at(PT, "a", [1, 2, 3, 4]),
        at(PT, "a", [2, 2, 3, 4], "scale_up"),
        at(PT, "b", [10, 0, 0, 0]),
    )
    np.testing.assert_array_equal(nominal(histogram, ["a", "b"], "scale_up").values, [12, 2, 3, 4])


def test_sources_are_added_in_quadrature_each_way() -> None:
    histogram = together(
        at(PT, "a", [10, 10, 10, 10]),
        at(PT, "a", [13, 10, 9, 10], "one_up"),
        at(PT, "a", [8, 10, 9, 10], "one_down"),
        at(PT, "a", [14, 10, 10, 10], "two_up"),
    )
    found = shifts(histogram, ["a"])
    assert found is not None
    down, up = found
    np.testing.assert_allclose(up, [5, 0, 0, 0])
    np.testing.assert_allclose(down, [2, 0, 1, 0])


def test_without_variations_there_is_no_shift() -> None:
    assert shifts(at(PT, "a", [1, 2, 3, 4]), ["a"]) is None


def test_unit_and_width_come_from_the_axis() -> None:
    axis = bin_axis(hist.axis.Regular(30, 105, 160, name="m", label="Mass [GeV]"))
    assert axis.per_bin("Events") == "Events / 1.83 GeV"


def test_logarithmic_bins_are_recognised_and_given_per_unit() -> None:
    axis = bin_axis(DIMUON.axes[1])
    assert axis.logarithmic
    assert axis.per_bin("Events") == "Events / GeV"


@pytest.mark.parametrize(
    ("small", "large", "factor"), [(1, 99, 50), (1, 10, 10), (5, 4, 1), (0, 4, 1), (2, 5, 2)]
)
def test_factors_are_round(small: float, large: float, factor: float) -> None:
    assert nice_factor(small, large) == factor
