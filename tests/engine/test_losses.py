"""Chunks that kill their worker, and what the others lose by it: nothing."""

from __future__ import annotations

from collections.abc import Sequence

from hepml.engine.executors import DIED
from hepml.engine.losses import DEADLY_LIMIT, outlive_workers
from hepml.engine.plan import Chunk


def chunks(number: int) -> list[Chunk]:
    return [
        Chunk("a", ("f",), "mini", "uuid", index, index + 1, "data", "") for index in range(number)
    ]


def test_a_deadly_chunk_costs_the_others_nothing_whatever_was_running() -> None:
    work = chunks(20)

    def attempt(wanted: Sequence[Chunk], workers: int) -> dict[str, dict[str, str]]:
        before = []
        for chunk in wanted:
            if chunk.start == 7:
                return {item.id: {"state": "processed"} for item in before[:-1]}
            before.append(chunk)
        return {item.id: {"state": "processed"} for item in before}

    records = outlive_workers(attempt, work, 2)
    assert {item.start for item in work if records[item.id]["state"] == "failed"} == {7}


def test_chunks_that_all_kill_their_workers_do_not_go_on_for_ever() -> None:
    tried = []

    def attempt(wanted: Sequence[Chunk], workers: int) -> dict[str, dict[str, str]]:
        tried.append(len(wanted))
        return {}

    records = outlive_workers(attempt, chunks(1000), 2)
    assert len(records) == 1000
    assert {record["reason"] for record in records.values()} == {DIED}
    assert len(tried) <= 3 * DEADLY_LIMIT
