"""The dask-awkward executor: one lazy graph per dataset over the same selection."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import awkward as ak
import numpy as np

from hepml.collect import collect
from hepml.engine.arrivals import Arrivals
from hepml.engine.baskets import use_fast_decompression
from hepml.engine.checkpoint import save_checkpoint
from hepml.engine.cluster import Workplace
from hepml.engine.flatten import Name, flatten, rebuild
from hepml.engine.handshake import check_scheduler
from hepml.engine.plan import Chunk
from hepml.engine.replicas import open_first
from hepml.engine.retries import attempts
from hepml.engine.store import Layout
from hepml.engine.task import Record, check_identity, reason_of
from hepml.engine.veto import load_veto, outside
from hepml.errors import FileAccessError, ParameterError
from hepml.processor import Processor
from hepml.redaction import safe_logger
from hepml.xrootd import limit_xrootd_patience

__all__ = ["execute_lazily"]

logger = safe_logger(__name__)

TOGETHER = 100  # results to fetch at a time, of one number each
LINGER = 1.0  # seconds to wait for so many
PATIENCE = 60.0  # seconds in which these must be here


def execute_lazily(
    layout: Layout,
    processor: Processor,
    chunks: Sequence[Chunk],
    fingerprint: str,
    *,
    place: Workplace,
    retries: int = 0,
) -> dict[str, Record]:
    """Select lazily, and write every partition's results inside the partition.

    Parameters
    ----------
    layout : Layout
        Run directory.
    processor : Processor
        The selection; called once per dataset, on a lazy array.
    chunks : sequence of Chunk
        The work: one partition each.
    fingerprint : str
        Mark of code, parameters and versions.
    place : Workplace
        The dask workers of the run.
    retries : int
        Further attempts at chunks that could not be read.

    Returns
    -------
    dict
        Chunk id to record.
    """
    if not chunks:
        return {}
    records: dict[str, Record] = {}
    client, expected = place.open()
    if not expected.mark:
        raise ParameterError(
            f"The dask workers do not see {layout.root}, and dask-awkward writes there from inside "
            "its graph. Choose an --out that they see, or  --executor dask"
        )
    check_scheduler(client, processor)
    client.run(use_fast_decompression)
    client.run(limit_xrootd_patience)
    left = list(chunks)
    for _ in attempts(retries):
        records |= _once(place, layout, processor, left, fingerprint)
        left = [chunk for chunk in left if records[chunk.id].get("unread")]
        if not left:
            break
    return records


def _once(
    place: Workplace,
    layout: Layout,
    processor: Processor,
    chunks: Sequence[Chunk],
    fingerprint: str,
) -> dict[str, Record]:
    """Process chunks dataset by dataset; the graph of a dataset has one layout of events."""
    import dask

    def group(chunk: Chunk) -> tuple[str, str, str, str, bool, tuple[str, ...]]:
        layout = (chunk.tree, bool(chunk.veto), chunk.absent)
        return chunk.dataset, chunk.kind, chunk.label, *layout

    members, records = _readable(chunks)
    for _, grouped in groupby(sorted(members, key=group), key=group):
        dataset = list(grouped)
        try:
            # optimised together, so that a partition is read once for both
            sink, report = dask.optimize(*_graph(layout, processor, dataset, fingerprint))
        # whatever a user's selection raises on lazy arrays becomes the record of its chunks
        except Exception as error:
            logger.debug("no graph of %s", dataset[0].dataset, exc_info=error)
            reason = reason_of(error)
            records |= {chunk.id: {"state": "failed", "reason": reason} for chunk in dataset}
            continue
        outcomes, reads = _computed(place, sink, report)
        for chunk, outcome, read in zip(dataset, outcomes, reads, strict=True):
            records[chunk.id] = _record(chunk, outcome, read)
    return records


def _computed(place: Workplace, sink: Any, report: Any) -> tuple[list[Any], Sequence[Any]]:
    """Outcome (``None`` where dask lost it) and read report of every partition."""
    client, _ = place.open()
    outcomes = client.compute(sink.to_delayed(optimize_graph=False))
    (read,) = client.compute(report.to_delayed(optimize_graph=False))
    arrivals = Arrivals(client, place.watch(), TOGETHER, LINGER, PATIENCE)
    arrivals.add([*outcomes, read])
    found = dict(arrivals)
    reads = found.get(read.key)
    if reads is None or isinstance(reads, BaseException):
        reads = [None] * len(outcomes)
    return [found.get(item.key) for item in outcomes], reads


def _readable(chunks: Sequence[Chunk]) -> tuple[list[Chunk], dict[str, Record]]:
    """Chunks at the first endpoint of their file that answers, and records of the others.

    A graph reads each file at one place, and takes the layout of the events from the first.
    """
    members: list[Chunk] = []
    lost: dict[str, Record] = {}
    for (uuid, endpoints), grouped in groupby(chunks, key=lambda c: (c.uuid, c.endpoints)):
        same_file = list(grouped)
        try:
            directory, endpoint = open_first(endpoints)
            with directory:
                check_identity(str(directory.file.uuid), endpoint, uuid)
        except FileAccessError as error:
            record = {"state": "failed", "reason": str(error), "unread": True}
            lost |= {chunk.id: record for chunk in same_file}
        else:
            members += [replace(chunk, endpoints=(endpoint,)) for chunk in same_file]
    return members, lost


def _graph(
    layout: Layout, processor: Processor, chunks: Sequence[Chunk], fingerprint: str
) -> tuple[Any, Any]:
    """Build the lazy results of one dataset: an outcome per partition, and uproot's read report."""
    import dask_awkward as dak
    from coffea.nanoevents import NanoEventsFactory

    first = chunks[0]
    files: dict[str, dict[str, Any]] = {}
    for chunk in chunks:
        steps = files.setdefault(chunk.endpoints[0], {"object_path": chunk.tree, "steps": []})[
            "steps"
        ]
        steps.append([chunk.start, chunk.stop])
    events, report = NanoEventsFactory.from_root(
        files,
        mode="dask",
        schemaclass=processor.schema,
        metadata={
            **{name: first.metadata()[name] for name in ("dataset", "kind", "label")},
            **dict(first.constants),
        },
        # whatever a damaged file raises becomes a line of the report
        uproot_options={"allow_read_errors_with_report": (Exception,)},
    ).events()
    identity = dak.from_map(_identity, list(range(len(chunks))), label="chunk")
    flags = []
    if first.veto:
        ids = [events[name] for name in processor.event_ids.values()]
        keep = _Keep(str(layout.root.resolve()), tuple(processor.event_ids), tuple(chunks))
        flags.append(dak.map_partitions(keep, identity, *ids, label="veto", meta=_flags()))
        events = events[flags[0]]
    arrays, names = flatten(processor.select(events))
    arrays, names = [*arrays, *flags], [*names, *(KEPT for _ in flags)]
    sink = _Sink(str(layout.root.resolve()), processor, tuple(chunks), fingerprint, tuple(names))
    done = dak.map_partitions(sink, identity, *arrays, label="save", meta=identity._meta)
    return done, report


def _identity(index: int) -> ak.Array:
    """One entry per partition: which chunk it is."""
    return ak.Array([{"chunk": index, "state": 0}])


def _flags() -> ak.Array:
    """Form of one truth value an event."""
    return ak.Array(ak.Array(np.zeros(0, np.bool_)).layout.to_typetracer(forget_length=True))


@dataclass(frozen=True)
class _Keep:
    """Which events of a partition are not in its chunk's veto."""

    out: str
    columns: tuple[str, ...]
    chunks: tuple[Chunk, ...]

    def __call__(self, identity: ak.Array, *ids: ak.Array) -> ak.Array:
        if ak.backend(identity, *ids) == "typetracer":
            for array in (identity, *ids):
                ak.typetracer.touch_data(array)
            return _flags()
        chunk = self.chunks[int(identity["chunk"][0])]
        return ak.Array(outside(ids, load_veto(Layout(self.out), chunk, self.columns)))


KEPT: Name = ("kept",)


@dataclass(frozen=True)
class _Sink:
    """Write one partition's part and checkpoint; a short partition is a failed read."""

    out: str
    processor: Processor
    chunks: tuple[Chunk, ...]
    fingerprint: str
    names: tuple[Name, ...]

    def __call__(self, identity: ak.Array, *arrays: ak.Array) -> ak.Array:
        if ak.backend(identity, *arrays) == "typetracer":
            # dask-awkward asks which columns are needed: all of what was selected
            for array in (identity, *arrays):
                ak.typetracer.touch_data(array)
            return identity
        began = time.perf_counter()
        chunk = self.chunks[int(identity["chunk"][0])]
        # one flag for every event that was read, where some are to be left out
        flags = [array for array, name in zip(arrays, self.names, strict=True) if name == KEPT]
        selected = rebuild(arrays, self.names)
        read = len(flags[0]) if flags else len(next(iter(selected.cutflow.values())))
        removed = read - int(ak.sum(flags[0])) if flags else 0
        if read != chunk.entries:
            return ak.with_field(identity, [0], "state")
        save_checkpoint(
            Layout(self.out),
            self.processor,
            chunk,
            collect(self.processor, selected, chunk.metadata()),
            fingerprint=self.fingerprint,
            endpoint=chunk.endpoints[0],
            seconds=time.perf_counter() - began,
            removed=removed,
        )
        return ak.with_field(identity, [1], "state")


def _record(chunk: Chunk, outcome: Any, read: Any) -> Record:
    """Turn one partition's outcome and read report into a record."""
    if outcome is None:
        return {"state": "failed", "reason": "dask lost it", "unread": True}
    if isinstance(outcome, BaseException):
        return {"state": "failed", "reason": reason_of(outcome)}
    if int(outcome["state"][0]) == 1:
        return {"state": "processed", "endpoint": chunk.endpoints[0]}
    if read is not None and read["exception"] is None:
        reason = (
            "the first cutflow step does not count every event of the chunk. "
            "It must hold the weights of all events, before any cut."
        )
        return {"state": "failed", "reason": reason}
    reason = "fewer events were read than the chunk holds"
    if read is not None:
        reason = " ".join(f"{read['exception']}: {read['message']}".split())
    return {"state": "failed", "reason": reason, "unread": True}
