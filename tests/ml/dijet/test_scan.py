"""Scans over signal fraction, masses and noise: resumable, the same however they are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from hepml.errors import OutputError, ParameterError
from hepml.ml.dijet.scan import SIGNAL_FRACTIONS, _in_order, point_key, run_scan, scan_grid
from hepml.ml.dijet.scan_results import PointOptions, ScanResult
from tests.ml.dijet.judged import judgement_like, seedless

GRID = scan_grid(["prior-assisted", "weak"], (0.001, 0.01), seeds=(0, 1, 2))


def test_the_published_scan_is_logarithmic() -> None:
    assert SIGNAL_FRACTIONS[0] == pytest.approx(3.16e-4, rel=1e-3)
    assert SIGNAL_FRACTIONS[-1] == pytest.approx(5.01e-2, rel=1e-3)
    assert len(SIGNAL_FRACTIONS) == 10


def test_a_grid_has_all_combinations_once() -> None:
    found = scan_grid(["weak"], (0.01, 0.01, 0.02), ((1, 2), (3, 4)), (0, 10), (0, 1))
    assert len(found) == 2 * 2 * 2 * 2


def test_what_knows_labels_is_judged_once_for_all_fractions() -> None:
    found = scan_grid(["supervised", "weak"], (0.01, 0.02, 0.03))
    assert [(item.strategy, item.mu) for item in found] == [
        ("supervised", 0.0), ("weak", 0.01), ("weak", 0.02), ("weak", 0.03),
    ]  # fmt: skip


def test_an_empty_grid_is_refused() -> None:
    with pytest.raises(ParameterError, match="A scan needs"):
        scan_grid([])


def test_keys_know_what_decides_a_result() -> None:
    options = PointOptions(strategy="weak", mu=0.01, mass_point=(300, 300))
    key = point_key(options, {"events": "abc"})
    assert key == point_key(options.model_copy(), {"events": "abc"})
    assert key != point_key(options, {"events": "abd"})
    assert key != point_key(options.model_copy(update={"mu": 0.011}), {"events": "abc"})


def test_points_are_in_the_order_asked_for(tmp_path: Path) -> None:
    found = run_scan(judgement_like, GRID, tmp_path / "scan", task={"alpha": 0.5})
    assert [item.options for item in found.points] == list(GRID)
    assert ScanResult.read(tmp_path / "scan" / "result.json") == found


def test_medians_are_over_seeds(tmp_path: Path) -> None:
    found = run_scan(judgement_like, GRID, tmp_path / "scan")
    assert [(item.strategy, item.mu, item.points) for item in found.summary] == [
        ("prior-assisted", 0.001, 3), ("prior-assisted", 0.01, 3),
        ("weak", 0.001, 3), ("weak", 0.01, 3),
    ]  # fmt: skip
    values = sorted(
        item.judgement.sic(1e-3).value or 0.0
        for item in found.points
        if item.options.strategy == "weak" and item.options.mu == 0.01
    )
    assert found.summary[3].sic_1e3.median == values[1]
    assert found.summary[0].truth["mx"] == 300.0


def test_what_is_there_is_not_judged_again(tmp_path: Path) -> None:
    first = run_scan(judgement_like, GRID, tmp_path / "scan")
    again = run_scan(seedless, GRID, tmp_path / "scan")
    assert again == first


def test_a_scan_that_was_stopped_goes_on(tmp_path: Path) -> None:
    run_scan(judgement_like, GRID[:4], tmp_path / "scan")
    done: list[tuple[int, int]] = []
    found = run_scan(
        judgement_like, GRID, tmp_path / "scan", progress=lambda _, n, of: done.append((n, of))
    )
    assert done[0] == (5, 12)
    assert found == run_scan(judgement_like, GRID, tmp_path / "whole")


def test_another_identity_is_another_result(tmp_path: Path) -> None:
    run_scan(judgement_like, GRID[:2], tmp_path / "scan", identity={"events": "a"})
    with pytest.raises(AssertionError, match="judged again"):
        run_scan(seedless, GRID[:2], tmp_path / "scan", identity={"events": "b"})


def test_a_damaged_point_is_judged_again(tmp_path: Path) -> None:
    first = run_scan(judgement_like, GRID[:2], tmp_path / "scan")
    next((tmp_path / "scan" / "points").iterdir()).write_text("{")
    assert run_scan(judgement_like, GRID[:2], tmp_path / "scan") == first


def test_impossible_points_are_named_and_tried_again(tmp_path: Path) -> None:
    grid = scan_grid(["weak"], (0.01, 0.6))
    found = run_scan(judgement_like, grid, tmp_path / "scan")
    assert [item.options.mu for item in found.points] == [0.01]
    assert found.failed[0].reason == "There is too little signal."
    assert len(list((tmp_path / "scan" / "points").iterdir())) == 1


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds no scan"):
        run_scan(judgement_like, GRID, tmp_path)


@pytest.mark.slow
def test_processes_find_the_same(tmp_path: Path) -> None:
    one = run_scan(judgement_like, GRID[:3], tmp_path / "one")
    two = run_scan(judgement_like, GRID[:3], tmp_path / "two", workers=2)
    assert two == one


def test_what_is_shared_is_made_by_one_point_first(tmp_path: Path) -> None:
    jobs = [(options, str(place), tmp_path) for place, options in enumerate(GRID[:8])]
    first, waiting = _in_order(jobs, lambda options: options.seed or None)
    # seed 0 shares nothing, seed 1 shares with itself
    assert [job[1] for job in first] == ["0", "1", "2", "3", "4"]
    assert {key: [job[1] for job in items] for key, items in waiting.items()} == {
        "4": ["5", "6", "7"]
    }
