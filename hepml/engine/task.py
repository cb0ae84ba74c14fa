"""The task that runs on a worker: open, fall back, retry, process, and record what happened."""

from __future__ import annotations

import hashlib
import time
import traceback
from dataclasses import dataclass
from typing import Any

import cloudpickle

from hepml.collect import collect
from hepml.engine.checkpoint import save_checkpoint
from hepml.engine.plan import Chunk
from hepml.engine.reading import learn_columns, learned_columns
from hepml.engine.replicas import are_silent, is_remote, preferred
from hepml.engine.retries import FIRST_WAIT, REMOTE_WAIT, attempts
from hepml.engine.sources import open_source
from hepml.engine.store import Layout
from hepml.engine.veto import load_veto, outside
from hepml.errors import FileAccessError, HepmlError
from hepml.processor import Processor
from hepml.redaction import redacted, safe_logger

__all__ = ["Job", "Record", "check_identity", "reason_of", "run_chunk"]

logger = safe_logger(__name__)

Record = dict[str, Any]

_PROCESSORS: dict[str, Processor] = {}


@dataclass(frozen=True, slots=True)
class Job:
    """What every chunk of a run shares; small, picklable, and unpacked once per process."""

    processor: bytes
    out: str
    fingerprint: str
    retries: int

    @classmethod
    def make(cls, processor: Processor, out: str, fingerprint: str, retries: int) -> Job:
        """Pack a processor; by value where its class lives in a notebook or script."""
        return cls(cloudpickle.dumps(processor), out, fingerprint, retries)

    def unpack(self) -> Processor:
        """Unpack the processor, once per process."""
        name = hashlib.sha256(self.processor).hexdigest()
        if name not in _PROCESSORS:
            _PROCESSORS[name] = cloudpickle.loads(self.processor)
        return _PROCESSORS[name]


def run_chunk(job: Job, chunk: Chunk) -> dict[str, Record]:
    """Process one chunk and record the outcome; never raises for a bad file or processor.

    Returns
    -------
    dict
        ``{chunk id: record}``, so that coffea's executors can add the outcomes up. A record
        has ``state`` (``"processed"`` or ``"failed"``) and, if failed, ``reason``.
    """
    reasons: list[str] = []
    # where no server answered the chunk before this one either, one more try is enough
    retries = 0 if are_silent(chunk.endpoints) else job.retries
    wait = REMOTE_WAIT if any(map(is_remote, chunk.endpoints)) else FIRST_WAIT
    for attempt in attempts(retries, wait):
        for endpoint in preferred(chunk.endpoints):
            try:
                return {chunk.id: _process(job, chunk, endpoint)}
            # whatever a damaged file or a user's selection raises becomes the chunk's record
            except Exception as error:
                reasons.append(reason_of(error))
                logger.debug("chunk %s failed", chunk.id, exc_info=error)
                if isinstance(error, HepmlError) and not isinstance(error, FileAccessError):
                    return {chunk.id: _failed(chunk, reasons, attempt + 1)}
    return {chunk.id: _failed(chunk, reasons, retries + 1)}


def _process(job: Job, chunk: Chunk, endpoint: str) -> Record:
    """Read one chunk from one endpoint, select, and save."""
    began = time.perf_counter()
    processor = job.unpack()
    metadata = {**chunk.metadata(), "filename": endpoint}
    layout, removed = Layout(job.out), 0
    source, endpoint = open_source(processor, (endpoint,))
    with source:
        check_identity(source.uuid, endpoint, chunk.uuid)
        memory = (job.fingerprint, chunk.kind, chunk.tree)
        events, log = source.events(
            chunk.tree,
            schema=processor.schema,
            metadata=metadata,
            start=chunk.start,
            stop=chunk.stop,
            columns=learned_columns(memory),
        )
        if chunk.veto:
            kept = outside(
                [events[name] for name in processor.event_ids.values()],
                load_veto(layout, chunk, tuple(processor.event_ids)),
            )
            removed = int(len(kept) - kept.sum())
            events = events[kept]
        result = collect(processor, processor.select(events), metadata)
        learn_columns(memory, log)
    seconds = time.perf_counter() - began
    save_checkpoint(
        layout,
        processor,
        chunk,
        result,
        fingerprint=job.fingerprint,
        endpoint=endpoint,
        seconds=seconds,
        removed=removed,
    )
    return {"state": "processed", "endpoint": endpoint, "seconds": seconds}


def check_identity(uuid: str, endpoint: str, planned: str) -> None:
    """Raise a FileAccessError if an open file is not the one that was planned."""
    if uuid != planned:
        raise FileAccessError(
            f"{endpoint} is not the file that was planned: its uuid is {uuid}, not {planned}."
        )


def _failed(chunk: Chunk, reasons: list[str], attempts: int) -> Record:
    distinct = "; then ".join(dict.fromkeys(reasons))
    return {"state": "failed", "reason": distinct, "attempts": attempts}


def reason_of(error: BaseException) -> str:
    """Our own errors in their words; of others the type, first line and last place in the code."""
    if isinstance(error, HepmlError):
        return str(error)
    first = next((line.strip() for line in redacted(str(error)).splitlines() if line.strip()), "")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    where = f" ({own[-1].filename.rsplit('/', 1)[-1]}:{own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {first}{where}"
