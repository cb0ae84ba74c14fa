"""The benchmark: its contenders agree, and a disagreement or a missed target is reported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.events import jet, lepton, mini_event, photon, write_mini

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def benchmark() -> Iterator[dict[str, ModuleType]]:
    """Import the scripts of the benchmark, and forget them afterwards."""
    names = [path.stem for path in FOLDER.glob("*.py")]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        wanted = ("contenders", "diphoton", "measure", "tables")
        yield {name: importlib.import_module(name) for name in wanted}
        for name in names:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven events: one lost at each step (none by pT, which good photons imply), two left."""

    def pair(first: dict[str, Any] | None = None, **changes: Any) -> list[dict[str, Any]]:
        return [photon(55, phi=3.0, **changes), photon(70, **(first or {}))]

    events = [
        mini_event(pair(), leptons=[lepton(20)], jets=[jet(40), jet(30)], met_et=33.0),
        mini_event([*pair(), photon(40, isTightID=False)]),
        mini_event(pair(), trigP=False),
        mini_event(pair(isTightID=False)),
        mini_event(pair(ptcone30=10.0)),
        mini_event(pair({"eta": 2.3})),
        mini_event([photon(120), photon(110, phi=3.0)]),
    ]
    return write_mini(tmp_path_factory.mktemp("benchmark") / "data.root", events)


def answer(module: ModuleType, name: str, sample: Path, scratch: Path, *, table: bool) -> Any:
    """Run one contender in this process."""
    scratch.mkdir()
    job = module.Job(
        files=[str(sample)],
        warm=[],
        steady=False,
        table=table,
        chunk_size=1000,
        scratch=scratch,
        sums=table,
    )
    return module.CONTENDERS[name].run(job)


@pytest.mark.parametrize("table", [False, True], ids=["spectrum", "table"])
def test_hepml_and_plain_uproot_give_the_same_answer(
    benchmark: dict[str, ModuleType], sample: Path, tmp_path: Path, table: bool
) -> None:
    answers = {
        name: answer(benchmark["contenders"], name, sample, tmp_path / name, table=table)
        for name in ("hepml-iterative", "uproot")
    }
    benchmark["diphoton"].check_equal(answers)
    assert answers["uproot"]["cutflow"] == [7, 6, 5, 5, 4, 3, 2]
    if table:
        assert answers["uproot"]["table"]["rows"] == 2


def test_a_difference_in_one_count_is_an_error(benchmark: dict[str, ModuleType]) -> None:
    same = {"histograms": {"met": [0.0, 1.0]}}
    answers = {"one": same | {"cutflow": [3, 2]}, "two": same | {"cutflow": [3, 1]}}
    with pytest.raises(benchmark["measure"].BenchmarkError, match="differ in their cutflow"):
        benchmark["diphoton"].check_equal(answers)


def test_a_column_that_only_one_table_has_is_an_error(benchmark: dict[str, ModuleType]) -> None:
    same = {"histograms": {}, "cutflow": [3]}
    answers = {"one": same | {"table": {"rows": 1.0}}, "two": same | {"table": {"more": 1.0}}}
    with pytest.raises(benchmark["measure"].BenchmarkError, match="column"):
        benchmark["diphoton"].check_equal(answers)


def test_medians_and_ratios_are_taken_over_the_repetitions(
    benchmark: dict[str, ModuleType],
) -> None:
    def record(name: str, rate: float, wall: float, cpu: float) -> dict[str, Any]:
        return {"contender": name, "label": name, "rate": rate, "wall": wall, "cpu": cpu}

    found = benchmark["tables"].summary(
        [
            *(record("hepml-futures", rate, 2.0, 3.0) for rate in (100.0, 400.0, 300.0)),
            record("hepml-iterative", 150.0, 3.0, 3.0),
            record("rdf-typed-2", 150.0, 3.0, 6.0),
            record("uproot", 50.0, 4.0, 4.0),
        ]
    )
    assert found["hepml-futures"]["rate"] == {"median": 300.0, "min": 100.0, "max": 400.0}
    results = benchmark["tables"].targets(found, {})
    assert [(result["measured"], result["met"]) for result in results] == [
        (2.0, False),
        (1.5, False),
        (0.75, True),
    ]
