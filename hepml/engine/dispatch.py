"""Hand chunks out to dask workers, some at a time, and take their results."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import cloudpickle

from hepml.engine.arrivals import Arrivals
from hepml.engine.handshake import Expected, guarded
from hepml.engine.task import Job, Record, reason_of, run_chunk

if TYPE_CHECKING:
    from hepml.engine.cluster import Workplace
    from hepml.engine.plan import Chunk

__all__ = ["Errand", "OnSite", "dispatch"]


class Errand:
    """How chunks travel to the workers, and results back.

    Attributes
    ----------
    together : int
        Results to fetch at a time, at most.
    linger : float
        Seconds to wait for so many.
    patience : float
        Seconds in which these must be here; those that are not are given up.
    """

    together = 100
    linger = 1.0
    patience = 60.0

    def ahead(self, cores: int) -> int:
        """Chunks to hand out at a time: enough for all workers, few enough for the scheduler."""
        return max(1000, 4 * cores)

    def task(self) -> Callable[[Any], Any]:
        """What a worker calls for each chunk; must not return ``None``."""
        raise NotImplementedError

    def pack(self, chunk: Chunk) -> Any:
        """What it is given."""
        return chunk

    def receive(self, chunk: Chunk, result: Any) -> Record:
        """Turn what it returned into the record of the chunk."""
        raise NotImplementedError


class OnSite(Errand):
    """Chunks whose files are written by the workers, into the run directory.

    Parameters
    ----------
    job : Job
        What the chunks share.
    expected : Expected
        What a worker must have.
    """

    def __init__(self, job: Job, expected: Expected) -> None:
        self.job = job
        self.expected = expected

    def task(self) -> Callable[[Chunk], dict[str, Record]]:
        """Process one chunk."""
        return partial(guarded, partial(run_chunk, self.job), self.expected)

    def receive(self, chunk: Chunk, result: dict[str, Record]) -> Record:
        """Take the record as it is."""
        return result[chunk.id]


def dispatch(
    place: Workplace, chunks: Sequence[Chunk], errand: Errand, died: str
) -> dict[str, Record]:
    """Process chunks on the workers of a run.

    Tasks travel as bytes, and nothing depends on another: the scheduler needs neither hepml nor
    the processor's package, and holds some thousand tasks at most.

    Parameters
    ----------
    place : Workplace
        The workers.
    chunks : sequence of Chunk
        The work.
    errand : Errand
        What is to be done.
    died : str
        Reason of a chunk that took its workers along.

    Returns
    -------
    dict
        Chunk id to record. A chunk that dask has lost has none, nor has one of several that took
        their workers along: they may be tried alone.
    """
    from distributed import KilledWorker

    client, _ = place.open()
    name = f"hepml-{secrets.token_hex(8)}"
    arrivals = Arrivals(client, place.watch(name), errand.together, errand.linger, errand.patience)
    run = partial(_unpacked(), cloudpickle.dumps(errand.task()))
    waiting, records = deque(chunks), dict[str, Record]()
    running: dict[str, Chunk] = {}
    ahead = errand.ahead(sum(client.ncores().values()))

    def hand_out() -> None:
        nonlocal ahead
        # one graph for many chunks costs the scheduler little more than one for a single chunk
        if not waiting or len(running) > ahead - max(1, ahead // 8):
            return
        ahead = errand.ahead(sum(client.ncores().values()))
        room = max(0, ahead - len(running))
        taken = [waiting.popleft() for _ in range(min(room, len(waiting)))]
        packed = [cloudpickle.dumps(errand.pack(chunk)) for chunk in taken]
        futures = client.map(run, packed, key=name, pure=False)
        running.update((future.key, chunk) for future, chunk in zip(futures, taken, strict=True))
        arrivals.add(futures)

    killed: list[Chunk] = []
    hand_out()
    for key, result in arrivals:
        chunk = running.pop(key)
        if isinstance(result, KilledWorker):
            killed.append(chunk)
        elif isinstance(result, BaseException):
            records[chunk.id] = {"state": "failed", "reason": reason_of(result)}
        else:
            records[chunk.id] = errand.receive(chunk, result)
        hand_out()
    # of several any may be one that was only waiting where the others died
    if len(killed) == 1:
        records[killed[0].id] = {"state": "failed", "reason": died}
    return records


def _unpacked() -> Callable[[bytes, bytes], Any]:
    """The function that a worker calls; a local one travels by value, without our modules."""

    def run_chunk(task: bytes, chunk: bytes) -> Any:
        import cloudpickle

        return cloudpickle.loads(task)(cloudpickle.loads(chunk))

    return run_chunk
