"""Make a plan: open every file once, check it, and cut it into chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.engine.absences import absent_branches
from hepml.engine.chunking import chunk_edges, limited
from hepml.engine.imported import merged_folders
from hepml.engine.openings import map_files
from hepml.engine.plan import Plan, PlannedFile, UnopenedFile
from hepml.engine.refusals import refuse_mixed, refuse_overlap, refuse_unused
from hepml.engine.replicas import are_silent, is_remote, preferred
from hepml.engine.retries import REMOTE_WAIT, attempts
from hepml.engine.samples import refuse_unnormalised
from hepml.engine.sources import explain_for, open_source
from hepml.engine.store import plain_name
from hepml.errors import (
    BranchError,
    EmptyInputError,
    FileAccessError,
    HepmlError,
    ParameterError,
    ProcessorError,
    did_you_mean,
)
from hepml.redaction import safe_logger

if TYPE_CHECKING:
    from hepml.inputs import Input
    from hepml.processor import Processor

__all__ = ["check_branches", "local_state", "make_plan", "plan_file", "unopened_file"]

logger = safe_logger(__name__)


def make_plan(
    processor: Processor,
    inputs: Sequence[Input],
    *,
    name: str | None,
    chunk_size: int | None = None,
    max_events: int | None = None,
    kind: str | None = None,
    retries: int = 0,
    executor: str = "iterative",
    workers: int = 1,
    on_files: Callable[[int], None] = lambda count: None,
) -> Plan:
    """Open every file once and cut it into chunks.

    The plan follows the order of the inputs, whoever opens them.

    Parameters
    ----------
    processor : Processor
        Says which trees and branches it needs.
    inputs : sequence of Input
        Files with their dataset, endpoints and what the catalogue knows.
    name : str or None
        Name by which the processor can be found again.
    chunk_size : int, optional
        Wanted entries a chunk; default: the processor's own.
    max_events : int, optional
        At most this many events per dataset.
    kind : {"data", "simulation"}, optional
        For files that neither the catalogue nor their content classifies.
    retries : int
        Further attempts at a remote file that does not open.
    executor, workers : str, int
        Those of the run; where there are many files, or its processes already, these open them.
    on_files : callable
        Is told how many more files are done, for a progress bar.

    Raises
    ------
    HepmlError
        If no file can be opened: the error of the first one.
    EmptyInputError
        If there is no event at all.
    OverlapError
        If the same file (by its uuid) is given twice.
    """
    size = processor.chunk_size if chunk_size is None else chunk_size
    if size < 1:
        raise ParameterError(f"--chunk-size must be at least 1, not {size}.")
    if max_events is not None and max_events < 1:
        raise ParameterError(f"--max-events must be at least 1, not {max_events}.")
    if kind not in (None, "data", "simulation"):
        raise ParameterError(f"--kind is data or simulation, not {kind!r}.")
    if not inputs:
        raise EmptyInputError("No input files. Name files, directories or catalogue datasets.")

    outcomes = map_files(
        partial(_attempt, processor, size, kind, retries),
        list(enumerate(inputs)),
        processor=type(processor),
        executor=executor,
        workers=workers,
        on_files=on_files,
    )
    files = [item for item in outcomes if isinstance(item, PlannedFile)]
    broken = [item for item in outcomes if not isinstance(item, PlannedFile)]
    if not files:
        raise broken[0][1]
    refuse_overlap(files)
    refuse_mixed(files)
    refuse_unused(processor, inputs)
    if sum(file.entries for file in files) == 0 and not broken:
        raise EmptyInputError(
            f"There are no events in {_names(files)}: nothing to select. "
            "Check that the right tree was written into the file."
        )
    plan = Plan(
        processor=name,
        parameters=processor.parameters(),
        files=limited(files, max_events),
        unopened=tuple(item for item, _ in broken),
        chunk_size=size,
        max_events=max_events,
        notes=(
            *(f"{file.endpoints[0]} holds no events." for file in files if not file.entries),
            *merged_folders([file for file in files if not inputs[file.order].named]),
        ),
        event_keys=_event_keys(processor),
    )
    refuse_unnormalised(plan)
    return plan


def _attempt(
    processor: Processor,
    chunk_size: int,
    kind: str | None,
    retries: int,
    numbered: tuple[int, Input],
) -> PlannedFile | tuple[UnopenedFile, HepmlError]:
    """Plan one file, or say why it did not open; a server may be there again a little later."""
    order, item = numbered
    remote = any(map(is_remote, item.endpoints)) and not are_silent(item.endpoints)
    for attempt in attempts(retries if remote else 0, REMOTE_WAIT):
        try:
            return replace(plan_file(processor, item, chunk_size, kind), order=order)
        except HepmlError as failure:
            error = failure
            if not isinstance(failure, FileAccessError):
                break
            logger.debug("attempt %d at %s failed", attempt + 1, item.endpoints, exc_info=failure)
    return unopened_file(item, error, order), error


def plan_file(
    processor: Processor, item: Input, chunk_size: int, kind: str | None = None
) -> PlannedFile:
    """Open one file at its first endpoint that can be read, check it, and cut it into chunks."""
    reasons = []
    for endpoint in preferred(item.endpoints):
        try:
            return _plan_at(endpoint, processor, item, chunk_size, kind)
        except FileAccessError as error:
            reasons.append(str(error))
        except HepmlError:
            raise
        # a file that is cut short may open and then fail wherever it is read
        except Exception as error:
            logger.debug("%s could not be planned", endpoint, exc_info=error)
            reasons.append(f"Cannot read {endpoint}: {explain_for(processor, endpoint, error)}")
    hint = ""
    if item.catalogued and all("://" in endpoint for endpoint in item.endpoints):
        hint = (
            f"\nWhere there is a network:  hepml datasets download {item.catalogued} --mirror DIR"
            "\nand then run with  --mirror DIR"
        )
    raise FileAccessError("\n  then ".join(reasons) + hint)


def _plan_at(
    endpoint: str, processor: Processor, item: Input, chunk_size: int, kind: str | None
) -> PlannedFile:
    source, _ = open_source(processor, (endpoint,))
    with source:
        tree = source.table(item.trees, processor)
        notes = source.notes or {}
        found = item.kind or notes.get("kind") or processor.kind_of(tree) or kind
        if found is None and tree.num_entries == 0:
            found = "simulation"  # no event to classify: it contributes nothing either way
        if found is None:
            check_branches(processor, tree, "data", endpoint)
            raise ParameterError(
                f"Nothing says whether {endpoint} is data or simulation. "
                "Add --kind data or --kind simulation."
            )
        check_branches(processor, tree, found, endpoint)
        size, modified = local_state((endpoint,))
        constants = processor.file_constants(source.handle, tree.name, found)
        dataset = item.dataset if item.named else str(notes.get("dataset") or item.dataset)
        for name in (dataset, source.uuid):
            plain_name(name)  # an import's notes may say anything
        return PlannedFile(
            dataset=dataset,
            kind=found,
            label=item.label if item.named else dataset,
            endpoints=item.endpoints,
            tree=tree.name,
            uuid=source.uuid,
            entries=int(tree.num_entries),
            edges=chunk_edges(source.edges(tree), int(tree.num_entries), chunk_size),
            size=size,
            modified=modified,
            catalogued=item.catalogued,
            published=None if item.published is None else asdict(item.published),
            simulation=source.simulation(),
            constants=None if constants is None else dict(constants),
            cross_section=item.cross_section_corrected or item.cross_section,
            absent=absent_branches(processor, tree, found),
            imported=source.notes,
        )


def unopened_file(item: Input, error: HepmlError, order: int) -> UnopenedFile:
    """Record a file that did not open, with what is needed to plan it later."""
    size, modified = local_state(item.endpoints)
    return UnopenedFile(
        dataset=item.dataset,
        endpoints=item.endpoints,
        reason=str(error),
        size=size,
        modified=modified,
        kind=item.kind,
        label=item.label,
        trees=item.trees,
        catalogued=item.catalogued,
        published=None if item.published is None else asdict(item.published),
        cross_section=item.cross_section_corrected or item.cross_section,
        order=order,
        named=item.named,
    )


def local_state(endpoints: Sequence[str]) -> tuple[int | None, int | None]:
    """Size [bytes] and modification time [ns] of the first endpoint that is a local file."""
    for endpoint in endpoints:
        path = Path(endpoint.removeprefix("file://"))
        if "://" not in str(endpoint) or endpoint.startswith("file://"):
            try:
                state = path.stat()
            except OSError:
                continue
            return state.st_size, state.st_mtime_ns
    return None, None


def check_branches(processor: Processor, tree: Any, kind: str, endpoint: str) -> None:
    """Raise a BranchError that names every missing branch or column with its near misses."""
    present = set(tree.keys())
    missing = [name for name in processor.required_branches(tree.name, kind) if name not in present]
    if missing:
        hints = "\n".join(f"  {name}: {did_you_mean(name, present)}" for name in missing[:6])
        more = f"\n  ... and {len(missing) - 6} more" if len(missing) > 6 else ""
        place, what = (f", tree {tree.name!r},", "branches") if tree.name else ("", "columns")
        raise BranchError(
            f"{endpoint}{place} lacks {len(missing)} of the {what} that "
            f"{processor.name!r} needs:\n{hints}{more}"
        )


def _event_keys(processor: Processor) -> tuple[str, ...]:
    """Key columns that identify a collision, if there is a table to find them in."""
    keys = {column.name for column in processor.columns if column.role == "key"}
    unknown = sorted(set(processor.event_ids) - keys)
    if unknown:
        raise ProcessorError(
            f"{processor.name}.event_ids names {unknown[0]!r}, which is not one of its key columns "
            f"({', '.join(sorted(keys))})."
        )
    return tuple(processor.event_ids)


def _names(files: Sequence[PlannedFile]) -> str:
    shown = ", ".join(file.endpoints[0] for file in files[:3])
    return shown + (f" and {len(files) - 3} more files" if len(files) > 3 else "")
