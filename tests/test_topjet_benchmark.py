"""The top-tagging benchmark: every way of importing gives the same jets, or it says that not."""

from __future__ import annotations

import importlib
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def modules() -> Iterator[dict[str, ModuleType]]:
    """Import the scripts of the benchmark, and forget them afterwards."""
    names = [path.stem for path in FOLDER.glob("*.py")]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        wanted = ("measure", "topjet", "topjet_inputs", "topjet_loading", "topjet_steps")
        yield {name: importlib.import_module(name) for name in wanted}
        for name in names:
            sys.modules.pop(name, None)


def test_every_layout_and_the_naive_way_give_the_same_jets(
    modules: dict[str, ModuleType], tmp_path: Path
) -> None:
    make = modules["topjet_inputs"].make
    make(tmp_path / "test_nominal_000.h5", 50, "contiguous")
    make(tmp_path / "esup_000.h5", 50, "chunked")
    make(tmp_path / "esdown_000.h5.gz", 50, "gz")
    steps = modules["topjet_steps"].STEPS
    answers = {}
    for name in ("contiguous", "chunked", "gz", "naive"):
        (tmp_path / name).mkdir()
        answers[name] = steps[name](tmp_path, tmp_path / name)
    assert {item["jets"] for item in answers.values()} == {50}
    assert len({item["constituents"] for item in answers.values()}) == 1
    assert {item["input"] for item in answers.values()} == {50 * 4192}
    records = [{"step": n, "cpu": 1.0, "memory": 1.0, **item} for n, item in answers.items()]
    assert [row["wanted"] for row in modules["topjet"].import_targets(records)] == [60.0] * 3
    assert len(modules["topjet"].import_lines(records)) == 4


def test_lost_constituents_are_an_error(
    modules: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topjet = modules["topjet"]
    counts = iter((7, 7, 7, 14, 6))

    def measured(step: str, data: Path) -> dict[str, object]:
        jets = 40_000 if step == "parallel" else 20_000
        return {"step": step, "seconds": 1, "input": 1, "jets": jets, "constituents": next(counts)}

    monkeypatch.setattr(topjet, "measure_step", measured)
    monkeypatch.setattr(topjet, "make", lambda *_: None)
    with pytest.raises(modules["measure"].BenchmarkError, match="do not hold the same"):
        topjet.import_section(Namespace(quick=True, data=tmp_path))


def test_the_naive_loader_gives_the_batches_of_ours(
    modules: dict[str, ModuleType], tmp_path: Path
) -> None:
    import numpy as np

    from hepml.ml.toptag.blocks import find_rows
    from hepml.ml.toptag.inputs import ConstituentInputs
    from hepml.ml.toptag.loader import JetLoader
    from hepml.tables import FeatureTable

    modules["topjet_inputs"].make(tmp_path / "test_nominal_000.h5", 300, "contiguous")
    modules["topjet_steps"].STEPS["table"](tmp_path, tmp_path)
    rows = find_rows(FeatureTable.open(tmp_path / "run"), {"all": (0.0, 1.0)})["all"]
    ours = list(JetLoader(rows, ConstituentInputs(80), shuffle=False).epoch())
    naive = modules["topjet_loading"].naive_batches(tmp_path / "test_nominal_000.h5", 300)
    for mine, (x, y, _) in zip(ours, naive, strict=True):
        np.testing.assert_array_equal(mine.y, y)
        np.testing.assert_allclose(mine.x, x, atol=2e-4)


def test_targets_of_loading_are_ratios(modules: dict[str, ModuleType]) -> None:
    steps = ("loader", "naive_loader", "pfn", "pfn_memory", "small", "small_memory", "million")
    same = {"jets": 100, "seconds": 1.0, "loop_cpu": 1.0, "memory": 1500.0}
    records = [{"step": name} | same for name in steps]
    records[1]["seconds"] = 4.0
    found = [item["measured"] for item in modules["topjet"].loading_targets(records)]
    assert found == [4.0, 1.0, 1.0, 2.0]
