"""The one pool of worker processes of this process."""

from __future__ import annotations

import atexit
import multiprocessing
import multiprocessing.forkserver
from concurrent.futures import ProcessPoolExecutor

from hepml.processes import follow_parent, without_main

__all__ = [
    "follow_parent",
    "has_pool",
    "shared_pool",
    "stop_shared_pool",
    "warm_up",
    "without_main",
]


# workers and the hash of the processor's code: a class that was edited needs new processes
_POOL: tuple[tuple[int, str], ProcessPoolExecutor] | None = None


def warm_up() -> None:
    """Start the server that workers are forked from; it imports the stack meanwhile."""
    multiprocessing.forkserver.set_forkserver_preload(["hepml.engine.warm"])
    with without_main():
        multiprocessing.forkserver.ensure_running()


def has_pool(workers: int, code: str = "") -> bool:
    """Whether the processes that these would get from `shared_pool` are there already."""
    return _POOL is not None and _POOL[0] == (workers, code)


def shared_pool(workers: int, code: str = "") -> ProcessPoolExecutor:
    """Return the one pool of this process; importing the stack costs seconds, so it is shared.

    Workers are forked from a server process that has imported everything once. Another number of
    workers or other code of the processor gets a new pool.
    """
    global _POOL
    if _POOL is None or _POOL[0] != (workers, code):
        stop_shared_pool()
        warm_up()
        context = multiprocessing.get_context("forkserver")
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=follow_parent)
        with without_main():
            for _ in range(workers):
                pool.submit(int)  # a process starts for each call that finds no idle one
        _POOL = ((workers, code), pool)
    return _POOL[1]


def stop_shared_pool() -> None:
    """Stop the shared pool's workers and forget it; queued work is dropped."""
    global _POOL
    if _POOL is not None:
        pool, _POOL = _POOL[1], None
        pool.shutdown(wait=True, cancel_futures=True)


atexit.register(stop_shared_pool)
