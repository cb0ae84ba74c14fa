"""Results of dask's futures as they come; what dask has lost is given up instead of waited for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from hepml.redaction import safe_logger

if TYPE_CHECKING:
    from hepml.engine.watch import Watch

__all__ = ["Arrivals"]

logger = safe_logger(__name__)

TICK = 1.0  # seconds to wait for a result before the scheduler is asked


class Arrivals:
    """Iterate over key and result (or exception) of futures that were added.

    Futures may be added on the way. What is lost never comes: the iteration ends without it.

    Parameters
    ----------
    client : distributed.Client
        That of the futures.
    watch : Watch
        Tells when nothing more will come.
    together : int
        Results to fetch at a time, at most.
    linger : float
        Seconds to wait for so many: fetching one costs nearly as much as fetching a hundred.
    patience : float
        Seconds in which these must be here.
    """

    def __init__(
        self, client: Any, watch: Watch, together: int, linger: float, patience: float
    ) -> None:
        self.client = client
        self.watch = watch
        self.together = together
        self.linger = linger
        self.patience = patience
        self._pending: dict[str, Any] = {}
        self._changed: SimpleQueue[Any] = SimpleQueue()

    def add(self, futures: Iterable[Any]) -> None:
        """Wait for these too."""
        for future in futures:
            self._pending[future.key] = future
            self._wait_again(future)

    def _wait_again(self, future: Any) -> None:
        future.add_done_callback(self._changed.put)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        self.watch.moved()
        while self._pending:
            came = False
            for found in self._found(self._next()):
                came = True
                yield found
            if came:
                self.watch.moved()
            elif self.watch.stalled():
                logger.warning("dask has lost %d tasks: they are given up", len(self._pending))
                self._give_up(list(self._pending))

    def _next(self) -> list[Any]:
        """Futures that are done: the first that comes, and those that soon follow."""
        done: list[Any] = []
        wait = TICK
        with suppress(Empty):
            while len(done) < min(self.together, len(self._pending)):
                done.append(self._changed.get(timeout=wait))
                if len(done) == 1:
                    until = time.monotonic() + self.linger
                wait = max(0.0, until - time.monotonic())
        return [future for future in done if future.key in self._pending]

    def _found(self, done: list[Any]) -> Iterator[tuple[str, Any]]:
        """Exceptions and results of futures that are done.

        Raises
        ------
        CancelledError
            If the scheduler, or somebody who may, has given up a task.
        """
        for future in done:
            if future.status == "cancelled":
                raise CancelledError(f"{future.key} was cancelled")
            if future.status == "error":
                yield future.key, future.exception()
                self._give_up([future.key])
            elif future.status != "finished":
                self._wait_again(future)
        ready = [future for future in done if future.status == "finished"]
        for first in range(0, len(ready), self.together):
            yield from self._fetched(ready[first : first + self.together])

    def _fetched(self, ready: list[Any]) -> Iterator[tuple[str, Any]]:
        """Results; where the worker that had one died, its task is pending again."""
        wanted = {future.key: future for future in ready}

        async def fetch() -> Any:
            return await self.client.gather(wanted, errors="skip")

        try:
            results = self.client.sync(fetch, callback_timeout=self.patience)
        except TimeoutError:
            logger.warning("dask does not hand out %d results", len(ready))
            self._give_up([future.key for future in ready if future.status == "finished"])
            results = {}
        for key in wanted.keys() & self._pending.keys():
            result = results.get(key)
            if result is None:  # our tasks return something
                self._wait_again(wanted[key])
            else:
                yield key, result
                self._give_up([key])

    def _give_up(self, keys: list[str]) -> None:
        """Let the scheduler forget tasks and the workers their results."""
        for key in keys:
            self._pending.pop(key).release()
