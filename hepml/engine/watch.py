"""Notice when dask has lost what it was given: nobody works on it, and nobody ever will.

A worker that dies at a bad moment can leave the scheduler waiting for a task that no worker has.
Whoever waits for dask asks here now and then, so that no run waits for ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hepml.redaction import safe_logger

__all__ = ["NO_WORKERS", "Seen", "Watch"]

logger = safe_logger(__name__)

# Seconds. A worker says what it does in each heartbeat, twice a second (every few seconds where
# there are hundreds); one that is busy in compiled code may be silent for longer.
STALL = 20.0  # nobody works on our tasks although somebody could: they are lost
QUIET = 10.0  # a worker that has not been heard of for this long may be at work
ANSWER = 30.0  # an answer of the scheduler
SILENCE = 300.0  # no answer of the scheduler at all: it is lost
NO_WORKERS = 300.0  # no worker at all: none will come

USABLE = ("running", "paused")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the scheduler knows of a worker.

    Attributes
    ----------
    status : str
        dask's word for it: running, paused, closing, ...
    threads : int
        Tasks that it can work on at a time.
    executing : sequence of str
        Keys of the tasks that it said it was working on.
    age : float
        Seconds since it said so.
    """

    status: str
    threads: int
    executing: Sequence[str]
    age: float


class Watch:
    """Tells a run that is slow from one that would wait for ever.

    Parameters
    ----------
    client : distributed.Client
        Connected to the scheduler.
    prefix : str
        How the keys of our tasks begin; empty: any task is one of ours.
    patience : float
        Seconds to wait where there is no worker.
    revive : callable
        Is told how many workers there are, and may start some.
    """

    def __init__(
        self,
        client: Any,
        prefix: str = "",
        patience: float = NO_WORKERS,
        revive: Callable[[int], None] = lambda present: None,
    ) -> None:
        self.client = client
        self.prefix = prefix
        self.patience = patience
        self.revive = revive
        self.moved()

    def moved(self) -> None:
        """Take note that a result has come."""
        self._busy = self._heard = self._manned = time.monotonic()

    def stalled(self) -> bool:
        """Ask the scheduler whether what is pending is lost.

        Raises
        ------
        TimeoutError
            If the scheduler has not answered for long, or no worker has come for long.
        """
        workers = self._ask()
        now = time.monotonic()
        if workers is None:
            if now - self._heard > SILENCE:
                raise TimeoutError(f"the dask scheduler has not answered for {SILENCE:.0f} s")
            return False
        self._heard = now
        usable = [worker for worker in workers if worker.status in USABLE]
        self.revive(len(usable))
        if not usable:
            if now - self._manned > self.patience:
                raise TimeoutError(f"there has been no dask worker for {self.patience:.0f} s")
            self._busy = now
            return False
        self._manned = now
        if self._at_work(usable):
            self._busy = now
        return now - self._busy > STALL

    def _at_work(self, usable: Sequence[Seen]) -> bool:
        """Whether our tasks are being worked on, or wait for their turn behind others."""
        ours = any(key.startswith(self.prefix) for worker in usable for key in worker.executing)
        silent = any(worker.age > QUIET for worker in usable)
        full = all(len(worker.executing) >= worker.threads for worker in usable)
        return ours or silent or full

    def _ask(self) -> list[Seen] | None:
        """What the scheduler knows of its workers, ``None`` if it does not answer."""

        async def ask() -> Any:
            return await self.client.run_on_scheduler(_survey())

        try:
            answer = self.client.sync(ask, callback_timeout=ANSWER)
        except OSError as error:  # a timeout is one too
            logger.debug("no answer from the scheduler", exc_info=error)
            return None
        return [Seen(*worker) for worker in answer]


def _survey() -> Callable[..., list[tuple[str, int, list[str], float]]]:
    """The question to the scheduler; a local function travels by value, so no hepml is needed."""

    def survey(dask_scheduler: Any) -> list[tuple[str, int, list[str], float]]:
        import time

        return [
            (
                worker.status.name,
                worker.nthreads,
                [str(task.key) for task in worker.executing],
                time.time() - worker.last_seen,
            )
            for worker in dask_scheduler.workers.values()
        ]

    return survey
