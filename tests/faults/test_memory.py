"""Workers that run out of memory, or end for no reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from hepml.engine.executors import DIED
from tests.engine.probe import ProbeCuts
from tests.faults.conftest import Plain
from tests.faults.scenes import assert_exact, process

pytestmark = pytest.mark.faults

EXECUTORS = ["iterative", "futures", pytest.param("dask", marks=[pytest.mark.dask])]


@pytest.mark.slow
@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_chunk_that_finds_no_memory_fails_alone(
    plain: Plain, tmp_path: Path, executor: str, request: pytest.FixtureRequest
) -> None:
    address = request.getfixturevalue("scheduler") if executor == "dask" else None
    cuts = ProbeCuts(fault="memory", dataset="ggF", start=50)
    options = {"cuts": cuts, "executor": executor, "scheduler": address}
    process(plain.files, tmp_path / "run", **options)
    (lost,) = assert_exact(tmp_path / "run")["failed"]
    assert lost["entries"] == [50, 100]
    assert "emory" in lost["reason"]


@pytest.mark.slow
@pytest.mark.parametrize("executor", EXECUTORS[:2])
def test_memory_that_is_found_at_the_second_attempt_is_enough(
    plain: Plain, tmp_path: Path, executor: str
) -> None:
    marker = str(tmp_path / "calls")
    cuts = ProbeCuts(fault="memory", marker=marker, times=1)
    process(plain.files, tmp_path / "run", cuts=cuts, executor=executor)
    assert assert_exact(tmp_path / "run")["failed"] == []


@pytest.mark.slow
def test_a_chunk_that_always_ends_its_worker_fails_alone(plain: Plain, tmp_path: Path) -> None:
    cuts = ProbeCuts(fault="exit", dataset="data_two", start=100)
    process(plain.files, tmp_path / "run", cuts=cuts, executor="futures")
    (lost,) = assert_exact(tmp_path / "run")["failed"]
    assert (lost["dataset"], lost["entries"], lost["reason"]) == ("data_two", [100, 150], DIED)
