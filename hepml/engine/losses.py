"""Process all chunks although some of them kill the process that they run in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from hepml.engine.executors import DIED
from hepml.engine.plan import Chunk

__all__ = ["DEADLY_LIMIT", "outlive_workers"]

logger = logging.getLogger(__name__)

# a chunk whose worker died is tried this many times more, alone
LONE_ATTEMPTS = 2
# that many dead workers mean that something else is wrong
DEADLY_LIMIT = 10


def outlive_workers(
    attempt: Callable[[Sequence[Chunk], int], dict[str, dict[str, Any]]],
    pending: Sequence[Chunk],
    workers: int,
) -> dict[str, dict[str, Any]]:
    """Process all chunks although some may kill the process they run in.

    A worker that dies takes its pool along. The chunks that were running then are put aside and
    tried again one by one at the end, so that one deadly chunk costs nobody else their result.

    Parameters
    ----------
    attempt : callable
        Takes chunks and a number of workers; returns the records of those that came to an end.
    pending : sequence of Chunk
        The work, in the order in which it is handed out.
    workers : int
        Processes.
    """
    records: dict[str, dict[str, Any]] = {}
    left, aside = list(pending), list[Chunk]()
    deaths = 0
    while left and deaths < DEADLY_LIMIT:
        found = attempt(left, workers)
        records |= found
        left = [chunk for chunk in left if chunk.id not in records]
        if not left:
            break
        deaths += 1
        logger.warning("workers died or were lost; %d chunks are still to do", len(left))
        # dask names the deadly chunk; otherwise it is one of those handed out first
        if not any(record.get("reason") == DIED for record in found.values()):
            aside, left = aside + left[:workers], left[workers:]
    deaths = 0
    for chunk in aside + left:
        for _ in range(LONE_ATTEMPTS if deaths < DEADLY_LIMIT else 0):
            records |= attempt([chunk], 1)
            if chunk.id in records:
                break
        if chunk.id not in records:
            deaths += 1
            records[chunk.id] = {"state": "failed", "reason": DIED}
    return records
