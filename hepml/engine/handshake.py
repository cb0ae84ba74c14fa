"""No worker processes a chunk with other code, or where its results would be lost.

All workers are asked before the first chunk. Workers that come later (adaptive scaling, restarts)
are asked when they join, and every process asks itself once more before its first chunk.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from distributed import Reschedule, WorkerPlugin, get_worker
from distributed.comm import CommClosedError

from hepml.engine.delivery import unpack
from hepml.errors import ParameterError, ProcessorError
from hepml.files import FILE_MODE
from hepml.redaction import safe_logger

if TYPE_CHECKING:
    from hepml.engine.plan import Chunk
    from hepml.processor import Processor
    from hepml.scoring import AppliedModel

__all__ = [
    "Expected",
    "Guard",
    "check_scheduler",
    "check_workers",
    "expected_code",
    "guarded",
    "probe_output",
]

logger = safe_logger(__name__)

Answer = TypeVar("Answer")

TOPIC = "hepml"
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Expected:
    """What a worker must have.

    Attributes
    ----------
    processor : type or None
        Class whose code is compared; ``None`` for one that travels by value.
    code : str
        Hash of the framework and of the processor's module.
    mark : str
        File of the run directory that the worker must see; empty: results travel.
    model_code : str
        Hash of what reads and applies models; empty: the run applies none.
    model : AppliedModel or None
        Model that it must be able to read.
    """

    processor: type[Processor] | None
    code: str
    mark: str = ""
    model_code: str = ""
    model: AppliedModel | None = None


def expected_code(processor: type[Processor], *, models: bool = False) -> Expected:
    """What the workers must have to run a processor, and where asked to apply models."""
    from hepml.engine.fingerprint import code_hash, framework_hash, model_code_hash
    from hepml.registry import registered_name

    scoring = model_code_hash() if models else ""
    if registered_name(processor) is None:
        # a class of a notebook or script travels by value: only the framework can differ
        return Expected(None, framework_hash(), model_code=scoring)
    return Expected(processor, code_hash(processor), model_code=scoring)


@cache
def unfit(expected: Expected) -> str:
    """Why this process must not work on a chunk, empty if it may; found out once."""
    from hepml.engine.fingerprint import code_hash, framework_hash, model_code_hash

    processor = expected.processor
    ours = framework_hash() if processor is None else code_hash(processor)
    if ours != expected.code or expected.model_code not in ("", model_code_hash()):
        return "it runs other code"
    if expected.model and (reason := expected.model.lacking()):
        return reason
    if expected.mark and not Path(expected.mark).exists():
        return f"it does not see {Path(expected.mark).parent}"
    return ""


def check_workers(
    client: Any,
    processor: type[Processor],
    patience: float | None = None,
    *,
    models: bool = False,
) -> None:
    """Compare the code on every worker with ours before the first chunk.

    Parameters
    ----------
    client : distributed.Client
        Connected to a scheduler.
    processor : type
        The processor's class.
    patience : float, optional
        Seconds to wait for the first worker.
    models : bool
        Also compare what applies models.

    Raises
    ------
    ProcessorError
        If a worker runs other code, which would mix two analyses in one result.
    """
    from hepml.engine import cluster

    try:
        # they may be starting again, or wait in a queue
        client.wait_for_workers(
            1, timeout=cluster.CONNECT_TIMEOUT if patience is None else patience
        )
    except TimeoutError:
        raise ProcessorError(
            "The dask scheduler has no workers. Start some:  dask worker ADDRESS"
            if patience is None
            else f"No job started a worker within {patience / 60:.0f} minutes. See the output of "
            "the jobs (log_directory in the --site file), or wait longer (patience)."
        ) from None
    answers = client.run(unfit, expected_code(processor, models=models), on_error="return")
    # one that died meanwhile is no matter: those that take its place are asked when they join
    wrong = {
        worker: answer
        for worker, answer in answers.items()
        if answer != "" and not isinstance(answer, CommClosedError)
    }
    if wrong:
        failed = next((item for item in wrong.values() if isinstance(item, BaseException)), None)
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise ProcessorError(
            f"{len(wrong)} of {len(answers)} dask workers run other code than this process: "
            f"{', '.join(sorted(wrong)[:SHOWN])}{more}. Install the same version there and "
            "restart them, or send them this one with  --ship"
            + (f"\n  {type(failed).__name__}: {failed}" if failed else "")
        )


def check_scheduler(client: Any, processor: Processor) -> None:
    """See that the scheduler can read a graph that holds a processor; it does not run it.

    Raises
    ------
    ParameterError
        If our code is not to be found there: nothing can be sent to a scheduler.
    """
    try:
        client.run_on_scheduler(type, processor)
    except (ImportError, AttributeError) as error:
        raise ParameterError(
            f"dask-awkward needs our code on the dask scheduler too, and there it says: {error}. "
            "Start the scheduler where the code is, or take  --executor dask  (same result)."
        ) from None


class Guard(WorkerPlugin):
    """Turns away workers that join during a run and are not fit for it.

    Parameters
    ----------
    expected : Expected
        What they must have.
    model : bytes
        The model as it is sent; empty where they see its folder.
    """

    def __init__(self, expected: Expected, model: bytes = b"") -> None:
        self.expected = expected
        self.model = model

    def setup(self, worker: Any) -> None:
        """Give the worker the model, ask it, and close it if it is not fit."""
        if self.model and self.expected.model:
            unpack(self.model, self.expected.model, worker.local_directory)
        if reason := unfit(self.expected):
            dismiss(worker, reason)


def dismiss(worker: Any, reason: str) -> None:
    """Close a worker, and let the client know why."""
    logger.warning("worker %s leaves: %s", worker.address, reason)
    worker.log_event(TOPIC, {"worker": worker.address, "reason": reason})
    worker.loop.add_callback(worker.close_gracefully, reason=reason)


def guarded(task: Callable[[Chunk], Answer], expected: Expected, chunk: Chunk) -> Answer:
    """Run a task where this process is fit for it; otherwise hand it on and leave."""
    reason = unfit(expected)
    if reason:
        dismiss(get_worker(), reason)
        raise Reschedule
    return task(chunk)


def probe_output(client: Any, expected: Expected, out: Path) -> Expected:
    """Find out whether all workers can write where this process reads.

    Every worker that sees a file of ours leaves one of its own, and we look for it here.

    Returns
    -------
    Expected
        With a mark that workers must see, or without one: then results have to travel.
    """
    token = secrets.token_hex(8)
    mark = out / f".seen-{token}"
    mark.touch(FILE_MODE)
    answers = client.run(leave_trace, str(mark), on_error="return")
    found = [item for item in answers.values() if not isinstance(item, CommClosedError)]
    traces = [Path(item) if isinstance(item, str) and item else None for item in found]
    seen = all(trace is not None and trace.exists() for trace in traces)
    for trace in out.glob(f".seen-{token}-*"):
        trace.unlink(missing_ok=True)
    if seen:
        return replace(expected, mark=str(mark))
    mark.unlink(missing_ok=True)
    return expected


def leave_trace(mark: str) -> str:
    """Write a file beside the client's, if that can be seen here; return its name."""
    if not Path(mark).exists():
        return ""
    trace = Path(f"{mark}-{secrets.token_hex(8)}")
    try:
        trace.touch(FILE_MODE)
    except OSError:
        return ""
    return str(trace)
