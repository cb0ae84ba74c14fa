"""What is fitted: integrals over bins, and the signal region as one row."""

from __future__ import annotations

import numpy as np

from hepml.stats.rows import bin_rows, counting_rows
from hepml.windows import Binning

BINNING = Binning((1.0, 2.0, 4.0, 5.0, 7.0), 1, 3)


def test_a_bin_is_integrated_exactly_up_to_degree_eleven() -> None:
    rows = bin_rows(BINNING)
    edges = np.asarray(BINNING.edges)
    exact = np.diff(edges**12) / 12
    np.testing.assert_allclose(rows.integrate(rows.nodes**11), exact, rtol=1e-12)


def test_the_centre_of_a_bin_stands_for_the_bin() -> None:
    rows = bin_rows(BINNING, "centre")
    np.testing.assert_allclose(rows.integrate(rows.nodes), [1.5, 6.0, 4.5, 12.0])


def test_a_count_has_the_sidebands_and_then_the_whole_signal_region() -> None:
    rows = counting_rows(BINNING)
    # the sidebands at their centres, the signal region [2, 5) integrated
    np.testing.assert_allclose(rows.integrate(rows.nodes**2), [1.5**2, 2 * 36.0, (125 - 8) / 3])


def test_several_functions_are_integrated_at_once() -> None:
    rows = bin_rows(BINNING)
    both = rows.integrate(np.stack([np.ones_like(rows.nodes), rows.nodes], axis=1))
    np.testing.assert_allclose(both, [[1, 1.5], [2, 6], [1, 4.5], [2, 12]])
