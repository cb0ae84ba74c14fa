"""A scan that is stopped gives up the points in progress."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from hepml.ml.dijet.scan import run_scan, scan_grid
from tests.ml.dijet.judged import patient


@pytest.mark.slow
def test_an_interrupt_does_not_wait_for_long_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "mark"
    monkeypatch.setenv("PATIENT_MARK", str(mark))
    before = set(multiprocessing.active_children())

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    grid = scan_grid(["weak"], (0.01,), seeds=(0, 1, 2, 3))
    with pytest.raises(KeyboardInterrupt):
        run_scan(patient, grid, tmp_path / "scan", workers=2, progress=interrupt)
    # neither running nor finished in the meantime
    assert not mark.exists()
    assert set(multiprocessing.active_children()) == before
    assert len(list((tmp_path / "scan" / "points").iterdir())) == 1
