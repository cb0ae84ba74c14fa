"""Who waits for dask is told when it waits in vain: workers are idle, gone, or never heard of."""

from __future__ import annotations

from typing import Any

import pytest

from hepml.engine import watch
from hepml.engine.watch import Seen, Watch

OURS, THEIRS = "hepml-1-0", "theirs-0"


class Clock:
    """Time that a test moves on."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(watch, "time", found)
    return found


class Client:
    """Answers as a scheduler with these workers would."""

    def __init__(self, *workers: Seen) -> None:
        self.workers: tuple[Seen, ...] | None = workers

    def sync(self, ask: Any, callback_timeout: float) -> list[Any]:
        if self.workers is None:
            raise TimeoutError
        return [(w.status, w.threads, list(w.executing), w.age) for w in self.workers]


def idle(**other: Any) -> Seen:
    return Seen(**{"status": "running", "threads": 1, "executing": (), "age": 0.1} | other)


def told(clock: Clock, client: Client, **options: Any) -> bool:
    """What the watch says after a long time without a result."""
    found = Watch(client, "hepml-1", **options)
    for _ in range(20):
        clock.now += watch.STALL / 10
        if found.stalled():
            return True
    return False


def test_tasks_that_idle_workers_do_not_work_on_are_lost(clock: Clock) -> None:
    assert told(clock, Client(idle(), idle()))


def test_tasks_that_a_worker_works_on_are_slow(clock: Clock) -> None:
    assert not told(clock, Client(idle(), idle(executing=(OURS,))))


def test_tasks_wait_for_their_turn_behind_those_of_others(clock: Clock) -> None:
    assert not told(clock, Client(idle(executing=(THEIRS,)), idle(executing=(THEIRS,))))
    assert told(clock, Client(idle(executing=(THEIRS,)), idle()))


def test_a_worker_that_is_not_heard_of_may_be_at_work(clock: Clock) -> None:
    assert not told(clock, Client(idle(age=watch.QUIET + 1)))


def test_workers_that_pause_for_lack_of_memory_do_not_go_on_by_themselves(clock: Clock) -> None:
    assert told(clock, Client(idle(status="paused")))


def test_a_result_begins_the_wait_anew(clock: Clock) -> None:
    found = Watch(Client(idle()), "hepml-1")
    clock.now += watch.STALL - 1
    found.moved()
    clock.now += watch.STALL - 1
    assert not found.stalled()


def test_workers_that_never_come_end_the_wait(clock: Clock) -> None:
    asked: list[int] = []
    with pytest.raises(TimeoutError, match="no dask worker for 30 s"):
        told(clock, Client(idle(status="closing")), patience=30, revive=asked.append)
    assert set(asked) == {0}


def test_a_scheduler_that_does_not_answer_ends_the_wait(clock: Clock) -> None:
    client = Client()
    client.workers = None
    found = Watch(client, "hepml-1")
    clock.now += watch.SILENCE - 1
    assert not found.stalled()
    clock.now += 2
    with pytest.raises(TimeoutError, match="has not answered for 300 s"):
        found.stalled()
