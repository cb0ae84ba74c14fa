"""Make a plan: open every file once, check it, and cut it into chunks."""

from __future__ import annotations

import json
import logging
from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.engine.plan import Plan, PlannedFile, UnopenedFile
from hepml.errors import (
    BranchError,
    EmptyInputError,
    FileAccessError,
    HepmlError,
    OverlapError,
    ParameterError,
    TreeError,
    did_you_mean,
)

if TYPE_CHECKING:
    from hepml.processor import Processor
    from hepml.records import Input

__all__ = [
    "check_branches",
    "chunk_edges",
    "limited",
    "local_state",
    "make_plan",
    "plan_file",
    "refuse_mixed",
    "refuse_overlap",
    "unopened_file",
]

logger = logging.getLogger(__name__)

OPEN_THREADS = 8
SIMULATION_KEY = "hepml_simulation"


def chunk_edges(clusters: Sequence[int], entries: int, size: int) -> tuple[int, ...]:
    """Cut a file into chunks, at cluster boundaries where that costs little.

    Parameters
    ----------
    clusters : sequence of int
        Entry offsets at which baskets of all branches begin, with 0 and ``entries``.
    entries : int
        Entries to cut; may end inside a cluster.
    size : int
        Wanted entries a chunk. No chunk is larger than twice that.

    Returns
    -------
    tuple of int
        Boundaries from 0 to ``entries``.
    """
    if entries == 0:
        return (0,)
    count = max(1, round(entries / size))
    ideal = [round(entries * step / count) for step in range(1, count)]
    inner = [edge for edge in clusters if 0 < edge < entries]
    edges = [0]
    for wish in ideal:
        place = bisect_left(inner, wish)
        around = inner[max(0, place - 1) : place + 1]
        near = min(around, key=lambda edge: abs(edge - wish), default=wish)
        edges.append(near if abs(near - wish) <= size // 2 else wish)
    edges = sorted({*edges, entries})
    cut: list[int] = []
    for start, stop in pairwise(edges):
        pieces = -(-(stop - start) // (2 * size))
        cut += [start + (stop - start) * piece // pieces for piece in range(pieces)]
    return (*cut, entries)


def make_plan(
    processor: Processor,
    inputs: Sequence[Input],
    *,
    name: str | None,
    chunk_size: int = 250_000,
    max_events: int | None = None,
    kind: str | None = None,
    on_file: Callable[[], None] = lambda: None,
) -> Plan:
    """Open every file once and cut it into chunks.

    Parameters
    ----------
    processor : Processor
        Says which trees and branches it needs.
    inputs : sequence of Input
        Files with their dataset, endpoints and what the catalogue knows.
    name : str or None
        Name by which the processor can be found again.
    chunk_size : int
        Wanted entries a chunk.
    max_events : int, optional
        At most this many events per dataset.
    kind : {"data", "simulation"}, optional
        For files that neither the catalogue nor their content classifies.
    on_file : callable
        Called after each file, for a progress bar.

    Raises
    ------
    HepmlError
        If no file can be opened: the error of the first one.
    EmptyInputError
        If there is no event at all.
    OverlapError
        If the same file (by its uuid) is given twice.
    """
    if chunk_size < 1:
        raise ParameterError(f"--chunk-size must be at least 1, not {chunk_size}.")
    if max_events is not None and max_events < 1:
        raise ParameterError(f"--max-events must be at least 1, not {max_events}.")
    if kind not in (None, "data", "simulation"):
        raise ParameterError(f"--kind is data or simulation, not {kind!r}.")
    if not inputs:
        raise EmptyInputError("No input files. Name files, directories or catalogue datasets.")

    def attempt(order: int, item: Input) -> PlannedFile | tuple[UnopenedFile, HepmlError]:
        try:
            return replace(plan_file(processor, item, chunk_size, kind), order=order)
        except HepmlError as error:
            return unopened_file(item, error, order), error
        finally:
            on_file()

    with ThreadPoolExecutor(min(OPEN_THREADS, len(inputs))) as pool:
        outcomes = list(pool.map(attempt, range(len(inputs)), inputs))
    files = [item for item in outcomes if isinstance(item, PlannedFile)]
    broken = [item for item in outcomes if not isinstance(item, PlannedFile)]
    if not files:
        raise broken[0][1]
    refuse_overlap(files)
    refuse_mixed(files)
    _refuse_unused(processor, inputs)
    if sum(file.entries for file in files) == 0 and not broken:
        raise EmptyInputError(
            f"There are no events in {_names(files)}: nothing to select. "
            "Check that the right tree was written into the file."
        )
    return Plan(
        processor=name,
        parameters=processor.parameters(),
        files=limited(files, max_events),
        unopened=tuple(item for item, _ in broken),
        chunk_size=chunk_size,
        max_events=max_events,
        notes=tuple(f"{file.endpoints[0]} holds no events." for file in files if not file.entries),
    )


def plan_file(
    processor: Processor, item: Input, chunk_size: int, kind: str | None = None
) -> PlannedFile:
    """Open one file at its first endpoint that can be read, check it, and cut it into chunks."""
    from hepml.engine.replicas import explain

    reasons = []
    for endpoint in item.endpoints:
        try:
            return _plan_at(endpoint, processor, item, chunk_size, kind)
        except FileAccessError as error:
            reasons.append(str(error))
        except HepmlError:
            raise
        # a file that is cut short may open and then fail wherever it is read
        except Exception as error:
            logger.debug("%s could not be planned", endpoint, exc_info=error)
            reasons.append(f"Cannot read {endpoint}: {explain(endpoint, error)}")
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
    from hepml.engine.reading import cluster_edges
    from hepml.engine.replicas import open_first

    directory, _ = open_first((endpoint,))
    with directory:
        tree = _find_tree(directory, item.trees or processor.trees, processor, endpoint)
        found = item.kind or processor.kind_of(tree) or kind
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
        return PlannedFile(
            dataset=item.dataset,
            kind=found,
            label=item.label,
            endpoints=item.endpoints,
            tree=tree.name,
            uuid=str(directory.file.uuid),
            entries=int(tree.num_entries),
            edges=chunk_edges(cluster_edges(tree), int(tree.num_entries), chunk_size),
            size=size,
            modified=modified,
            catalogued=item.catalogued,
            published=None if item.published is None else asdict(item.published),
            simulation=_simulation_notes(directory),
        )


def _simulation_notes(directory: Any) -> dict[str, Any] | None:
    """What ``hepml simulate`` wrote into its file, ``None`` for any other file."""
    if SIMULATION_KEY not in directory.keys(cycle=False):
        return None
    return dict(json.loads(str(directory[SIMULATION_KEY])))


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
        order=order,
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


def _find_tree(directory: Any, wanted: Sequence[str], processor: Processor, endpoint: str) -> Any:
    present = directory.classnames(cycle=False)
    trees = [name for name, kind in present.items() if kind in ("TTree", "ROOT::RNTuple")]
    for name in wanted:
        if name in trees:
            return directory[name]
    raise TreeError(
        f"{endpoint} holds no tree that {processor.name!r} reads "
        f"(it reads {' or '.join(map(repr, wanted))}). "
        + (f"Trees in the file: {', '.join(trees)}. " if trees else "The file holds no tree. ")
        + f"See what fits:  hepml inspect {endpoint}"
    )


def check_branches(processor: Processor, tree: Any, kind: str, endpoint: str) -> None:
    """Raise a BranchError that names every missing branch with its near misses."""
    present = set(tree.keys())
    missing = [name for name in processor.required_branches(tree.name, kind) if name not in present]
    if missing:
        hints = "\n".join(f"  {name}: {did_you_mean(name, present)}" for name in missing[:6])
        more = f"\n  ... and {len(missing) - 6} more" if len(missing) > 6 else ""
        raise BranchError(
            f"{endpoint}, tree {tree.name!r}, lacks {len(missing)} of the branches that "
            f"{processor.name!r} needs:\n{hints}{more}"
        )


def refuse_overlap(files: Sequence[PlannedFile]) -> None:
    """Refuse entries that two files of a plan share: copies, or runs that overlap."""
    taken: dict[str, list[PlannedFile]] = {}
    for file in files:
        for twin in taken.setdefault(file.uuid, []):
            # two copies of an empty file share nothing
            if file.edges[0] < twin.edges[-1] and twin.edges[0] < file.edges[-1]:
                raise OverlapError(
                    f"{file.endpoints[0]} ({file.dataset}) is a copy of {twin.endpoints[0]} "
                    f"({twin.dataset}): both carry the uuid {file.uuid}, so its events would be "
                    "counted twice. Leave one of them out."
                )
        taken[file.uuid].append(file)


def refuse_mixed(files: Sequence[PlannedFile]) -> None:
    """Refuse a dataset that is data in one file and simulation in another."""
    kinds: dict[str, PlannedFile] = {}
    for file in files:
        first = kinds.setdefault(file.dataset, file)
        if first.kind != file.kind:
            raise FileAccessError(
                f"Dataset {file.dataset!r} mixes {first.kind} ({first.endpoints[0]}) and "
                f"{file.kind} ({file.endpoints[0]}). Give them different names: NAME=FILES."
            )


def _refuse_unused(processor: Processor, inputs: Sequence[Input]) -> None:
    """Refuse a cross section for a sample that is not in the run: surely a slip of the pen."""
    known = {name for item in inputs for name in (item.dataset, item.label)}
    for name in processor.cross_sections:
        if name not in known:
            raise ParameterError(
                f"A cross section is given for {name!r}, which is neither a dataset nor a class "
                f"of this run. {did_you_mean(name, known)}"
            )


def limited(files: Sequence[PlannedFile], limit: int | None) -> tuple[PlannedFile, ...]:
    """Cut the files of each dataset off after a number of events, in the order of the inputs."""
    ordered = sorted(files, key=lambda file: file.order)
    if limit is None:
        return tuple(ordered)
    used: dict[str, int] = {}
    result = []
    for file in ordered:
        stop = min(max(0, limit - used.get(file.dataset, 0)), file.entries)
        used[file.dataset] = used.get(file.dataset, 0) + stop
        inside = [edge for edge in file.edges if edge < stop]
        result.append(replace(file, edges=(*inside, stop)))
    return tuple(result)


def _names(files: Sequence[PlannedFile]) -> str:
    shown = ", ".join(file.endpoints[0] for file in files[:3])
    return shown + (f" and {len(files) - 3} more files" if len(files) > 3 else "")
