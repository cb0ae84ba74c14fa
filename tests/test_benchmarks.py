"""The benchmark: its contenders agree, and a disagreement or a missed target is reported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from tests.events import jet, lepton, mini_event, photon, write_mini

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def benchmark() -> Iterator[dict[str, ModuleType]]:
    """Import the scripts of the benchmark, and forget them afterwards."""
    names = [path.stem for path in FOLDER.glob("*.py")]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        wanted = ("contenders", "inputs", "measure", "nanoaod", "session", "tables")
        wanted += ("diphoton_definition", "dimuon_definition")
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


def answers(
    benchmark: dict[str, ModuleType], channel: str, workload: str, sample: Path, scratch: Path
) -> dict[str, Any]:
    """Run contenders in this process, and compare what they found."""
    found: dict[str, Any] = {}
    module = benchmark["contenders"]
    for name in ("hepml-iterative", "uproot"):
        (scratch / name).mkdir()
        job = module.Job(
            channel=channel,
            workload=workload,
            files=[str(sample)],
            warm=[],
            steady=False,
            chunk_size=1000,
            scratch=scratch / name,
            sums=workload == "table",
        )
        found[name] = module.CONTENDERS[name].run(job)
        expected = benchmark[f"{channel}_definition"].expected(workload)
        assert set(found[name]["histograms"]) == expected
    benchmark["session"].check_equal(found)
    return found["uproot"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("workload", ["spectrum", "table"])
def test_hepml_and_plain_uproot_give_the_same_diphotons(
    benchmark: dict[str, ModuleType], sample: Path, tmp_path: Path, workload: str
) -> None:
    found = answers(benchmark, "diphoton", workload, sample, tmp_path)
    assert found["cutflow"] == [7, 6, 5, 5, 4, 3, 2]
    if workload == "table":
        assert found["table"]["rows"] == 2


@pytest.fixture(scope="module")
def nano_sample(benchmark: dict[str, ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn events in the layout of NanoAOD."""
    path = tmp_path_factory.mktemp("benchmark") / "nano.root"
    benchmark["nanoaod"].write_events(path, benchmark["nanoaod"].draw_events(2500, 1))
    return path


@pytest.mark.parametrize("workload", ["inclusive", "unisolated"])
def test_hepml_and_plain_uproot_give_the_same_dimuons(
    benchmark: dict[str, ModuleType], nano_sample: Path, tmp_path: Path, workload: str
) -> None:
    cutflow = answers(benchmark, "dimuon", workload, nano_sample, tmp_path)["cutflow"]
    assert cutflow[0] == 2500
    assert cutflow == sorted(cutflow, reverse=True)
    assert cutflow[-1] > 0


def test_no_drawn_pt_or_difference_lies_on_the_edge_of_a_bin(
    benchmark: dict[str, ModuleType],
) -> None:
    pt = benchmark["nanoaod"].draw_events(20_000, 2)["Muon"].pt
    first, second = ak.unzip(ak.combinations(ak.values_astype(pt, np.float64), 2))
    for values in (ak.flatten(pt), ak.flatten(first - second)):
        assert not np.any(values == np.round(values))


def test_drawn_events_have_the_branches_that_the_selections_read(
    benchmark: dict[str, ModuleType], nano_sample: Path
) -> None:
    with uproot.open({nano_sample: "Events"}) as tree:
        for work in benchmark["dimuon_definition"].WORKLOADS.values():
            assert set(work.branches) <= set(tree.keys())


def test_a_difference_in_one_count_is_an_error(benchmark: dict[str, ModuleType]) -> None:
    same = {"histograms": {"met": [0.0, 1.0]}}
    answers = {"one": same | {"cutflow": [3, 2]}, "two": same | {"cutflow": [3, 1]}}
    with pytest.raises(benchmark["measure"].BenchmarkError, match="differ in their cutflow"):
        benchmark["session"].check_equal(answers)


def test_a_column_that_only_one_table_has_is_an_error(benchmark: dict[str, ModuleType]) -> None:
    same = {"histograms": {}, "cutflow": [3]}
    answers = {"one": same | {"table": {"rows": 1.0}}, "two": same | {"table": {"more": 1.0}}}
    with pytest.raises(benchmark["measure"].BenchmarkError, match="column"):
        benchmark["session"].check_equal(answers)


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
    results = benchmark["tables"].targets(found, {}, benchmark["diphoton_definition"].TARGETS)
    assert [(result["measured"], result["met"]) for result in results] == [
        (2.0, False),
        (1.5, False),
        (0.75, True),
    ]
