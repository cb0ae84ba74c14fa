"""Results that travel: dask workers that do not see the run directory send theirs to the client."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.engine.handshake import Expected, guarded
from hepml.engine.store import Layout, write_bytes
from hepml.engine.task import Job, Record, reason_of, run_chunk
from hepml.errors import HepmlError

if TYPE_CHECKING:
    from hepml.engine.plan import Chunk

__all__ = ["collect_results"]

LIMIT = 512_000_000  # bytes of one chunk's files
AHEAD = 2  # chunks handed out for each worker: so many results wait at most


@dataclass(frozen=True, slots=True)
class Parcel:
    """A chunk's record, and the files that belong into the run directory."""

    record: Record
    part: bytes | None = None
    checkpoint: bytes | None = None


def collect_results(
    client: Any, chunks: Sequence[Chunk], job: Job, expected: Expected, died: str
) -> dict[str, Record]:
    """Process chunks on workers that cannot write to the run directory, and write it here.

    Only a few chunks for each worker are handed out at a time, so neither the workers nor this
    process ever hold many results.

    Parameters
    ----------
    client : distributed.Client
        Connected to the workers.
    chunks : sequence of Chunk
        The work.
    job : Job
        What the chunks share; ``job.out`` is the run directory here.
    expected : Expected
        What a worker must have.
    died : str
        Reason of a chunk that took its workers along.

    Returns
    -------
    dict
        Chunk id to record.
    """
    from distributed import KilledWorker, as_completed

    layout = Layout(job.out)
    records: dict[str, Record] = {}
    waiting = iter(chunks)
    running: dict[str, Chunk] = {}
    arriving = as_completed(loop=client.loop)

    def hand_out() -> None:
        size = AHEAD * max(1, sum(client.ncores().values()))
        for chunk in _take(waiting, size - len(running)):
            future = client.submit(_parcel, job, expected, chunk, _veto(layout, chunk), pure=False)
            running[future.key] = chunk
            arriving.add(future)

    hand_out()
    for future in arriving:
        chunk = running.pop(future.key)
        error = future.exception()
        if error is None:
            records[chunk.id] = _unpack(layout, chunk, future.result())
        elif isinstance(error, KilledWorker):
            records[chunk.id] = {"state": "failed", "reason": died}
        else:
            records[chunk.id] = {"state": "failed", "reason": reason_of(error)}
        del future  # lets the worker forget the result
        hand_out()
    return records


def _take(items: Iterator[Chunk], count: int) -> Iterator[Chunk]:
    return (item for _, item in zip(range(count), items, strict=False))


def _veto(layout: Layout, chunk: Chunk) -> bytes | None:
    """The list of events that a chunk leaves out; its worker does not see that either."""
    return layout.veto(chunk.id, chunk.veto).read_bytes() if chunk.veto else None


def _parcel(job: Job, expected: Expected, chunk: Chunk, veto: bytes | None) -> Parcel:
    """Process one chunk in a folder of the worker, and pack what it wrote."""
    return guarded(partial(_pack, job, veto), expected, chunk)


def _pack(job: Job, veto: bytes | None, chunk: Chunk) -> Parcel:
    with tempfile.TemporaryDirectory(prefix="hepml-") as folder:
        layout = Layout(folder)
        layout.create()
        if veto is not None:
            layout.vetoes.mkdir()
            layout.veto(chunk.id, chunk.veto).write_bytes(veto)
        record = run_chunk(replace(job, out=folder), chunk)[chunk.id]
        if record["state"] != "processed":
            return Parcel(record)
        part, checkpoint = layout.part(chunk.dataset, chunk.id), layout.checkpoint(chunk.id)
        size = sum(path.stat().st_size for path in (part, checkpoint) if path.exists())
        if size > LIMIT:
            reason = (
                f"its results are {size / 1e6:.0f} MB, and at most {LIMIT / 1e6:.0f} MB travel "
                "from a worker: try a smaller --chunk-size, or an --out that the workers see"
            )
            return Parcel({"state": "failed", "reason": reason})
        return Parcel(record, _read(part), _read(checkpoint))


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _unpack(layout: Layout, chunk: Chunk, parcel: Parcel) -> Record:
    """Write a chunk's files; the checkpoint comes last, since it vouches for the part."""
    try:
        if parcel.part is not None:
            write_bytes(layout.part(chunk.dataset, chunk.id), parcel.part)
        if parcel.checkpoint is not None:
            write_bytes(layout.checkpoint(chunk.id), parcel.checkpoint)
    except HepmlError as error:
        return {"state": "failed", "reason": str(error)}
    return parcel.record
