"""Files are opened by threads or processes; the plan is the same, and a dead process no loss."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from hepml.engine import openings, planning, pool
from hepml.engine.openings import map_files
from hepml.engine.plan import Plan
from hepml.engine.planning import make_plan
from hepml.engine.run import as_inputs
from hepml.errors import FileAccessError
from tests.engine.probe import ProbeProcessor


def plan_of(files: list[Path], **options: Any) -> Plan:
    inputs = as_inputs([str(file) for file in files], "probe")
    return make_plan(ProbeProcessor(), inputs, name=None, chunk_size=50, **options)


def call(function: Any, count: int, **options: Any) -> list[Any]:
    usual: dict[str, Any] = {"executor": "futures", "workers": 2, "on_files": lambda count: None}
    return map_files(function, range(count), processor=ProbeProcessor, **usual | options)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a few files were many."""
    monkeypatch.setattr(openings, "MANY", 1)
    monkeypatch.setattr(openings, "BATCH", 1)


def process_of(number: int) -> int:
    return os.getpid()


def lethal(number: int) -> int:
    from multiprocessing import parent_process

    if parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_processes_make_the_same_plan_as_threads(cluster_files: list[Path], many: None) -> None:
    told: list[int] = []
    there = plan_of(cluster_files, executor="futures", workers=2, on_files=told.append)
    assert there == plan_of(cluster_files)
    assert sum(told) == len(cluster_files)
    assert len(there.files) == 4


def test_few_files_are_opened_here() -> None:
    assert set(call(process_of, 5)) == {os.getpid()}


def test_many_files_are_opened_by_the_processes_of_the_run(many: None) -> None:
    assert os.getpid() not in call(process_of, 5)
    assert pool.has_pool(2, pool._POOL[0][1])  # type: ignore[index]


def test_processes_that_the_run_does_not_need_are_stopped(many: None) -> None:
    assert os.getpid() not in call(process_of, 5, executor="dask")
    assert pool._POOL is None


def test_one_process_is_one_process(many: None) -> None:
    assert set(call(process_of, 5, executor="iterative")) == {os.getpid()}


def test_a_file_that_kills_its_process_is_left_to_this_one(many: None) -> None:
    assert call(lethal, 5) == list(range(5))


def test_a_remote_file_is_tried_again_and_a_missing_one_here_is_not(
    cluster_files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    real = planning.plan_file

    def flaky(processor: Any, item: Any, size: int, kind: str | None) -> Any:
        tried.append(item.endpoints[0])
        if len(tried) < 3:
            raise FileAccessError("no answer from there")
        return real(processor, local, size, kind)

    (local,) = as_inputs([str(cluster_files[0])], "probe")
    (remote,) = as_inputs(["root://localhost:1//store/data_one.root"], "probe")
    monkeypatch.setattr(planning, "plan_file", flaky)
    monkeypatch.setattr("hepml.engine.retries.time.sleep", lambda seconds: None)
    plan = make_plan(ProbeProcessor(), [remote], name=None, retries=2)
    assert (len(tried), len(plan.files)) == (3, 1)
    tried.clear()
    with pytest.raises(FileAccessError):
        make_plan(ProbeProcessor(), [local], name=None, retries=2)
    assert len(tried) == 1
