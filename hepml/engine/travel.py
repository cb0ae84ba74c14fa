"""Results that travel: dask workers that do not see the run directory send theirs to the client."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hepml.engine.dispatch import Errand
from hepml.engine.handshake import Expected, guarded
from hepml.engine.store import Layout, write_bytes
from hepml.engine.task import Job, Record, run_chunk
from hepml.errors import HepmlError

if TYPE_CHECKING:
    from hepml.engine.plan import Chunk

__all__ = ["Travel"]

LIMIT = 512_000_000  # bytes of one chunk's files
AHEAD = 2  # chunks handed out for each worker: so many results wait at most


@dataclass(frozen=True, slots=True)
class Parcel:
    """A chunk's record, and the files that belong into the run directory."""

    record: Record
    part: bytes | None = None
    checkpoint: bytes | None = None


class Travel(Errand):
    """Chunks whose files are written here, where workers do not see the run directory.

    Only a few chunks for each worker are handed out at a time, so neither the workers nor this
    process ever hold many results.

    Parameters
    ----------
    job : Job
        What the chunks share; ``job.out`` is the run directory here.
    expected : Expected
        What a worker must have.
    """

    together = 1
    linger = 0.0
    patience = 600.0  # half a gigabyte over a slow line

    def __init__(self, job: Job, expected: Expected) -> None:
        self.job = job
        self.expected = expected
        self.layout = Layout(job.out)

    def ahead(self, cores: int) -> int:
        """A few for each worker."""
        return AHEAD * max(1, cores)

    def task(self) -> Callable[[tuple[Chunk, bytes | None]], Parcel]:
        """Process one chunk in a folder of the worker, and pack what it wrote."""
        return partial(_parcel, self.job, self.expected)

    def pack(self, chunk: Chunk) -> tuple[Chunk, bytes | None]:
        """The chunk and the list of events that it leaves out; workers do not see that either."""
        veto = self.layout.veto(chunk.id, chunk.veto)
        return chunk, veto.read_bytes() if chunk.veto else None

    def receive(self, chunk: Chunk, result: Parcel) -> Record:
        """Write a chunk's files here."""
        return _unpack(self.layout, chunk, result)


def _parcel(job: Job, expected: Expected, packed: tuple[Chunk, bytes | None]) -> Parcel:
    chunk, veto = packed
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
