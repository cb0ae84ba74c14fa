"""Open many files at a time: threads wait for the network, processes for the CPU.

Reading what is in a file of 80 branches takes 25 ms of Python, which threads do not share. Where
there are many files, or worker processes already, these do it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, TypeVar

import cloudpickle

from hepml.engine.pool import has_pool, shared_pool, stop_shared_pool
from hepml.redaction import safe_logger

if TYPE_CHECKING:
    from hepml.processor import Processor

__all__ = ["map_files"]

logger = safe_logger(__name__)

THREADS = 8
BATCH = 20  # files that travel to a process at a time
MANY = 500  # files that take as long as starting processes does
MOST = 8  # processes, where they are for this alone

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


def map_files(
    function: Callable[[Item], Outcome],
    items: Sequence[Item],
    *,
    processor: type[Processor],
    executor: str,
    workers: int,
    on_files: Callable[[int], None],
) -> list[Outcome]:
    """Call a function that opens a file for each of many, and keep their order.

    Parameters
    ----------
    function : callable
        Must not raise; travels by value.
    items : sequence
        What it is called with.
    processor : type
        The processor's class: processes of a run know its code.
    executor, workers : str, int
        Those of the run that follows: ``"futures"`` goes on with the same processes.
    on_files : callable
        Is told now and then how many more are done, for a progress bar.
    """
    from hepml.engine.fingerprint import code_hash

    code = code_hash(processor)
    warm = executor == "futures" and has_pool(workers, code) and len(items) > BATCH
    if executor == "iterative" or not (warm or len(items) > MANY):
        return _in_threads(function, items, on_files)
    size = workers if executor == "futures" else min(MOST, os.cpu_count() or 1)
    try:
        return _in_processes(function, items, shared_pool(size, code), on_files)
    except BrokenProcessPool:
        logger.warning("a worker process died: files are opened here")
        stop_shared_pool()
        return _in_threads(function, items, lambda count: None)
    except BaseException:
        stop_shared_pool()
        raise
    finally:
        if executor != "futures":
            stop_shared_pool()


def _in_threads(
    function: Callable[[Item], Outcome], items: Sequence[Item], on_files: Callable[[int], None]
) -> list[Outcome]:
    def call(item: Item) -> Outcome:
        outcome = function(item)
        on_files(1)
        return outcome

    with ThreadPoolExecutor(min(THREADS, len(items))) as pool:
        return list(pool.map(call, items))


def _in_processes(
    function: Callable[[Item], Outcome],
    items: Sequence[Item],
    pool: ProcessPoolExecutor,
    on_files: Callable[[int], None],
) -> list[Outcome]:
    packed = cloudpickle.dumps(function)
    batches = [items[first : first + BATCH] for first in range(0, len(items), BATCH)]
    futures = [pool.submit(_batch, packed, batch) for batch in batches]
    for future in as_completed(futures):
        on_files(len(future.result()))
    return [outcome for future in futures for outcome in future.result()]


def _batch(packed: bytes, items: Sequence[Any]) -> list[Any]:
    """Some of the files, in a worker process."""
    return _in_threads(cloudpickle.loads(packed), items, lambda count: None)
