"""dask clusters: connect, start, and make sure that the workers run the same code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hepml.engine.pool import without_main
from hepml.errors import ParameterError, ProcessorError

if TYPE_CHECKING:
    from hepml.processor import Processor

__all__ = ["check_workers", "dask_client"]


CONNECT_TIMEOUT = "10s"


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
        without_main(),
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
