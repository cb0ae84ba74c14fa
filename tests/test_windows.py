"""Mass windows, their bins, and the scan."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.windows import (
    RESONANCES,
    WINDOWS,
    Window,
    find_window,
    geometric_edges,
    scan_binnings,
)


def test_the_published_windows() -> None:
    edges = {name: (w.left, w.low, w.high, w.right) for name, w in WINDOWS.items()}
    assert edges["upsilon"] == (5, 9, 10.6, 16)
    assert edges["psi_prime"] == (3.17, 3.51, 3.85, 5)
    assert edges["eta"] == (0.3, 0.525, 0.569, 0.72)
    assert edges["phi"] == (0.82, 0.95, 1.05, 1.5)
    assert edges["rho"] == (0.57, 0.7, 0.86, 0.95)
    assert edges["upsilon_shifted"] == (11, 12, 13.6, 17)
    assert edges["eta_shifted"] == (0.57, 0.625, 0.665, 0.72)
    assert edges["dijet"][1:3] == (3300, 3700)
    assert {"jpsi", "z"} <= set(WINDOWS)


def test_every_window_holds_its_peaks_and_null_windows_none() -> None:
    for window in WINDOWS.values():
        inside = {name for name, r in RESONANCES.items() if window.low <= r.mass < window.high}
        assert set(window.peaks) <= inside
        # of the dijet mass no resonance is known
        null = window.name.endswith("_shifted") or window.name == "dijet"
        assert bool(window.peaks) == (not null)


def test_the_bins_of_the_published_fit() -> None:
    binning = WINDOWS["upsilon"].binning(11)
    assert (binning.start, binning.stop, len(binning.edges) - 1) == (27, 38, 75)
    assert binning.edges[0] == pytest.approx(5.0727273)
    assert np.diff(binning.edges) == pytest.approx(0.1454545, abs=1e-6)
    assert (binning.low, binning.high) == (9, 10.6)


def test_bins_never_leave_the_window() -> None:
    for window in WINDOWS.values():
        for bins in (5, 8, 11, 16, 40):
            edges = window.binning(bins).edges
            assert window.left <= edges[0]
            assert edges[-1] <= window.right


@pytest.mark.parametrize("bins", [0, 1])
def test_bins_that_leave_no_sideband_are_refused(bins: int) -> None:
    with pytest.raises(ParameterError, match="bin"):
        Window("narrow", 8.9, 9, 10.6, 10.7).binning(bins)


@pytest.mark.parametrize("edges", [(9, 5, 10, 16), (5, 9, 9, 16), (5, 9, math.inf, math.inf)])
def test_edges_must_rise(edges: tuple[float, float, float, float]) -> None:
    with pytest.raises(ParameterError, match="four rising masses"):
        Window("odd", *edges)


def test_counts_are_half_open_and_leave_out_what_lies_beyond() -> None:
    binning = Window("w", 0, 2, 3, 5).binning(1)
    sums, squares = binning.count(np.array([0.0, 1.0, 2.0, 2.9, 5.0, -1.0]), None)
    assert sums.tolist() == [1, 1, 2, 0, 0]
    assert squares.tolist() == sums.tolist()


def test_weights_are_summed_with_their_squares() -> None:
    binning = Window("w", 0, 2, 3, 5).binning(1)
    sums, squares = binning.count(np.array([2.5, 2.6]), np.array([2.0, -0.5]))
    assert (sums[2], squares[2]) == (1.5, 4.25)


def test_a_window_is_found_by_name_or_by_its_edges() -> None:
    assert find_window("z") is WINDOWS["z"]
    own = find_window("5,9,10.6,16")
    assert (own.low, own.high) == (9, 10.6)
    assert set(WINDOWS["upsilon"].peaks) <= set(own.peaks)
    with pytest.raises(ParameterError, match="Did you mean 'upsilon'"):
        find_window("upsilion")
    with pytest.raises(ParameterError, match="not four numbers"):
        find_window("5,9,x,16")


def test_the_published_scan_has_173_windows() -> None:
    edges = geometric_edges(0.3, 20.0)
    assert edges[1] / edges[0] == pytest.approx(1.011)
    assert edges[-1] <= 20
    windows = scan_binnings(edges)
    assert len(windows) == 173
    assert all((w.start, w.stop, len(w.edges)) == (17, 22, 40) for w in windows)
    assert windows[1].edges[0] == edges[2]


def test_a_scan_needs_enough_bins() -> None:
    with pytest.raises(ParameterError, match="too few"):
        scan_binnings(geometric_edges(9, 10))
    with pytest.raises(ParameterError, match="0 < low < high"):
        geometric_edges(20, 10)


def test_own_edges_look_for_the_peaks_that_the_named_window_looks_for() -> None:
    # the Upsilon(4S) lies inside, but goes to B mesons
    assert find_window("5,9,10.6,16").peaks == WINDOWS["upsilon"].peaks
