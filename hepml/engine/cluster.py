"""dask clusters: connect to one, start one here or on a batch system, give it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.engine.pool import without_main
from hepml.errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    from hepml.engine.handshake import Expected
    from hepml.engine.watch import Watch
    from hepml.processor import Processor
    from hepml.scoring import AppliedModel

__all__ = ["ClusterOptions", "Workplace", "as_options", "check_cluster", "dask_client"]


CONNECT_TIMEOUT = "10s"
LOCAL_CLUSTER = "local"


def _silent(text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """Where the workers of the dask executors come from.

    Attributes
    ----------
    scheduler : str or None
        Address of a running scheduler.
    cluster : str
        ``"local"``, or a batch system: slurm, htcondor, pbs, lsf, sge.
    site : path or None
        TOML file with a table of settings for the batch system.
    adapt : tuple of int or None
        Fewest and most workers; the number follows the work that is left.
    performance_report : path or None
        HTML file to write, with dask's own account of the run.
    ship : bool
        Send our code to the workers and restart them.
    announce : callable
        Is told where the dashboard is, and of workers that were turned away.
    """

    scheduler: str | None = None
    cluster: str = LOCAL_CLUSTER
    site: Path | None = None
    adapt: tuple[int, int] | None = None
    performance_report: Path | None = None
    ship: bool = False
    announce: Callable[[str], None] = field(default=_silent, compare=False)


def as_options(cluster: ClusterOptions | str, scheduler: str | None) -> ClusterOptions:
    """Accept the name of a kind of cluster in place of all the options."""
    options = ClusterOptions(cluster=cluster) if isinstance(cluster, str) else cluster
    return replace(options, scheduler=scheduler) if scheduler else options


def check_cluster(executor: str, options: ClusterOptions) -> None:
    """Refuse options that contradict each other, or that the executor would not heed."""
    from hepml.engine.batch import SYSTEMS

    known = (LOCAL_CLUSTER, *SYSTEMS)
    if options.cluster not in known:
        raise ParameterError(
            f"There is no cluster {options.cluster!r}. " + did_you_mean(options.cluster, known)
        )
    given = {
        "--scheduler": options.scheduler is not None,
        "--cluster": options.cluster != LOCAL_CLUSTER,
        "--adapt": options.adapt is not None,
        "--performance-report": options.performance_report is not None,
        "--ship": options.ship,
    }
    used = [name for name, value in given.items() if value]
    if used and not executor.startswith("dask"):
        raise ParameterError(f"{used[0]} is for the dask executors: add  --executor dask")
    if given["--scheduler"] and (given["--cluster"] or given["--adapt"]):
        other = "--cluster" if given["--cluster"] else "--adapt"
        raise ParameterError(f"{other} starts workers, but those of --scheduler are there already.")
    if options.site is not None and not given["--cluster"]:
        raise ParameterError(f"--site is for batch systems: add  --cluster {'|'.join(SYSTEMS)}")
    if options.adapt and not 1 <= options.adapt[0] <= options.adapt[1]:
        low, high = options.adapt
        raise ParameterError(f"--adapt takes MIN:MAX with 1 <= MIN <= MAX, not {low}:{high}.")


@contextmanager
def dask_client(
    workers: int, scheduler: str | None, options: ClusterOptions | None = None
) -> Iterator[Any]:
    """Connect to a running scheduler, or start a cluster here or on a batch system."""
    from distributed import Client

    options = options or ClusterOptions()
    with ExitStack() as stack:
        if scheduler:
            try:
                client = Client(scheduler, timeout=CONNECT_TIMEOUT, set_as_default=False)
            except (OSError, TimeoutError) as error:
                raise ParameterError(
                    f"No dask scheduler answers at {scheduler}: {error or type(error).__name__}. "
                    "Start one with  dask scheduler  or leave --scheduler out."
                ) from None
        else:
            cluster = stack.enter_context(_cluster(workers, options))
            client = Client(cluster, set_as_default=False)
        yield stack.enter_context(client)


@contextmanager
def _cluster(workers: int, options: ClusterOptions) -> Iterator[Any]:
    """Start a cluster, and let it grow and shrink if that is wanted."""
    if options.cluster == LOCAL_CLUSTER:
        opened = _local(options.adapt[0] if options.adapt else workers, options)
    else:
        opened = _batch(workers, options)
    with opened as cluster:
        if options.adapt:
            cluster.adapt(minimum=options.adapt[0], maximum=options.adapt[1])
        yield cluster


@contextmanager
def _local(workers: int, options: ClusterOptions) -> Iterator[Any]:
    """Processes of this machine."""
    import dask
    from distributed import LocalCluster

    from hepml.engine.tuning import LOCAL

    profile = {"distributed.worker.profile.enabled": options.performance_report is not None}
    with without_main(), dask.config.set({**LOCAL, **profile}):
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any free port: None would insist on 8787
            silence_logs="ERROR",
        )
        try:
            yield cluster
        finally:
            # a process that is slow to die must not turn a good run into a failed one
            with suppress(TimeoutError):
                cluster.close()


@contextmanager
def _batch(workers: int, options: ClusterOptions) -> Iterator[Any]:
    """Jobs of a batch system; the scheduler is in this process."""
    from hepml.engine.batch import open_batch
    from hepml.engine.site import load_site

    with open_batch(load_site(options.cluster, options.site)) as cluster:
        if not options.adapt:
            cluster.scale(workers)
        yield cluster


class Workplace:
    """The dask workers of one run: sought when the first chunk needs them, kept to its end.

    Parameters
    ----------
    workers : int
        Processes, where none are there yet.
    options : ClusterOptions
        Where they come from.
    processor : type
        The processor's class, whose code must be the same there.
    out : path
        Run directory.
    model : AppliedModel, optional
        Model that the workers must be able to read.
    """

    def __init__(
        self,
        workers: int,
        options: ClusterOptions,
        processor: type[Processor],
        out: Path,
        model: AppliedModel | None = None,
    ) -> None:
        self.workers = workers
        self.options = options
        self.processor = processor
        self.out = out
        self.model = model
        self._stack = ExitStack()
        self._client: Any = None
        self._expected: Expected | None = None

    def __enter__(self) -> Workplace:
        return self

    def __exit__(self, *error: object) -> None:
        self._client = None
        self._stack.close()

    def open(self) -> tuple[Any, Expected]:
        """Return the client, and what every worker must have; workers are asked first."""
        if self._client is None or self._expected is None:
            client = self._stack.enter_context(
                dask_client(self.workers, self.options.scheduler, self.options)
            )
            self.options.announce(f"dask dashboard: {client.dashboard_link}")
            self._expected = self._agree(client)
            self._client = client
        return self._client, self._expected

    def watch(self, prefix: str = "") -> Watch:
        """Tells whether tasks whose keys begin like this are lost, or only slow."""
        from hepml.engine.watch import NO_WORKERS, Watch

        client, _ = self.open()

        def revive(present: int) -> None:
            # dask does not start a worker again that died while it started
            wanted = self.workers if self.options.cluster == LOCAL_CLUSTER else 1
            if client.cluster is not None and not self.options.adapt and present < wanted:
                client.cluster.scale(self.workers)

        return Watch(client, prefix, self._patience() or NO_WORKERS, revive)

    def _agree(self, client: Any) -> Expected:
        """Same code and model everywhere, now and later; and do they see the run directory?"""
        from hepml.engine.delivery import deliver
        from hepml.engine.handshake import (
            TOPIC,
            Guard,
            check_workers,
            expected_code,
            probe_output,
        )
        from hepml.engine.performance import performance_page
        from hepml.engine.shipping import ship

        if self.options.cluster != LOCAL_CLUSTER:
            self.options.announce(f"waiting for the first job of {self.options.cluster}")
        if self.options.ship:
            client.wait_for_workers(1, timeout=self._patience() or CONNECT_TIMEOUT)
            ship(client, self.processor)
        applies = self.model is not None
        check_workers(client, self.processor, self._patience(), models=applies)
        parcel = b"" if self.model is None else deliver(client, self.model, self.options.announce)
        expected = expected_code(self.processor, models=applies)
        expected = probe_output(client, replace(expected, model=self.model), self.out)
        if expected.mark:
            self._stack.callback(Path(expected.mark).unlink, missing_ok=True)
        else:
            self.options.announce(f"the workers do not see {self.out}: results travel back")
        name = f"hepml-guard-{expected.code[:16]}"
        client.register_plugin(Guard(expected, parcel), name=name)
        client.subscribe_topic(TOPIC, self._turned_away)
        self._stack.callback(_forget, client, name)
        if report := self.options.performance_report:
            page = performance_page(client, report, self.options.announce)
            self._stack.enter_context(page)
        return expected

    def _patience(self) -> float | None:
        """Seconds to wait for the first worker, where a batch system decides."""
        if self.options.scheduler or self.options.cluster == LOCAL_CLUSTER:
            return None
        from hepml.engine.site import load_site

        return load_site(self.options.cluster, self.options.site).patience * 60

    def _turned_away(self, event: tuple[float, dict[str, str]]) -> None:
        _, found = event
        self.options.announce(f"dask worker {found['worker']} was turned away: {found['reason']}")


def _forget(client: Any, name: str) -> None:
    """Take the guard off a scheduler that outlives the run."""
    from hepml.engine.handshake import TOPIC

    with suppress(OSError, ValueError, RuntimeError, TimeoutError):
        client.unsubscribe_topic(TOPIC)
        client.unregister_worker_plugin(name)
