"""Execute a plan: every chunk without a result is processed, then all of them are reconciled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import CancelledError
from functools import partial
from typing import TYPE_CHECKING, Any

from hepml.cutflow import cutflow_rows
from hepml.engine.cluster import ClusterOptions, Workplace
from hepml.engine.executors import execute
from hepml.engine.plan import Chunk, Plan
from hepml.engine.pool import stop_shared_pool
from hepml.engine.report import last_reasons
from hepml.engine.rundir import Run
from hepml.engine.store import Layout, locked, write_json, write_text
from hepml.engine.task import reason_of
from hepml.errors import HepmlError
from hepml.redaction import redacted, safe_logger

if TYPE_CHECKING:
    from hepml.processor import Processor

__all__ = ["execute_plan", "finish"]

logger = safe_logger(__name__)

DONE = "processed"


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
    options: ClusterOptions | None = None,
) -> Run:
    """Process every planned chunk that has no valid checkpoint, then reconcile.

    Also when interrupted: the report then names what never ran, and the run can be resumed.
    """
    from hepml.engine.checkpoint import load_checkpoint
    from hepml.engine.fingerprint import fingerprint as make_fingerprint
    from hepml.engine.progress import chunk_progress

    fingerprint = make_fingerprint(processor)
    options = options or ClusterOptions(scheduler=scheduler)
    place = Workplace(workers, options, type(processor), layout.root.resolve(), processor.model)
    process = partial(_process, layout, processor, fingerprint, executor, place, retries)
    with locked(layout), place:
        chunks = list(plan.chunks())
        done = {c.id for c in chunks if load_checkpoint(layout, c, fingerprint) is not None}
        _remove_stale(layout, [chunk for chunk in chunks if chunk.id in done])
        pending = [chunk for chunk in chunks if chunk.id not in done]
        records = last_reasons(layout, plan)
        try:
            _outdate(layout, pending)
            with chunk_progress(layout, pending, show=progress, description=processor.name):
                records.update(process(pending))
            done |= {name for name, record in records.items() if record.get("state") == DONE}
            plan, pending = _without_shared(layout, plan, done)
            _outdate(layout, pending)
            with chunk_progress(layout, pending, show=progress, description="duplicates"):
                records.update(process(pending))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                stop_shared_pool()
            # a run that never began (no scheduler, other code on the workers) needs no report
            if not isinstance(error, HepmlError) or any(layout.checkpoints.iterdir()):
                finish(layout, plan, processor, fingerprint, records, executor)
            raise
        finish(layout, plan, processor, fingerprint, records, executor)
    result = Run(layout.root)
    return result if allow_missing else result.require_complete()


def _outdate(layout: Layout, pending: Sequence[Chunk]) -> None:
    """Drop the report before anything changes: a kill must not leave one of another state."""
    if pending:
        layout.report.unlink(missing_ok=True)


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
                path.unlink(missing_ok=True)


def _process(
    layout: Layout,
    processor: Processor,
    fingerprint: str,
    executor: str,
    place: Workplace,
    retries: int,
    pending: Sequence[Chunk],
) -> dict[str, dict[str, Any]]:
    """Records of all chunks; of those that went down with a cluster, why."""
    from hepml.engine.checkpoint import load_checkpoint

    try:
        return _executed(layout, processor, fingerprint, executor, place, retries, pending)
    except (CancelledError, OSError) as error:
        logger.warning("the workers were lost: %s", error)
        lost = {"state": "failed", "reason": f"the workers were lost: {reason_of(error)}"}
        done = {chunk.id for chunk in pending if load_checkpoint(layout, chunk, fingerprint)}
        return {chunk.id: {"state": DONE} if chunk.id in done else lost for chunk in pending}


def _executed(
    layout: Layout,
    processor: Processor,
    fingerprint: str,
    executor: str,
    place: Workplace,
    retries: int,
    pending: Sequence[Chunk],
) -> dict[str, dict[str, Any]]:
    if executor == "dask-awkward":
        from hepml.engine.lazy import execute_lazily

        return execute_lazily(layout, processor, pending, fingerprint, place=place, retries=retries)
    from hepml.engine.checkpoint import load_checkpoint
    from hepml.engine.losses import outlive_workers
    from hepml.engine.task import Job

    job = Job.make(processor, str(layout.root.resolve()), fingerprint, retries)

    def attempt(chunks: Sequence[Chunk], size: int) -> dict[str, dict[str, Any]]:
        found = execute(
            executor,
            chunks,
            job,
            processor=type(processor),
            workers=size,
            place=place,
        )
        # a result may be on disk although its record went down with the pool
        for chunk in chunks:
            if chunk.id not in found and load_checkpoint(layout, chunk, fingerprint):
                found[chunk.id] = {"state": DONE}
        return found

    return outlive_workers(attempt, pending, place.workers)


def finish(
    layout: Layout,
    plan: Plan,
    processor: Processor,
    fingerprint: str,
    records: Mapping[str, Mapping[str, Any]],
    executor: str,
) -> None:
    """Reconcile and write every output of the run."""
    from hepml.engine.provenance import make_provenance
    from hepml.engine.report import reconcile
    from hepml.histograms import dump_histograms
    from hepml.tables import FeatureTable

    result = reconcile(layout, plan, processor, fingerprint, records)
    # a part without its checkpoint holds rows that no histogram counts
    for path in layout.features.rglob("*"):
        if path.is_file() and path not in result.parts:
            path.unlink(missing_ok=True)
    for path in layout.checkpoints.glob(".*.tmp"):
        path.unlink(missing_ok=True)  # of a worker that was killed
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
