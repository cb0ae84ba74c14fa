"""Processes for the points of a scan, which may take many minutes each."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from hepml.processes import follow_parent, without_main

__all__ = ["end_if_told", "worker_pool"]

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

# Signals that ended this worker.
_told: list[int] = []


def end_if_told() -> None:
    """In a worker: begin nothing after it was told to end."""
    if _told:
        raise SystemExit


def _work() -> None:
    """Begin a worker: it ends with its parent, and lets go of a point when it is told to."""

    def stop(signum: int, _: Any) -> None:
        _told.append(signum)
        # what the point was about to write is taken away on the way out
        raise SystemExit

    follow_parent()
    signal.signal(signal.SIGTERM, stop)


@contextmanager
def worker_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes with one thread each for linear algebra.

    After an error or an interrupt the points in progress are given up; what was finished is
    written already.
    """
    before = {name: os.environ.get(name) for name in _THREADS}
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_work)
    try:
        with without_main():
            os.environ.update(dict.fromkeys(_THREADS, "1"))
            for _ in range(workers):
                pool.submit(int)  # a process starts for each call that finds no idle one
        yield pool
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
