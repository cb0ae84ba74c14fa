"""The dask-awkward executor: one lazy graph per dataset over the same selection."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import awkward as ak

from hepml.collect import collect
from hepml.engine.baskets import use_fast_decompression
from hepml.engine.checkpoint import save_checkpoint
from hepml.engine.cluster import check_workers, dask_client
from hepml.engine.plan import Chunk
from hepml.engine.replicas import open_first
from hepml.engine.store import Layout
from hepml.engine.task import FIRST_WAIT, Record, check_identity, reason_of
from hepml.errors import FileAccessError
from hepml.processor import Fill, Processor, Selected

__all__ = ["execute_lazily"]

logger = logging.getLogger(__name__)


def execute_lazily(
    layout: Layout,
    processor: Processor,
    chunks: Sequence[Chunk],
    fingerprint: str,
    *,
    workers: int,
    scheduler: str | None,
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
    workers, scheduler
        As for the dask executor.
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
    with dask_client(workers, scheduler) as client:
        check_workers(client, type(processor))
        client.run(use_fast_decompression)
        left = list(chunks)
        for attempt in range(retries + 1):
            if attempt:
                time.sleep(FIRST_WAIT * 2 ** (attempt - 1))
            records |= _once(client, layout, processor, left, fingerprint)
            left = [chunk for chunk in left if records[chunk.id].get("unread")]
            if not left:
                break
    return records


def _once(
    client: Any, layout: Layout, processor: Processor, chunks: Sequence[Chunk], fingerprint: str
) -> dict[str, Record]:
    """Process chunks dataset by dataset; the graph of a dataset has one layout of events."""
    import dask

    def group(chunk: Chunk) -> tuple[str, str, str, str]:
        return chunk.dataset, chunk.kind, chunk.label, chunk.tree

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
        outcomes = client.compute(sink.to_delayed(optimize_graph=False))
        (read,) = client.compute(report.to_delayed(optimize_graph=False))
        reads = None if read.exception() else read.result()
        for position, (chunk, outcome) in enumerate(zip(dataset, outcomes, strict=True)):
            records[chunk.id] = _record(chunk, outcome, None if reads is None else reads[position])
    return records


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
                check_identity(directory, endpoint, uuid)
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
        metadata={"dataset": first.dataset, "kind": first.kind, "label": first.label},
        # whatever a damaged file raises becomes a line of the report
        uproot_options={"allow_read_errors_with_report": (Exception,)},
    ).events()
    arrays, names = _flatten(processor.select(events))
    identity = dak.from_map(_identity, list(range(len(chunks))), label="chunk")
    sink = _Sink(str(layout.root.resolve()), processor, tuple(chunks), fingerprint, tuple(names))
    done = dak.map_partitions(sink, identity, *arrays, label="save", meta=identity._meta)
    return done, report


def _identity(index: int) -> ak.Array:
    """One entry per partition: which chunk it is."""
    return ak.Array([{"chunk": index, "state": 0}])


Name = tuple[str, ...]


def _flatten(selected: Selected) -> tuple[list[Any], list[Name]]:
    """List every array of a selection's result with a name to find it back by."""
    arrays: list[Any] = []
    names: list[Name] = []

    def add(array: Any, *name: str) -> None:
        arrays.append(array)
        names.append(name)

    for step, weights in selected.cutflow.items():
        add(weights, "cutflow", step)
    for histogram, fills in selected.histograms.items():
        for number, fill in enumerate(fills):
            place = ("histogram", histogram, str(number), fill.variation)
            for values in fill.values:
                add(values, *place, "value")
            add(fill.weight, *place, "weight")
    for column, values in selected.features.items():
        add(values, "feature", column)
    if selected.entries is not None:
        add(selected.entries, "entries")
    for constant, values in selected.constants.items():
        add(values, "constant", constant)
    return arrays, names


def _rebuild(arrays: Sequence[Any], names: Sequence[Name]) -> Selected:
    """Invert :func:`_flatten` on one partition's concrete arrays."""
    cutflow: dict[str, Any] = {}
    fills: dict[tuple[str, str, str], list[Any]] = {}
    features: dict[str, Any] = {}
    constants: dict[str, Any] = {}
    entries = None
    for array, (kind, *name) in zip(arrays, names, strict=True):
        if kind == "cutflow":
            cutflow[name[0]] = array
        elif kind == "histogram":
            fills.setdefault((name[0], name[1], name[2]), []).append(array)
        elif kind == "feature":
            features[name[0]] = array
        elif kind == "constant":
            constants[name[0]] = array
        else:
            entries = array
    histograms: dict[str, list[Fill]] = {}
    for (histogram, _, variation), (*values, weight) in fills.items():
        histograms.setdefault(histogram, []).append(Fill(tuple(values), weight, variation))
    return Selected(cutflow, histograms, features, entries, constants)


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
        selected = _rebuild(arrays, self.names)
        if len(next(iter(selected.cutflow.values()))) != chunk.entries:
            return ak.with_field(identity, [0], "state")
        metadata: Mapping[str, Any] = {
            "dataset": chunk.dataset,
            "label": chunk.label,
            "fileuuid": chunk.uuid,
            "entrystart": chunk.start,
        }
        save_checkpoint(
            Layout(self.out),
            self.processor,
            chunk,
            collect(self.processor, selected, metadata),
            fingerprint=self.fingerprint,
            endpoint=chunk.endpoints[0],
            seconds=time.perf_counter() - began,
        )
        return ak.with_field(identity, [1], "state")


def _record(chunk: Chunk, outcome: Any, read: Any) -> Record:
    """Turn one partition's outcome and read report into a record."""
    error = outcome.exception()
    if error is not None:
        return {"state": "failed", "reason": reason_of(error)}
    if int(outcome.result()["state"][0]) == 1:
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
