"""coffea's executors by name: the only place that imports them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from typing import TYPE_CHECKING, Any

from hepml.engine.pool import shared_pool, stop_shared_pool
from hepml.errors import ParameterError, did_you_mean
from hepml.redaction import safe_logger

if TYPE_CHECKING:
    from hepml.engine.cluster import Workplace
    from hepml.engine.plan import Chunk
    from hepml.engine.task import Job
    from hepml.processor import Processor

__all__ = ["DIED", "EXECUTORS", "check_executor", "execute"]

EXECUTORS = ("iterative", "futures", "dask", "dask-awkward")

DIED = "its worker process died, perhaps for lack of memory: try a smaller --chunk-size"

logger = safe_logger(__name__)


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
    job: Job,
    *,
    processor: type[Processor],
    workers: int,
    place: Workplace,
) -> Outcome:
    """Process every chunk: through a coffea executor, or on dask workers.

    Parameters
    ----------
    name : {"iterative", "futures", "dask"}
        Which executor.
    chunks : sequence of Chunk
        The work.
    job : Job
        What they share.
    processor : type
        The processor's class: other code of it needs other processes.
    workers : int
        Processes on this machine.
    place : Workplace
        The dask workers of the run.

    Returns
    -------
    dict
        Chunk id to record. A chunk that a dying worker took along has no record.
    """
    if not chunks:
        return {}
    from hepml.engine.task import run_chunk

    if name == "dask":
        return _dask(chunks, job, place)
    task = partial(run_chunk, job)
    with _quiet_coffea():
        if name == "iterative":
            return _iterative(chunks, task)
        return _futures(chunks, task, processor, workers)


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


def _dask(chunks: Sequence[Chunk], job: Job, place: Workplace) -> Outcome:
    """coffea's executor would wait for ever for a task that dask has lost."""
    from hepml.engine.dispatch import OnSite, dispatch
    from hepml.engine.travel import Travel

    _, expected = place.open()
    errand = OnSite(job, expected) if expected.mark else Travel(job, expected)
    return dispatch(place, chunks, errand, DIED)
