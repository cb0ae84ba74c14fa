"""Executors: one pool, scripts without a guard, workers that die, code that differs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hepml
from hepml.engine import cluster as clusters
from hepml.engine import pool as pools_of_hepml
from hepml.engine.cluster import dask_client
from hepml.engine.executors import DIED, check_executor
from hepml.engine.handshake import check_workers
from hepml.engine.pool import shared_pool
from hepml.errors import IncompleteRunError, ParameterError, ProcessorError
from tests.engine.probe import ProbeCuts, ProbeProcessor, calls
from tests.engine.runs import assert_same_bits

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys
import hepml
from tests.engine.probe import ProbeProcessor

class Mine(ProbeProcessor):
    name = "mine"

out, executor, scheduler, *files = sys.argv[1:]
result = hepml.run(
    Mine(), files, out=out, executor=executor, scheduler=scheduler or None, chunk_size=50
)
print("processed", result.report["processed"], "of", result.report["planned"])
"""


def run_script(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "analysis.py"
    script.write_text(SCRIPT)
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return "State:\tZ" not in status.read_text() if status.exists() else False


def test_an_unknown_executor_is_named_with_near_misses() -> None:
    with pytest.raises(ParameterError, match=r"'future'.*Did you mean 'futures'"):
        check_executor("future", 1)


def test_at_least_one_worker_is_needed() -> None:
    with pytest.raises(ParameterError, match="--workers must be at least 1"):
        check_executor("futures", 0)


def test_the_pool_is_shared_between_runs(cluster_files: list[Path], tmp_path: Path) -> None:
    pools = []
    for name in ("one", "two"):
        hepml.run(ProbeProcessor(), [str(cluster_files[0])], out=tmp_path / name, workers=2)
        pools.append(pools_of_hepml._POOL)
    assert pools[0] is pools[1]


def test_other_code_gets_a_new_pool() -> None:
    first = shared_pool(1, "old code")
    assert shared_pool(1, "old code") is first
    assert shared_pool(1, "new code") is not first


def test_a_run_survives_a_pool_whose_idle_worker_was_killed(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    words = [str(file) for file in cluster_files]
    hepml.run(ProbeProcessor(), words[:1], out=tmp_path / "one", workers=2)
    assert pools_of_hepml._POOL is not None
    pid = next(iter(pools_of_hepml._POOL[1]._processes))
    os.kill(pid, signal.SIGKILL)
    result = hepml.run(ProbeProcessor(), words, out=tmp_path / "two", workers=2, chunk_size=50)
    assert result.report["processed"] == 16


def test_a_worker_killed_once_costs_nothing(cluster_files: list[Path], tmp_path: Path) -> None:
    cuts = ProbeCuts(fault="kill", marker=str(tmp_path / "calls"), times=1)
    words = [str(file) for file in cluster_files]
    result = hepml.run(ProbeProcessor(cuts), words, out=tmp_path / "run", chunk_size=50)
    assert result.report["processed"] == 16
    assert len(calls(tmp_path / "calls")) > 16


def test_a_chunk_that_always_kills_its_worker_fails_alone(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    cuts = ProbeCuts(fault="kill", dataset="data_one", start=0)
    words = [str(file) for file in cluster_files]
    result = hepml.run(
        ProbeProcessor(cuts), words, out=tmp_path / "run", chunk_size=50, allow_missing=True
    )
    assert result.report["processed"] == 15
    assert [(item["entries"], item["reason"]) for item in result.report["failed"]] == [
        ([0, 50], DIED)
    ]


@pytest.mark.slow
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, signal\n"
        "from hepml.engine.pool import shared_pool\n"
        "pool = shared_pool(2)\n"
        "pool.submit(int).result()\n"
        "print(*pool._processes, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=60,
    )
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 2
    deadline = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, pids))


@pytest.mark.slow
def test_a_script_without_a_guard_runs_once_with_its_own_class(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    done = run_script(tmp_path, "run", "futures", "", *map(str, cluster_files))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["processed 16 of 16"]
    plain = hepml.run(
        ProbeProcessor(),
        [str(file) for file in cluster_files],
        out=tmp_path / "plain",
        executor="iterative",
        chunk_size=50,
    )
    assert_same_bits(hepml.Run(tmp_path / "run"), plain)


@pytest.mark.dask
@pytest.mark.slow
@pytest.mark.parametrize("executor", ["dask", "dask-awkward"])
def test_a_class_of_a_script_travels_to_dask_workers(
    cluster_files: list[Path], tmp_path: Path, scheduler: str, executor: str
) -> None:
    done = run_script(tmp_path, "run", executor, scheduler, str(cluster_files[0]))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["processed 4 of 4"]


@pytest.mark.dask
def test_a_worker_with_other_code_is_refused(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hepml.engine.fingerprint.code_hash", lambda processor: os.getpid())
    with (
        dask_client(2, scheduler) as client,
        pytest.raises(ProcessorError, match="2 of 2 dask workers run other code"),
    ):
        check_workers(client, ProbeProcessor)


@pytest.mark.dask
@pytest.mark.slow
def test_a_chunk_that_kills_dask_workers_fails_alone(
    cluster_files: list[Path], tmp_path: Path, scheduler: str
) -> None:
    cuts = ProbeCuts(fault="kill", dataset="data_one", start=0)
    words = [str(file) for file in cluster_files[:2]]
    with pytest.raises(IncompleteRunError, match=r"1 of 8 chunks \(50 events\).*\n.*died"):
        hepml.run(
            ProbeProcessor(cuts),
            words,
            out=tmp_path / "run",
            chunk_size=50,
            executor="dask",
            scheduler=scheduler,
        )


@pytest.mark.dask
def test_a_scheduler_that_does_not_answer_leaves_nothing_behind(
    cluster_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "CONNECT_TIMEOUT", "0.3s")
    with pytest.raises(ParameterError, match=r"No dask scheduler answers at tcp://127\.0\.0\.1:1"):
        hepml.run(
            ProbeProcessor(),
            [str(cluster_files[0])],
            out=tmp_path / "run",
            executor="dask",
            scheduler="tcp://127.0.0.1:1",
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.dask
def test_a_scheduler_without_workers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client, LocalCluster

    monkeypatch.setattr(clusters, "CONNECT_TIMEOUT", "0.3s")
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster, set_as_default=False) as client,
        pytest.raises(ProcessorError, match="no workers"),
    ):
        check_workers(client, ProbeProcessor)
