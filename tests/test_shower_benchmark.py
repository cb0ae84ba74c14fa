"""The shower benchmark: kernels, engine and the published scripts agree, or it says that not."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def modules() -> Iterator[dict[str, ModuleType]]:
    """Import the scripts of the benchmark, and forget them afterwards."""
    names = [path.stem for path in FOLDER.glob("*.py")]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        wanted = ("measure", "shower", "shower_compare", "shower_inputs", "shower_steps")
        yield {name: importlib.import_module(name) for name in wanted}
        for name in names:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def brick(modules: dict[str, ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three showers in a thin fog."""
    folder = tmp_path_factory.mktemp("brick") / "small"
    modules["shower_inputs"].make(folder, 3, (14.0, 14.0), 2.0)
    return folder


@pytest.mark.slow
def test_kernels_and_engine_find_the_same(
    modules: dict[str, ModuleType], brick: Path, tmp_path: Path
) -> None:
    steps = modules["shower_steps"].STEPS
    records = [
        {"step": name} | steps[name](brick, tmp_path / name) for name in ("kernels", "iterative")
    ]
    modules["shower"].check_counts(records)
    assert records[0]["counts"]["showers"] == 3
    assert records[0]["counts"]["linked"] > 100


@pytest.mark.slow
def test_the_published_scripts_and_mode_legacy_link_the_same_rows(
    modules: dict[str, ModuleType], brick: Path, tmp_path: Path
) -> None:
    answer = modules["shower_compare"].compare(brick, tmp_path, 0.1)
    assert answer["counts"]["linked rows compared"] > 50
    assert set(answer["measured"]["seconds"]) == {"window", "pyramid", "angle", "link"}
    window = answer["scaled"]["rows"]["window"]
    assert window == pytest.approx(14 * 14 * 2 * 29, rel=0.1)


def test_other_counts_are_an_error(modules: dict[str, ModuleType]) -> None:
    records = [{"step": "kernels", "counts": {"linked": 3}}]
    records += [{"step": "iterative", "counts": {"linked": 4}}]
    with pytest.raises(modules["measure"].BenchmarkError, match="kernels and iterative differ"):
        modules["shower"].check_counts(records)


def test_a_missed_target_is_reported(modules: dict[str, ModuleType]) -> None:
    record: dict[str, Any] = {"seconds": {"total": 46.0}, "wall": 50.0, "memory": 1000.0}
    found = modules["shower"].targets({"kernels": record})
    assert [(one["wanted"], one["measured"], one["met"]) for one in found] == [
        (45.0, 46.0, False),
        (2000.0, 1000.0, True),
    ]
