"""Resume an interrupted or incomplete run, and check one against what is on disk."""

from __future__ import annotations

import importlib.machinery
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.engine.chunking import limited
from hepml.engine.cluster import ClusterOptions, as_options, check_cluster
from hepml.engine.execution import execute_plan
from hepml.engine.executors import check_executor
from hepml.engine.plan import Plan, PlannedFile, UnopenedFile
from hepml.engine.planning import local_state, plan_file, unopened_file
from hepml.engine.pool import warm_up
from hepml.engine.refusals import refuse_mixed, refuse_other_model, refuse_overlap
from hepml.engine.rundir import Run
from hepml.engine.samples import refuse_unnormalised
from hepml.engine.sources import check_lazy
from hepml.engine.store import Layout, locked
from hepml.engine.withheld import restore
from hepml.errors import FileAccessError, HepmlError, OutputError, ProcessorError
from hepml.redaction import redacted
from hepml.scoring import comparable

if TYPE_CHECKING:
    from hepml.inputs import Input
    from hepml.processor import Processor

__all__ = ["check", "resume", "stored_processor"]


def stored_processor(plan: Plan, where: Path) -> Processor:
    """Rebuild the processor that a plan names.

    Raises
    ------
    ProcessorError
        If the run was made with a processor that only lived in a Python session.
    """
    from hepml.registry import find_processor, processor_names

    if plan.processor is None:
        raise ProcessorError(
            f"The run in {where} used a processor made in a Python session, which this command "
            f"cannot find. Resume it from Python:  hepml.Run({str(where)!r}).resume(processor)"
        )
    if plan.processor not in processor_names():
        _refuse_own_code(plan.processor, where)
    return find_processor(plan.processor).from_parameters(**plan.parameters)


def _refuse_own_code(name: str, where: Path) -> None:
    """Refuse to import what lies in a run directory: it may come from anybody.

    Raises
    ------
    ProcessorError
        If the module that a plan names would be taken from the run directory itself.
    """
    top = name.partition(":")[0].partition(".")[0]
    spec = None if top in sys.modules else importlib.machinery.PathFinder.find_spec(top)
    places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or ())]
    for place in places:
        if place and Path(place).resolve().is_relative_to(where.resolve()):
            raise ProcessorError(
                f"The run in {where} names the processor {name!r}, whose code lies in the run "
                "directory itself; it is not executed. Put it beside your own code if you trust it."
            )


def _loaded_processor(plan: Plan) -> Processor | None:
    """The plan's processor if it is registered or loaded already; nothing is imported for it."""
    from hepml.registry import processor_names

    name = plan.processor
    if name is None or (
        name not in processor_names() and name.partition(":")[0] not in sys.modules
    ):
        return None
    return stored_processor(plan, Path())


def resume(
    path: str | Path,
    processor: Processor | None = None,
    *,
    executor: str = "futures",
    workers: int = 2,
    scheduler: str | None = None,
    cluster: ClusterOptions | str = "local",
    retries: int = 2,
    replan: Sequence[str] = (),
    urls: Sequence[str] = (),
    progress: bool = False,
    allow_missing: bool = False,
) -> Run:
    """Process what a run lacks; what it has is not computed again.

    Parameters
    ----------
    path : path
        The run directory.
    processor : Processor, optional
        Needed only for a processor made in a Python session.
    replan : sequence of str
        Files that changed and whose chunks are to be dropped and done again.
    urls : sequence of str
        URLs with their user or token, where the run was planned with such; they are not kept.

    Raises
    ------
    FileAccessError
        If a file changed after some of its chunks were processed and it is not in ``replan``.
    """
    check_executor(executor, workers, retries)
    options = as_options(cluster, scheduler)
    check_cluster(executor, options)
    layout = Layout(path)
    plan = Plan.load(layout.plan)
    if executor == "futures":
        warm_up()
    plan = restore(plan, urls)
    chosen = processor or stored_processor(plan, Path(path))
    check_lazy(executor, chosen)
    refuse_other_model(plan.parameters, chosen, path)
    if comparable(as_json(chosen.parameters())) != comparable(as_json(plan.parameters)):
        raise ProcessorError(
            f"The run in {path} was made with other parameters ({plan.parameters}); "
            "a run keeps its parameters to the end. Start a new run for other ones."
        )
    with locked(layout):
        plan = _refresh(layout, plan, chosen, replan)
        plan.save(layout.plan)
    return execute_plan(
        layout,
        plan,
        chosen,
        executor=executor,
        workers=workers,
        options=options,
        retries=retries,
        progress=progress,
        allow_missing=allow_missing,
    )


def _refresh(layout: Layout, plan: Plan, processor: Processor, replan: Sequence[str]) -> Plan:
    """Plan changed and formerly unreadable files again."""
    wanted = _wanted(plan, replan)
    files: list[PlannedFile] = []
    stale: list[PlannedFile | UnopenedFile] = list(plan.unopened)
    for file in plan.files:
        size, modified = local_state(file.endpoints)
        changed = size is not None and (size, modified) != (file.size, file.modified)
        done = [c for c in file.chunks() if layout.checkpoint(c.id).exists()]
        if changed and done and file.order not in wanted:
            raise FileAccessError(
                f"{file.endpoints[0]} changed since {len(done)} of its chunks were processed. "
                f"Drop and redo them:  hepml resume {layout.root} --replan {file.endpoints[0]}"
            )
        (stale if changed or file.order in wanted else files).append(file)
    unopened: list[UnopenedFile] = []
    for lost in stale:
        item = _as_input(lost)
        try:
            again = plan_file(processor, item, plan.chunk_size)
            files.append(replace(again, order=lost.order))
        except HepmlError as error:
            unopened.append(unopened_file(item, error, lost.order))
    refuse_overlap(files)
    refuse_mixed(files)
    fresh = replace(plan, files=limited(files, plan.max_events), unopened=tuple(unopened))
    refuse_unnormalised(fresh)
    # nothing above can fail any more: now the results of files to be redone may go
    for lost in stale:
        for chunk in lost.chunks() if isinstance(lost, PlannedFile) else ():
            if layout.checkpoint(chunk.id).exists():
                # another data set may leave out events because this file had them: look again
                fresh = replace(fresh, vetoes={})
            layout.report.unlink(missing_ok=True)  # it would tell of results that are gone
            layout.checkpoint(chunk.id).unlink(missing_ok=True)
            layout.part(chunk.dataset, chunk.id).unlink(missing_ok=True)
    return fresh


def _wanted(plan: Plan, replan: Sequence[str]) -> set[int]:
    """Places among the inputs of the files that the user wants redone."""
    wanted = set()
    for name in replan:
        names = {name, os.path.abspath(name)}
        given: list[PlannedFile | UnopenedFile] = [*plan.files, *plan.unopened]
        found = {
            file.order for file in given if names & {*file.endpoints, *redacted(file.endpoints)}
        }
        if not found:
            known = ", ".join(file.endpoints[0] for file in plan.files[:5])
            raise FileAccessError(f"--replan {name}: the run has no such file. It has {known}.")
        wanted |= found
    return wanted


def _as_input(file: PlannedFile | UnopenedFile) -> Input:
    from hepml.inputs import Input, Published

    return Input(
        dataset=file.dataset,
        endpoints=file.endpoints,
        kind=file.kind,
        label=file.label,
        trees=(file.tree,) if isinstance(file, PlannedFile) else file.trees,
        catalogued=file.catalogued,
        published=Published(**file.published) if file.published else None,
        cross_section=file.cross_section,
        named=isinstance(file, PlannedFile) or file.named,
    )


def as_json(parameters: Mapping[str, Any]) -> Any:
    """Parameters as they come back from a file: tuples are lists there."""
    return json.loads(json.dumps(parameters))


def check(path: str | Path) -> Run:
    """Compare a run's plan with its checkpoints and parts as they are on disk now.

    Nothing that the run directory names is imported, so that one from a stranger can be checked.

    Returns
    -------
    Run
        With a report made anew; nothing is written.

    Raises
    ------
    IncompleteRunError
        If a chunk has no valid result.
    """
    from hepml.engine.duplicates import SHARED, find_shared
    from hepml.engine.fingerprint import fingerprint
    from hepml.engine.report import last_reasons, reconcile

    run = Run(path)
    processor = _loaded_processor(run.plan)
    stored = run.provenance["fingerprint"] if run.layout.provenance.exists() else None
    if processor is None and stored is None:
        raise OutputError(
            f"{path} was stopped before its first report and its processor is not registered, so "
            f"there is nothing to compare with. Finish it:  hepml resume {path}"
        )
    mark = stored or fingerprint(processor)  # type: ignore[arg-type]  # one of them is there
    reasons = last_reasons(run.layout, run.plan)
    result = reconcile(run.layout, run.plan, processor, mark, reasons)
    if shared := find_shared(run.layout, run.plan, result.parts):
        # stopped after the last chunk, before the events of two data sets were told apart
        plan = replace(run.plan, vetoes=run.plan.vetoes | dict.fromkeys(shared, "to be made"))
        reasons |= {name: {"reason": SHARED} for name in shared}
        result = reconcile(run.layout, plan, processor, mark, reasons)
    run.__dict__["report"] = result.report
    return run.require_complete()
