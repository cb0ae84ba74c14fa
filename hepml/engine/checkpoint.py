"""Checkpoints: one file a chunk with its counts and histograms, beside its Parquet part."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import uhi.io.json

from hepml.collect import ChunkResult
from hepml.cutflow import Steps
from hepml.engine.plan import Chunk
from hepml.engine.store import Layout, write_text
from hepml.errors import ChunkError, OutputError
from hepml.files import explain_write
from hepml.processor import Processor
from hepml.redaction import redacted
from hepml.tables import write_part

__all__ = ["Checkpoint", "load_checkpoint", "save_checkpoint"]

MADE = "made"  # in a part's metadata: what it was made of


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is kept of a processed chunk.

    Attributes
    ----------
    chunk, dataset : str
        The chunk's id and dataset.
    fingerprint : str
        Code, parameters and versions it was made with.
    entries : int
        Entries read.
    rows : int or None
        Rows in the Parquet part; ``None`` if no table was asked for.
    cutflow : dict
        Step to raw and weighted counts.
    constants : dict
        What the file claims about its sample.
    histograms : dict
        Name to filled histogram, as UHI writes it in JSON.
    endpoint : str
        Where the file was read.
    seconds : float
        Time the chunk took.
    sample : dict
        Constants of the whole sample that it was made with.
    veto : str
        Digest of the events that it was told to leave out, empty for none.
    removed : int
        Events that it left out.
    """

    chunk: str
    dataset: str
    fingerprint: str
    entries: int
    rows: int | None
    cutflow: Steps
    constants: dict[str, float]
    histograms: dict[str, Any]
    endpoint: str
    seconds: float
    sample: dict[str, float] = field(default_factory=dict)
    veto: str = ""
    removed: int = 0


def save_checkpoint(
    layout: Layout,
    processor: Processor,
    chunk: Chunk,
    result: ChunkResult,
    *,
    fingerprint: str,
    endpoint: str,
    seconds: float,
    removed: int = 0,
) -> Checkpoint:
    """Write a chunk's Parquet part, then its checkpoint: the checkpoint vouches for the part.

    Raises
    ------
    ChunkError
        If the selection's first cutflow step does not count every entry of the chunk.
    OutputError
        If the disk is full, or the folder cannot be written.
    """
    first = next(iter(result.cutflow), "")
    counted = result.cutflow[first]["raw"] if first else 0
    given = chunk.entries - removed
    if counted != given:
        raise ChunkError(
            f"{processor.name}: the first cutflow step {first!r} counts {counted} events but the "
            f"chunk has {given}. It must hold the weights of all events, before any cut."
        )
    rows = None
    if processor.table and processor.columns:
        rows = len(next(iter(result.columns.values())))
        part = layout.part(chunk.dataset, chunk.id)
        notes = {"processor": processor.name, "dataset": chunk.dataset, "fingerprint": fingerprint}
        notes[MADE] = _mark(chunk, fingerprint)
        try:
            write_part(part, processor.table_columns, result.columns, notes)
        except OSError as error:
            raise OutputError(explain_write(part, error)) from error
    checkpoint = Checkpoint(
        chunk=chunk.id,
        dataset=chunk.dataset,
        fingerprint=fingerprint,
        entries=chunk.entries,
        rows=rows,
        cutflow=result.cutflow,
        constants=result.constants,
        histograms=result.histograms,
        endpoint=redacted(endpoint),
        seconds=seconds,
        sample=dict(chunk.constants),
        veto=chunk.veto,
        removed=removed,
    )
    write_text(layout.checkpoint(chunk.id), _dump(checkpoint))
    return checkpoint


def _dump(checkpoint: Checkpoint) -> str:
    content: dict[str, Any] = {
        name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__
    }
    return json.dumps(content, default=uhi.io.json.default)


def load_checkpoint(layout: Layout, chunk: Chunk, fingerprint: str) -> Checkpoint | None:
    """Load a chunk's checkpoint, if it is whole, made the same way, and its part is there.

    Returns
    -------
    Checkpoint or None
        ``None``: the chunk has to be processed.
    """
    path = layout.checkpoint(chunk.id)
    try:
        found = Checkpoint(**json.loads(path.read_text()))
        whole = all({"axes", "storage"} <= item.keys() for item in found.histograms.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # absent, or cut short by a crash of the machine: process the chunk again
    made = (found.fingerprint, found.dataset, found.entries, found.sample, found.veto)
    wanted = (fingerprint, chunk.dataset, chunk.entries, dict(chunk.constants), chunk.veto)
    if not whole or made != wanted:
        return None
    if found.rows is None:
        return found
    mark = _mark(chunk, fingerprint)
    return found if _part_holds(layout.part(chunk.dataset, chunk.id), found.rows, mark) else None


def _mark(chunk: Chunk, fingerprint: str) -> str:
    """What a part was made of.

    A worker that was given up may still write: the same part again, which is harmless, or one of
    other code or constants over the right one, which its mark gives away.
    """
    made = [fingerprint, chunk.id, chunk.dataset, chunk.constants, chunk.veto]
    return hashlib.sha256(json.dumps(made).encode()).hexdigest()[:32]


def _part_holds(part: Path, rows: int, mark: str) -> bool:
    try:
        found = pq.read_metadata(part)
    except (OSError, pa.ArrowInvalid):
        return False
    return bool(
        found.num_rows == rows and (found.metadata or {}).get(MADE.encode()) == mark.encode()
    )
