"""The benchmark of dijets adds up what it measured, fits, and notices lost events."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def dijet(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("dijet")
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == FOLDER:
            sys.modules.pop(name)


def record(step: str, events: int, wall: float, memory: float) -> dict[str, object]:
    found = {"step": step, "events": events, "wall": wall, "cpu": wall, "memory": memory}
    return found | {"written": 100 * events}


def test_targets_are_in_proportion_to_the_larger_sample(dijet: ModuleType) -> None:
    size = dijet.EVENTS // 10
    records = [record("import", 1000, 9, 100), record("run", 1000, 9, 200)]
    records += [record("import", size, 20, 110), record("run", size, 30, 300)]
    found = {item["target"]: (item["measured"], item["met"]) for item in dijet.targets(records)}
    assert found["seconds"] == (pytest.approx(500, rel=1e-5), True)
    assert found["gigabytes"] == (pytest.approx(2.1, rel=0.01), False)
    assert found["growth"] == (1.5, False)
    assert len(dijet.lines(records)) == 4
    assert "| NO |" in dijet.report(records, quick=False)["markdown"]


def test_lost_events_are_an_error(
    dijet: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "simulation.json").write_text(json.dumps({"files": {"a.h5": {"events": 7}}}))
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.json").write_text(json.dumps({"events_processed": 6}))
    monkeypatch.setattr(dijet, "_command", lambda *_: {"wall": 1, "cpu": 1, "memory": 1})
    with pytest.raises(importlib.import_module("measure").BenchmarkError, match="6 of 7 events"):
        dijet.measure_size(tmp_path, tmp_path)


def test_a_fit_is_timed_and_has_a_target(dijet: ModuleType) -> None:
    found = dijet.measure_fit(2_000)
    assert found["events"] == 2_000
    assert 0 < found["wall"] < 30
    report = dijet.report([], quick=True, fit=found)
    assert "| 2,000 | fit |" in report["markdown"]
    records = [record("import", 1000, 9, 100), record("run", 1000, 9, 200)]
    slow = dijet.report(records, quick=False, fit=found | {"wall": 31.0})
    assert slow["targets"][-1] == {"target": "fit", "wanted": 30, "measured": 31, "met": False}


def test_density_ratios_of_the_fit_have_a_mean_of_one_over_background(dijet: ModuleType) -> None:
    grid = dijet.ratios(20_000).take(slice(0, 20_000 - 60))
    for mode in grid.log_ratios(300.0, 200.0).astype(float):
        ratio = np.exp(mode)
        assert abs(ratio.mean() - 1) < 4 * ratio.std() / np.sqrt(len(ratio))
