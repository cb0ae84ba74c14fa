"""Runs: plan, execute, reconcile; the run directory as an object."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.cutflow import cutflow_rows
from hepml.engine.executors import check_executor, execute
from hepml.engine.plan import Chunk, Plan
from hepml.engine.planning import make_plan
from hepml.engine.pool import stop_shared_pool, warm_up
from hepml.engine.rundir import Run
from hepml.engine.sources import check_lazy
from hepml.engine.store import Layout, locked, write_json, write_text
from hepml.errors import HepmlError

if TYPE_CHECKING:
    from hepml.processor import Processor
    from hepml.records import Input

__all__ = ["Run", "execute_plan", "run"]

logger = logging.getLogger(__name__)


def run(
    processor: Processor,
    catalogue: Sequence[Input] | Mapping[str, str | Sequence[str]] | Sequence[str],
    *,
    out: str | Path,
    executor: str = "futures",
    workers: int = 2,
    scheduler: str | None = None,
    chunk_size: int | None = None,
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
    chunk_size : int, optional
        Wanted entries a chunk; default: the processor's own, ``processor.chunk_size``.
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
    check_lazy(executor, processor)
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
            replace(item, dataset=name, label=item.label if item.catalogued else name, named=True)
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
    process = partial(
        _process,
        layout,
        processor,
        fingerprint,
        executor=executor,
        workers=workers,
        scheduler=scheduler,
        retries=retries,
    )
    with locked(layout):
        chunks = list(plan.chunks())
        done = {c.id for c in chunks if load_checkpoint(layout, c, fingerprint) is not None}
        _remove_stale(layout, [chunk for chunk in chunks if chunk.id in done])
        records: dict[str, dict[str, Any]] = {}
        try:
            pending = [chunk for chunk in chunks if chunk.id not in done]
            with chunk_progress(layout, pending, show=progress, description=processor.name):
                records.update(process(pending))
            done |= {name for name, record in records.items() if record["state"] == "processed"}
            plan, pending = _without_shared(layout, plan, done)
            with chunk_progress(layout, pending, show=progress, description="duplicates"):
                records.update(process(pending))
        except KeyboardInterrupt:
            stop_shared_pool()
            finish(layout, plan, processor, fingerprint, records, executor)
            raise
        finish(layout, plan, processor, fingerprint, records, executor)
    result = Run(layout.root)
    return result if allow_missing else result.require_complete()


def _without_shared(layout: Layout, plan: Plan, done: Collection[str]) -> tuple[Plan, list[Chunk]]:
    """Let events that two data sets share count once: the new plan, and the chunks to redo."""
    from hepml.engine.duplicates import add_vetoes, find_shared

    chunks = [chunk for chunk in plan.chunks() if chunk.id in done]
    shared = find_shared(layout, plan, {layout.part(c.dataset, c.id) for c in chunks})
    changed = add_vetoes(layout, plan, shared)
    again = [chunk for chunk in changed.chunks() if chunk.id in shared]
    for chunk in again:
        # the progress bar counts checkpoints; and nothing made before may be taken for the result
        layout.checkpoint(chunk.id).unlink(missing_ok=True)
    return changed, again


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
