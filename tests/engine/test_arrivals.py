"""Results of dask: each once, and what dask has lost is done again instead of waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest

import hepml
from hepml.engine import watch
from hepml.engine.arrivals import Arrivals
from hepml.engine.cluster import dask_client
from hepml.engine.watch import Watch
from tests.engine.probe import ProbeProcessor
from tests.engine.runs import assert_same_bits

pytestmark = [pytest.mark.dask, pytest.mark.slow]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "STALL", 3.0)


@pytest.fixture
def client(scheduler: str) -> Iterator[Any]:
    with dask_client(2, scheduler) as found:
        yield found


def forget(client: Any, key: str) -> None:
    """Let the scheduler lose a task: it stays processing, on a worker that knows nothing of it."""

    def lose(dask_scheduler: Any) -> None:
        task = dask_scheduler.tasks[key]
        worker = task.processing_on
        message = {"op": "free-keys", "keys": [key], "stimulus_id": "lost"}
        dask_scheduler.worker_send(worker.address, message)

    client.run_on_scheduler(lose)


def nap(seconds: float, number: int) -> int:
    time.sleep(seconds)
    return number


def arrivals(client: Any, prefix: str) -> Arrivals:
    return Arrivals(client, Watch(client, prefix), together=10, linger=0.1, patience=30)


def test_results_and_errors_come_once(client: Any) -> None:
    waiting = arrivals(client, "five")
    futures = client.map(nap, [0.0] * 5, range(5), key="five", pure=False)
    waiting.add([*futures, client.submit(nap, "long", 5, key="five-wrong")])
    found = dict(waiting)
    assert sorted(found.pop(future.key) for future in futures) == list(range(5))
    assert isinstance(found["five-wrong"], TypeError)
    assert len(found) == 1


def test_a_task_that_dask_has_lost_is_given_up(client: Any, impatient: None) -> None:
    # both workers are busy, so the third task is only waiting where it is lost
    client.wait_for_workers(2)
    futures = client.map(nap, [1.0] * 4, range(4), key="four", pure=False)
    waiting = arrivals(client, "four")
    waiting.add(futures)
    lost = futures[-1].key
    while not client.run_on_scheduler(_processing, lost):
        time.sleep(0.01)
    forget(client, lost)
    found = dict(waiting)
    assert set(found) == {future.key for future in futures} - {lost}


def _processing(key: str, dask_scheduler: Any = None) -> bool:
    task = dask_scheduler.tasks.get(key)
    return task is not None and task.processing_on is not None


def test_chunks_that_no_worker_ever_gets_are_handed_out_again(
    scheduler: str,
    impatient: None,
    cluster_files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from distributed import Client

    real, handed_out = Client.map, list[int]()

    def map_nowhere_at_first(self: Any, function: Any, items: list[bytes], **options: Any) -> Any:
        handed_out.append(len(items))
        where = {"workers": ["tcp://127.0.0.1:9"]} if len(handed_out) == 1 else {}
        return real(self, function, items, **options, **where)

    monkeypatch.setattr(Client, "map", map_nowhere_at_first)
    words = [str(file) for file in cluster_files]
    options: dict[str, Any] = {"chunk_size": 50}
    there = hepml.run(
        ProbeProcessor(),
        words,
        out=tmp_path / "there",
        executor="dask",
        scheduler=scheduler,
        **options,
    )
    assert handed_out[0] == 16
    here = hepml.run(
        ProbeProcessor(), words, out=tmp_path / "here", executor="iterative", **options
    )
    assert_same_bits(there, here)


def test_tasks_that_somebody_cancels_end_the_wait(client: Any) -> None:
    futures = client.map(nap, [2.0] * 3, range(3), key="three", pure=False)
    waiting = arrivals(client, "three")
    waiting.add(futures)
    client.cancel(futures)
    with pytest.raises(CancelledError, match="three"):
        list(waiting)
