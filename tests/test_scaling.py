"""The scaling benchmark runs, in small, and its tables say what was measured."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def benchmark() -> Iterator[ModuleType]:
    """Import the scripts of the benchmark, and forget them afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        yield importlib.import_module("scaling")
        for name in ("scaling", "scaling_sections"):
            sys.modules.pop(name, None)


@pytest.mark.slow
def test_plans_and_reports_are_measured(benchmark: ModuleType, tmp_path: Path) -> None:
    sections = benchmark.scaling_sections
    opened, cut, loaded = sections.planning(200, tmp_path)
    assert (opened["files"], opened["chunks"]) == (10, 1000)
    assert cut["chunks"] == loaded["chunks"] == 200
    (merged,) = sections.merging(100, tmp_path)
    assert merged["records"] == 100


@pytest.mark.slow
def test_executors_are_measured(benchmark: ModuleType, tmp_path: Path) -> None:
    sections = benchmark.scaling_sections
    files = sections.small_files(1, tmp_path / "files")
    row = sections.execute(files, 500, "iterative", 1, None, tmp_path)
    assert row["chunks"] == 4
    assert row["events/s"] * row["wall [s]"] == pytest.approx(2000)


def test_a_table_shows_numbers_as_people_read_them(benchmark: ModuleType) -> None:
    text = benchmark.table([{"chunks": 100000, "wall [s]": 2.61234, "events/s": 123456.7}])
    assert text.splitlines()[-1] == "| 100,000 | 2.61 | 123,457 |"
