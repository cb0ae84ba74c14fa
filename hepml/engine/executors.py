"""coffea's executors by name, with one shared pool of processes; all coffea imports are here."""

from __future__ import annotations

import atexit
import io
import logging
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any

from hepml.errors import ParameterError, ProcessorError, did_you_mean

if TYPE_CHECKING:
    from hepml.engine.plan import Chunk
    from hepml.processor import Processor

__all__ = [
    "DIED",
    "EXECUTORS",
    "check_executor",
    "check_workers",
    "dask_client",
    "execute",
    "shared_pool",
    "stop_shared_pool",
    "warm_up",
]

EXECUTORS = ("iterative", "futures", "dask", "dask-awkward")

CONNECT_TIMEOUT = "10s"
DIED = "its worker process died, perhaps for lack of memory: try a smaller --chunk-size"

logger = logging.getLogger(__name__)

# workers and the hash of the processor's code: a class that was edited needs new processes
_POOL: tuple[tuple[int, str], ProcessPoolExecutor] | None = None

Outcome = dict[str, dict[str, Any]]


def check_executor(name: str, workers: int, retries: int = 0) -> None:
    """Refuse an unknown executor, or an impossible number of workers or retries."""
    if name not in EXECUTORS:
        raise ParameterError(f"There is no executor {name!r}. " + did_you_mean(name, EXECUTORS))
    if workers < 1:
        raise ParameterError(f"--workers must be at least 1, not {workers}.")
    if retries < 0:
        raise ParameterError(f"--retries must be at least 0, not {retries}.")


def execute(
    name: str,
    chunks: Sequence[Chunk],
    task: Callable[[Chunk], Outcome],
    *,
    processor: type[Processor],
    workers: int,
    scheduler: str | None = None,
) -> Outcome:
    """Run a task on every chunk through a coffea executor.

    Parameters
    ----------
    name : {"iterative", "futures", "dask"}
        Which executor.
    chunks : sequence of Chunk
        The work.
    task : callable
        Returns ``{chunk id: record}`` and does not raise.
    processor : type
        The processor's class, to compare its code on dask workers with ours.
    workers : int
        Processes on this machine (ignored with ``scheduler``).
    scheduler : str, optional
        Address of a running dask scheduler.

    Returns
    -------
    dict
        Chunk id to record. A chunk that a dying worker took along has no record.
    """
    if not chunks:
        return {}
    with _quiet_coffea():
        if name == "iterative":
            return _iterative(chunks, task)
        if name == "futures":
            return _futures(chunks, task, processor, workers)
        return _dask(chunks, task, processor, workers, scheduler)


@contextmanager
def _quiet_coffea() -> Iterator[None]:
    """Silence coffea's own progress bars: the run shows one for all executors."""
    from coffea.util import coffea_console

    before, coffea_console.quiet = coffea_console.quiet, True
    try:
        yield
    finally:
        coffea_console.quiet = before


def _iterative(chunks: Sequence[Chunk], task: Callable[[Chunk], Outcome]) -> Outcome:
    from coffea.processor import IterativeExecutor

    executor = IterativeExecutor(status=False, compression=None)
    outcome, _ = executor(list(chunks), task, {})
    return dict(outcome)


def _futures(
    chunks: Sequence[Chunk],
    task: Callable[[Chunk], Outcome],
    processor: type[Processor],
    workers: int,
) -> Outcome:
    from coffea.processor import FuturesExecutor

    from hepml.engine.fingerprint import code_hash

    executor = FuturesExecutor(
        pool=shared_pool(workers, code_hash(processor)),
        workers=workers,
        status=False,
        compression=None,
        recoverable=True,
    )
    outcome: Outcome
    error: object
    # coffea prints a traceback when a worker dies; the report says it in words
    printed = io.StringIO()
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            outcome, error = executor(list(chunks), task, {})
    except BrokenProcessPool as broken:
        outcome, error = {}, broken  # an idle worker died before this run
    except BaseException:
        # an interrupt leaves queued chunks behind that would go on running
        stop_shared_pool()
        raise
    if isinstance(error, BrokenProcessPool):
        logger.warning("a worker process died")
        logger.debug("%s", printed.getvalue())
        stop_shared_pool()
    elif isinstance(error, BaseException):
        raise error
    return dict(outcome)


def warm_up() -> None:
    """Start the server that workers are forked from; it imports the stack meanwhile."""
    multiprocessing.forkserver.set_forkserver_preload(["hepml.engine.warm"])
    with _without_main():
        multiprocessing.forkserver.ensure_running()


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
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_follow_parent)
        with _without_main():
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


def _follow_parent() -> None:
    """Leave ctrl-C to the parent, which finishes the report; but end when the parent is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _without_main() -> Iterator[None]:
    """Keep workers from importing the caller's script again.

    Tasks travel by value, so workers need no ``__main__``; importing it would run a script that
    has no ``if __name__ == "__main__"`` once more in every worker.
    """
    main = sys.modules["__main__"]
    hidden: dict[str, Any] = {
        name: main.__dict__.pop(name) for name in ("__file__", "__spec__") if name in vars(main)
    }
    main.__spec__ = None
    try:
        yield
    finally:
        main.__dict__.update(hidden)


@contextmanager
def dask_client(workers: int, scheduler: str | None) -> Iterator[Any]:
    """Connect to a running scheduler, or start a cluster of processes on this machine."""
    from distributed import Client, LocalCluster

    if scheduler:
        try:
            client = Client(scheduler, timeout=CONNECT_TIMEOUT, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise ParameterError(
                f"No dask scheduler answers at {scheduler}: {error or type(error).__name__}. "
                "Start one with  dask scheduler  or leave --scheduler out."
            ) from None
        with client:
            yield client
        return
    with (
        _without_main(),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any free port: None would insist on 8787
            silence_logs="ERROR",
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def check_workers(client: Any, processor: type[Processor]) -> None:
    """Compare the code on every worker with ours before the first chunk.

    Raises
    ------
    ProcessorError
        If a worker runs other code, which would mix two analyses in one result.
    """
    from hepml.engine.fingerprint import code_hash, framework_hash
    from hepml.registry import registered_name

    try:
        client.wait_for_workers(1, timeout=CONNECT_TIMEOUT)  # they may be starting again
    except TimeoutError:
        raise ProcessorError(
            "The dask scheduler has no workers. Start some:  dask worker ADDRESS"
        ) from None
    if registered_name(processor) is None:
        # a class of a notebook or script travels by value: only the framework can differ
        answers = client.run(framework_hash, on_error="return")
        ours = framework_hash()
    else:
        answers = client.run(code_hash, processor, on_error="return")
        ours = code_hash(processor)
    wrong = {worker: answer for worker, answer in answers.items() if answer != ours}
    if wrong:
        failed = next((item for item in wrong.values() if isinstance(item, BaseException)), None)
        raise ProcessorError(
            f"{len(wrong)} of {len(answers)} dask workers run other code than this process: "
            f"{', '.join(sorted(wrong)[:5])}. Install the same version there and restart them."
            + (f"\n  {type(failed).__name__}: {failed}" if failed else "")
        )


def _dask(
    chunks: Sequence[Chunk],
    task: Callable[[Chunk], Outcome],
    processor: type[Processor],
    workers: int,
    scheduler: str | None,
) -> Outcome:
    from coffea.processor import DaskExecutor

    with dask_client(workers, scheduler) as client:
        check_workers(client, processor)
        executor = DaskExecutor(client=client, status=False, compression=None, retries=0)
        try:
            outcome, _ = executor(list(chunks), task, {})
        except RuntimeError as error:
            # coffea names the chunk that killed every worker it was given to, and gives up
            guilty = [chunk for chunk in chunks if repr(chunk) in str(error)]
            if not guilty:
                raise
            logger.debug("%s", error)
            return {chunk.id: {"state": "failed", "reason": DIED} for chunk in guilty}
        return dict(outcome)
