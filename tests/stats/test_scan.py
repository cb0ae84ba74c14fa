"""The scan over all masses: what it finds, and how seriously to take it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.stats.results import Scan
from hepml.stats.scan import scan
from hepml.stats.trials import LEVEL, ScanWindow, expectation
from hepml.windows import geometric_edges

# 57 bins of 1.1 %: ten windows between 2 and 3.7 GeV
TOP = 3.74
EDGES = geometric_edges(2.0, TOP)

PARKED = (
    Path(__file__).parents[2].parent / "shared" / "data" / "cms" / "DoubleMuParked2012_100k.root"
)
needs_parked = pytest.mark.skipif(
    not PARKED.exists(), reason="the shared reference data are absent"
)


def falling(number: int, seed: int = 2) -> np.ndarray:
    """Masses [GeV] that fall like the power -2 between 2 and 3.74 GeV."""
    u = np.random.default_rng(seed).uniform(size=number)
    return 1 / (1 / 2.0 + u * (1 / TOP - 1 / 2.0))


def peak(number: int, mass: float = 2.7) -> np.ndarray:
    return np.random.default_rng(7).normal(mass, 0.011 * mass, number)


@cache
def background_scan() -> Scan:
    return scan(falling(20_000), edges=EDGES, toys=200)


def test_windows_slide_by_two_bins_and_all_of_them_are_there() -> None:
    found = background_scan()
    assert [point.left for point in found.points] == pytest.approx(EDGES[0:-39:2])
    assert all(point.status == "ok" for point in found.points)
    assert found.degree == 3


@pytest.mark.parametrize("signal", ["count", "shape"])
def test_an_injected_peak_is_the_best_window(signal: str) -> None:
    masses = np.concatenate([falling(20_000), peak(500)])
    found = scan(masses, edges=EDGES, signal=signal)  # type: ignore[arg-type]
    assert found.best is not None
    best = found.points[found.best]
    assert best.low < 2.7 < best.high
    assert best.Z is not None
    assert best.Z > 7
    assert best.S == pytest.approx(500, abs=150)


def test_without_toys_there_is_no_global_p_value() -> None:
    found = scan(falling(5_000), edges=EDGES)
    assert (found.global_p, found.global_method, found.toys) == (None, None, None)


def test_background_is_not_significant_anywhere() -> None:
    found = background_scan()
    assert found.global_method == "toys"
    assert found.best is not None
    local = found.points[found.best].p
    assert found.global_p is not None
    assert local is not None
    # ten overlapping windows are worth less than ten independent ones; 200 toys, within 3 sigma
    assert local < found.global_p < 10 * local + 3 * 0.027


def test_a_peak_that_no_toy_reaches_has_a_p_value_from_upcrossings() -> None:
    masses = np.concatenate([falling(20_000), peak(3_000)])
    found = scan(masses, edges=EDGES, toys=100)
    assert found.global_method == "upcrossings"
    assert found.best is not None
    best = found.points[found.best]
    assert found.global_log10_p is not None
    assert best.log10_p is not None
    assert best.Z is not None
    assert found.global_Z is not None
    assert best.log10_p < found.global_log10_p < best.log10_p + 3
    assert best.Z - 1 < found.global_Z < best.Z


def test_upcrossings_bound_the_share_of_toys() -> None:
    found = background_scan()
    assert found.toys is not None
    assert found.upcrossings is not None
    largest = np.array(found.toys.q0)
    share = np.mean(largest > 6.0)
    bound = found.upcrossings * np.exp(-0.5 * (6.0 - LEVEL)) + 0.0072
    # 200 toys, seed 0: the share is known to 0.015
    assert 0.5 * bound - 0.045 < share < bound + 0.045


def test_the_seed_decides_and_the_result_is_repeated() -> None:
    again = scan(falling(20_000), edges=EDGES, toys=200)
    assert again == background_scan()
    assert scan(falling(20_000), edges=EDGES, toys=200, seed=1).toys != again.toys


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hepml.stats.parallel.WORTH", 0.0)
    assert scan(falling(20_000), edges=EDGES, toys=200, workers=2) == background_scan()


def test_half_weights_change_no_significance() -> None:
    masses = falling(20_000)
    half = scan(masses, np.full(len(masses), 0.5), edges=EDGES, toys=20)
    full = scan(masses, edges=EDGES, toys=20)
    assert [point.Z for point in half.points] == pytest.approx(
        [point.Z for point in full.points], abs=1e-3
    )
    assert half.global_p == full.global_p
    assert [point.events for point in half.points] == [point.events for point in full.points]


def test_windows_without_events_say_so() -> None:
    masses = falling(20_000)
    found = scan(masses[masses < 2.5], edges=geometric_edges(2.0, 6.0))
    last = found.points[-1]
    assert (last.events, last.Z) == (0, None)
    assert last.status == "0 events in the sidebands: at least 30 are needed"


def test_no_data_is_a_scan_without_a_best_window() -> None:
    found = scan(np.array([]), edges=EDGES, toys=10)
    assert (found.best, found.global_p) == (None, None)
    assert found.message == "no window could be fitted"


def test_a_window_beside_a_large_peak_is_marked() -> None:
    masses = np.concatenate([falling(20_000), peak(5_000, 2.2)])
    found = scan(masses, edges=EDGES)
    assert "the background does not describe the data" in found.points[0].status


def test_an_unknown_signal_is_refused() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'shape'"):
        scan(falling(10), edges=EDGES, signal="shapes")  # type: ignore[arg-type]


def test_progress_tells_windows_and_then_toys() -> None:
    seen: list[tuple[str, int, int]] = []
    scan(falling(5_000), edges=EDGES, toys=20, progress=lambda *what: seen.append(what))
    assert seen[0] == ("scanning", 0, 10)
    assert seen[-1] == ("scanning toys", 20, 20)


def test_the_expectation_is_smooth_and_right(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[np.ndarray] = []

    def look(
        found: list[tuple[ScanWindow, object]], counts: np.ndarray, *_: object, **__: object
    ) -> dict[str, object]:
        mean = expectation(found, len(counts))  # type: ignore[arg-type]
        kept.append(np.asarray(mean))
        return {}

    monkeypatch.setattr("hepml.stats.scan.global_significance", look)
    number = 200_000
    masses = np.concatenate([falling(number), peak(2_000)])
    scan(masses, edges=EDGES, toys=1)
    true = number * -np.diff(1 / EDGES) / (1 / 2.0 - 1 / TOP)
    # about 3,500 events a bin; the peak of 2,000 must not pull it, and spoils the outer windows
    assert kept[0][15:42] == pytest.approx(true[15:42], rel=0.05)
    assert kept[0] == pytest.approx(true, rel=0.15)


def test_without_any_good_window_there_is_no_global_p_value() -> None:
    # a comb that no cubic follows
    found = scan(np.repeat(EDGES[:-1:2] * 1.001, 500), edges=EDGES, toys=10)
    assert found.global_p is None
    assert "no global p-value" in found.message


@pytest.mark.shared
@needs_parked
def test_known_resonances_are_found_in_real_data() -> None:
    import uproot

    events = uproot.open(PARKED)["Events"].arrays(
        ["Muon_pt", "Muon_eta", "Muon_phi", "Muon_charge"], "nMuon >= 2"
    )
    pt, eta, phi, charge = (
        [np.asarray(events[f"Muon_{name}"][:, place], dtype=float) for place in (0, 1)]
        for name in ("pt", "eta", "phi", "charge")
    )
    masses = np.sqrt(
        2 * pt[0] * pt[1] * (np.cosh(eta[0] - eta[1]) - np.cos(phi[0] - phi[1])) + 4 * 0.10566**2
    )
    found = scan(masses[charge[0] * charge[1] < 0])
    assert len(found.points) == 173

    def significance(mass: float) -> float:
        return max(p.Z or 0.0 for p in found.points if p.low <= mass < p.high)

    assert significance(3.0969) > 60
    assert significance(3.6861) > 10
    assert significance(9.4604) > 10


def test_windows_over_the_edge_of_a_cut_table_are_left_out() -> None:
    rng = np.random.default_rng(7)
    masses = 5 + rng.exponential(6, 40_000)
    found = scan(masses[masses < 16])
    fitted = [point for point in found.points if point.Z is not None]
    assert fitted
    assert min(point.left for point in fitted) > 4.8
    assert max(point.right for point in fitted) < 16.6
    assert max(point.Z or 0.0 for point in fitted) < 4.5
    assert "the data end inside a sideband" in {point.status for point in found.points}
