"""Clients and workers killed at random moments, and before every single change of the disk."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from hepml.engine import pool
from hepml.engine.cluster import dask_client
from tests.events import write_clusters
from tests.faults.conftest import Plain
from tests.faults.scenes import (
    KILLED,
    Client,
    assert_exact,
    assert_recovers,
    moments,
    process,
)

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ROUNDS = 20


@contextmanager
def killing(victims: Callable[[], list[int]], moment: float) -> Iterator[list[int]]:
    """Kill one process of many at a moment [s] from now; yields the list of those that died."""
    stop = threading.Event()
    died: list[int] = []

    def kill() -> None:
        if stop.wait(moment):
            return
        found = victims()
        if found:
            victim = random.choice(found)
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                return
            died.append(victim)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield died
    finally:
        stop.set()
        thread.join()


def test_a_client_killed_at_any_moment_loses_nothing(plain: Plain, tmp_path: Path) -> None:
    caught = 0
    for seed, moment in moments(ROUNDS, 1.2 * plain.seconds):
        out = tmp_path / str(seed)
        # killed, and its resume killed again
        for turn in (moment, moment / 3):
            caught += Client(plain.files, out).kill_after(turn)
        print(f"seed {seed}: killed after {moment:.2f} s")
        assert_recovers(out, plain.files, plain.run)
    assert caught > ROUNDS / 2, "too few were still at work"


@pytest.mark.parametrize("shared", [False, True], ids=["one data set", "events in two data sets"])
def test_a_client_killed_before_any_change_of_the_disk_loses_nothing(
    tmp_path: Path, shared: bool
) -> None:
    files = [write_clusters(tmp_path / "one.root", clusters=2, events=100)]
    if shared:
        files.append(write_clusters(tmp_path / "two.root", clusters=2, events=100))
    expected = process(files, tmp_path / "plain")
    assert bool(expected.report["removed_duplicates"]) == shared
    number = 0
    while True:
        out = tmp_path / str(number)
        code = Client(files, out, die_at=number).wait()
        assert_recovers(out, files, expected)
        if code == 0:
            break
        assert code == KILLED
        number += 1
    print(f"killed before each of {number} changes")
    assert number > 12


def test_workers_killed_at_any_moment_lose_nothing(plain: Plain, tmp_path: Path) -> None:
    def victims() -> list[int]:
        return [] if pool._POOL is None else list(pool._POOL[1]._processes)

    caught = 0
    process(plain.files, tmp_path / "warm", executor="futures")
    for seed, moment in moments(ROUNDS, 0.7 * plain.seconds):
        out = tmp_path / str(seed)
        with killing(victims, moment) as died:
            process(plain.files, out, executor="futures")
        print(f"seed {seed}: killed {died} after {moment:.2f} s")
        caught += len(died)
        assert_exact(out)
        assert_recovers(out, plain.files, plain.run)
    assert caught > ROUNDS / 2


@pytest.mark.dask
@pytest.mark.timeout(1800)  # a worker takes a while to start again: 5 s a round, 30 s under load
def test_dask_workers_killed_at_any_moment_lose_nothing(plain: Plain, tmp_path: Path) -> None:
    caught = 0
    with ExitStack() as stack:
        client = stack.enter_context(dask_client(2, None))
        process(plain.files, tmp_path / "warm", executor="dask", scheduler=client.scheduler.address)
        for seed, moment in moments(ROUNDS, 0.7 * plain.seconds):
            out = tmp_path / str(seed)
            try:
                client.wait_for_workers(2, timeout=60)
            except TimeoutError:
                # a worker that is killed while it starts is not always started again by dask
                stack.close()
                client = stack.enter_context(dask_client(2, None))
            pids = list(client.run(os.getpid).values())
            with killing(lambda pids=pids: pids, moment) as died:  # type: ignore[misc]
                process(plain.files, out, executor="dask", scheduler=client.scheduler.address)
            print(f"seed {seed}: killed {died} after {moment:.2f} s")
            caught += len(died)
            assert_exact(out)
            assert_recovers(out, plain.files, plain.run)
    assert caught > ROUNDS / 2


@pytest.mark.dask
def test_a_scheduler_that_dies_leaves_an_exact_report(plain: Plain, tmp_path: Path) -> None:
    import subprocess
    import sys

    from tests.faults.scenes import PacedProcessor  # noqa: F401  # the workers need it by name

    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    words = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
    note = tmp_path / "scheduler.json"
    words += ["--port", "0", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(note)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    scheduler = subprocess.Popen(words, **quiet)  # type: ignore[call-overload]
    worker = None
    try:
        deadline = time.monotonic() + 60
        while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        address = __import__("json").loads(note.read_text())["address"]
        words = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1"]
        words += ["--death-timeout", "5", "--no-dashboard"]
        worker = subprocess.Popen(words, cwd=tmp_path, **quiet)  # type: ignore[call-overload]
        out = tmp_path / "run"
        stop = threading.Thread(target=_kill_when, args=(out, scheduler.pid))
        stop.start()
        run = process(plain.files, out, executor="dask", scheduler=address)
        stop.join()
        assert not run.complete
        assert run.report["processed"] >= 2
        assert_recovers(out, plain.files, plain.run)
    finally:
        for started in (worker, scheduler):
            if started is not None:
                started.kill()
                started.wait()


def _kill_when(out: Path, pid: int) -> None:
    """Kill a process when a run has a few results."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(list(out.glob("checkpoints/*.json"))) < 3:
        time.sleep(0.005)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
