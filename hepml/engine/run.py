"""Runs: plan, execute, reconcile; the run directory as an object."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.cutflow import cutflow_rows
from hepml.engine.executors import check_executor, execute, stop_shared_pool, warm_up
from hepml.engine.plan import Chunk, Plan, make_plan
from hepml.engine.store import Layout, locked, write_json, write_text
from hepml.errors import HepmlError, IncompleteRunError, OutputError

if TYPE_CHECKING:
    import hist

    from hepml.processor import Processor
    from hepml.records import Input
    from hepml.tables import FeatureTable

__all__ = ["Run", "execute_plan", "run"]

logger = logging.getLogger(__name__)


class Run:
    """A finished or interrupted run on disk.

    Parameters
    ----------
    path : path
        The run directory.

    Raises
    ------
    OutputError
        If the folder is not a run directory.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.layout = Layout(path)
        if not self.layout.plan.exists():
            raise OutputError(
                f"{self.path} is not a run directory: it has no plan.json. "
                "Give the folder named with --out."
            )

    def _json(self, path: Path) -> Any:
        if not path.exists():
            raise OutputError(
                f"{path} does not exist: the run was stopped before its end. "
                f"Finish it with  hepml resume {self.path}"
            )
        try:
            return json.loads(path.read_text())
        except ValueError as error:
            raise OutputError(f"{path} is damaged: {error}.") from error

    @cached_property
    def plan(self) -> Plan:
        """What was planned."""
        return Plan.load(self.layout.plan)

    @cached_property
    def report(self) -> dict[str, Any]:
        """Content of ``report.json``: planned, processed, failed, per dataset."""
        return dict(self._json(self.layout.report))

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Content of ``provenance.json``."""
        return dict(self._json(self.layout.provenance))

    @cached_property
    def cutflow(self) -> dict[str, list[dict[str, Any]]]:
        """Dataset to list of ``{step, raw, weighted}``."""
        return dict(self._json(self.layout.cutflow))

    @cached_property
    def histograms(self) -> dict[str, hist.Hist[Any]]:
        """Histograms by name, with axes dataset and variation first."""
        from hepml.histograms import load_histograms

        self._json(self.layout.histograms)
        return load_histograms(self.layout.histograms)

    @cached_property
    def features(self) -> FeatureTable:
        """The feature table."""
        from hepml.tables import FeatureTable

        return FeatureTable.open(self.layout.features)

    @property
    def complete(self) -> bool:
        """Whether every planned chunk has a result."""
        return bool(self.report["processed"] == self.report["planned"])

    def require_complete(self) -> Run:
        """Return the run itself if nothing is missing.

        Raises
        ------
        IncompleteRunError
            With the first losses and what to do about them.
        """
        if not self.complete:
            raise IncompleteRunError(describe_loss(self.path, self.report))
        return self

    def __repr__(self) -> str:
        return (
            f"<Run {self.path}: {self.provenance['processor']}, "
            f"{self.report['processed']}/{self.report['planned']} chunks, "
            f"{self.report['events_processed']:,} events>"
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{name}</td><td>{item['kind']}</td><td>{item['events']:,}</td>"
            f"<td>{item['rows']:,}</td><td>{item['processed']}/{item['planned']}</td></tr>"
            for name, item in self.report["datasets"].items()
        )
        return (
            f"<p><b>Run</b> {self.path} ({self.provenance['processor']})</p><table><tr>"
            "<th>dataset</th><th>kind</th><th>events</th><th>rows</th><th>chunks</th></tr>"
            f"{rows}</table>"
        )


def run(
    processor: Processor,
    catalogue: Sequence[Input] | Mapping[str, str | Sequence[str]] | Sequence[str],
    *,
    out: str | Path,
    executor: str = "futures",
    workers: int = 2,
    scheduler: str | None = None,
    chunk_size: int = 250_000,
    max_events: int | None = None,
    kind: str | None = None,
    retries: int = 2,
    progress: bool = False,
    allow_missing: bool = False,
) -> Run:
    """Run a processor over files and write a run directory.

    Parameters
    ----------
    processor : Processor
        The selection, with its parameters.
    catalogue : sequence of Input, sequence of str, or mapping of str to files
        ``Catalogue.select(...)``; or file names, directories and dataset names as on the
        command line; or dataset name to files.
    out : path
        Folder to create.
    executor : {"iterative", "futures", "dask", "dask-awkward"}
        How to run; the result does not depend on it.
    workers : int
        Processes on this machine.
    scheduler : str, optional
        Address of a running dask scheduler, for the dask executors.
    chunk_size : int
        Wanted entries a chunk.
    max_events : int, optional
        At most this many events per dataset; such a run cannot be normalised.
    kind : {"data", "simulation"}, optional
        For files that neither the catalogue nor their content classifies.
    retries : int
        Further attempts at a chunk that failed.
    progress : bool
        Show a progress bar.
    allow_missing : bool
        Return an incomplete run instead of raising.

    Returns
    -------
    Run
        The finished run.

    Raises
    ------
    IncompleteRunError
        If a chunk has no result and ``allow_missing`` is false; the run directory stays.
    """
    from hepml.registry import registered_name

    check_executor(executor, workers, retries)
    layout = Layout(out)
    layout.refuse_taken()
    if executor == "futures":
        warm_up()
    plan = make_plan(
        processor,
        as_inputs(catalogue, processor.name),
        name=registered_name(type(processor)),
        chunk_size=chunk_size,
        max_events=max_events,
        kind=kind,
    )
    layout.create()
    plan.save(layout.plan)
    try:
        return execute_plan(
            layout,
            plan,
            processor,
            executor=executor,
            workers=workers,
            scheduler=scheduler,
            retries=retries,
            progress=progress,
            allow_missing=allow_missing,
        )
    except HepmlError:
        if not layout.report.exists():
            layout.discard_unused()  # no scheduler, other code on the workers: it never began
        raise


def as_inputs(
    catalogue: Sequence[Input] | Mapping[str, str | Sequence[str]] | Sequence[str], channel: str
) -> tuple[Input, ...]:
    """Accept inputs, command-line words, or a mapping of dataset name to files."""
    from hepml.catalogue import Catalogue, resolve_inputs
    from hepml.records import Input

    if isinstance(catalogue, Mapping):
        return tuple(
            replace(item, dataset=name, label=item.label if item.catalogued else name)
            for name, files in catalogue.items()
            for item in resolve_inputs(
                [files] if isinstance(files, str) else [str(file) for file in files],
                Catalogue.load(),
                channel,
            )
        )
    items = [catalogue] if isinstance(catalogue, str) else list(catalogue)
    ready = tuple(item for item in items if isinstance(item, Input))
    if len(ready) == len(items):
        return ready
    return resolve_inputs([str(item) for item in items], Catalogue.load(), channel)


def execute_plan(
    layout: Layout,
    plan: Plan,
    processor: Processor,
    *,
    executor: str,
    workers: int,
    scheduler: str | None = None,
    retries: int = 2,
    progress: bool = False,
    allow_missing: bool = False,
) -> Run:
    """Process every planned chunk that has no valid checkpoint, then reconcile.

    Also when interrupted: the report then names what never ran, and the run can be resumed.
    """
    from hepml.engine.checkpoint import load_checkpoint
    from hepml.engine.fingerprint import fingerprint as make_fingerprint
    from hepml.engine.progress import chunk_progress

    fingerprint = make_fingerprint(processor)
    with locked(layout):
        chunks = list(plan.chunks())
        done = {c.id for c in chunks if load_checkpoint(layout, c, fingerprint) is not None}
        pending = [chunk for chunk in chunks if chunk.id not in done]
        _remove_stale(layout, [chunk for chunk in chunks if chunk.id in done])
        records: dict[str, dict[str, Any]] = {}
        try:
            with chunk_progress(layout, pending, show=progress, description=processor.name):
                records.update(
                    _process(
                        layout,
                        plan,
                        processor,
                        fingerprint,
                        pending,
                        executor=executor,
                        workers=workers,
                        scheduler=scheduler,
                        retries=retries,
                    )
                )
        except KeyboardInterrupt:
            stop_shared_pool()
            finish(layout, plan, processor, fingerprint, records, executor)
            raise
        finish(layout, plan, processor, fingerprint, records, executor)
    result = Run(layout.root)
    return result if allow_missing else result.require_complete()


def _remove_stale(layout: Layout, done: Sequence[Chunk]) -> None:
    """Drop what other code, another plan or a crash left behind, so that it cannot be counted."""
    keep = {layout.part(chunk.dataset, chunk.id) for chunk in done}
    keep |= {layout.checkpoint(chunk.id) for chunk in done}
    for folder in (layout.features, layout.checkpoints):
        for path in folder.rglob("*"):
            if path.is_file() and path not in keep:
                path.unlink()


def _process(
    layout: Layout,
    plan: Plan,
    processor: Processor,
    fingerprint: str,
    pending: Sequence[Chunk],
    *,
    executor: str,
    workers: int,
    scheduler: str | None,
    retries: int,
) -> dict[str, dict[str, Any]]:
    if executor == "dask-awkward":
        from hepml.engine.lazy import execute_lazily

        return execute_lazily(
            layout,
            processor,
            pending,
            fingerprint,
            workers=workers,
            scheduler=scheduler,
            retries=retries,
        )
    from hepml.engine.checkpoint import load_checkpoint
    from hepml.engine.losses import outlive_workers
    from hepml.engine.task import Job, run_chunk

    job = Job.make(processor, str(layout.root.resolve()), fingerprint, retries)

    def attempt(chunks: Sequence[Chunk], size: int) -> dict[str, dict[str, Any]]:
        found = execute(
            executor,
            chunks,
            partial(run_chunk, job),
            processor=type(processor),
            workers=size,
            scheduler=scheduler,
        )
        # a result may be on disk although its record went down with the pool
        for chunk in chunks:
            if chunk.id not in found and load_checkpoint(layout, chunk, fingerprint):
                found[chunk.id] = {"state": "processed"}
        return found

    return outlive_workers(attempt, pending, workers)


def finish(
    layout: Layout,
    plan: Plan,
    processor: Processor,
    fingerprint: str,
    records: Mapping[str, Mapping[str, Any]],
    executor: str,
) -> None:
    """Reconcile and write every output of the run."""
    from hepml.engine.provenance import make_provenance, redacted
    from hepml.engine.report import reconcile
    from hepml.histograms import dump_histograms
    from hepml.tables import FeatureTable

    result = reconcile(layout, plan, processor, fingerprint, records)
    # a part without its checkpoint holds rows that no histogram counts
    for path in layout.features.rglob("*"):
        if path.is_file() and path not in result.parts:
            path.unlink()
    parts = sorted(result.parts)
    result.report["duplicates"] = FeatureTable(parts).duplicates() if parts else {}
    write_text(layout.histograms, dump_histograms(result.histograms) + "\n")
    write_json(layout.cutflow, cutflow_rows(result.cutflow))
    write_json(
        layout.provenance,
        make_provenance(
            plan,
            name=processor.name,
            fingerprint=fingerprint,
            executor=executor,
            datasets=result.datasets,
        ),
    )
    write_json(layout.report, redacted(result.report))


def describe_loss(path: Path, report: Mapping[str, Any]) -> str:
    """Say what a run lacks and what to do about it."""
    failed = report["failed"]
    events = sum(b - a for a, b in (item["entries"] for item in failed if item["entries"]))
    lines = [
        f"{len(failed)} of {report['planned']} chunks"
        + (f" ({events:,} events)" if events else "")
        + " were not processed"
    ]
    for item in failed[:5]:
        where = "" if item["entries"] is None else " entries {}-{}".format(*item["entries"])
        reason = item["reason"]
        if len(reason) > 400:
            reason = reason[:400] + " ..."
        lines.append(f"  {item['dataset']!r} in {item['file']}{where}: {reason}")
    if len(failed) > 5:
        lines.append(f"  ... and {len(failed) - 5} more in {path / 'report.json'}")
    lines.append(f"retry only these:  hepml resume {path}")
    lines.append("accept the loss:   --allow-missing")
    return "\n".join(lines)
