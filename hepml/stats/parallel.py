"""Blocks of pseudo-experiments, in this process or in several, always with the same result."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from hepml.engine.pool import follow_parent, without_main
from hepml.errors import ParameterError

__all__ = ["BLOCK", "Progress", "run_blocks"]

Progress = Callable[[str, int, int], None]
Found = TypeVar("Found")

# Pseudo-experiments per block: fixed, since the last digits of a fit depend on who is fitted with
# it.
BLOCK = 100

# Work [s] from which starting processes pays: each imports the fit's libraries first.
WORTH = 6.0

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def run_blocks(
    task: Callable[[int, int], Found],
    number: int,
    *,
    workers: int = 2,
    progress: Progress | None = None,
    what: str = "toys",
) -> list[Found]:
    """Call ``task(first, last)`` for blocks of ``range(number)``; results are in order.

    Parameters
    ----------
    task : callable
        Can be pickled; its result depends on its arguments alone.
    number : int
        How many pseudo-experiments.
    workers : int
        Processes, started once it is clear that they save time.
    progress : callable, optional
        Called with ``what``, pseudo-experiments done, and ``number``.

    Raises
    ------
    ParameterError
        If ``number`` or ``workers`` is below 1.
    """
    if number < 1:
        raise ParameterError(f"At least one pseudo-experiment is needed, not {number}.")
    if workers < 1:
        raise ParameterError(f"--workers must be at least 1, not {workers}.")
    blocks = [(first, min(first + BLOCK, number)) for first in range(0, number, BLOCK)]
    results: list[Found] = []
    begun = time.perf_counter()

    def keep(result: Found) -> None:
        results.append(result)
        if progress is not None:
            progress(what, blocks[len(results) - 1][1], number)

    for place, block in enumerate(blocks):
        left = (time.perf_counter() - begun) / max(place, 1) * (len(blocks) - place)
        if place and workers > 1 and left > WORTH:
            break
        keep(task(*block))
    rest = blocks[len(results) :]
    if rest:
        with _pool(min(workers, len(rest))) as pool:
            for future in [pool.submit(task, *block) for block in rest]:
                keep(future.result())
    return results


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Worker processes that import the statistics alone, with one thread each.

    The engine's pool is forked from a server that has imported everything that reads events; a
    fit needs a fraction of that, so that fresh processes start sooner.
    """
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=follow_parent)
    try:
        with without_main(), _one_thread():
            for _ in range(workers):
                pool.submit(int)  # a process starts for each call that finds no idle one
        yield pool
    finally:
        # after an interrupt the blocks in progress end, the others never start
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started meanwhile use one thread each for linear algebra."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
