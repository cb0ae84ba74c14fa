"""Import one file of dijet events, or a range of its rows: whole and verified, or nothing."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hepml.errors import OutputError
from hepml.files import explain_write, whole_file
from hepml.importers.dijet_layout import Frame, column_names, find_frame
from hepml.importers.dijet_samples import DijetSample
from hepml.importers.dijet_store import event_schema, read_events, verify, write_events
from hepml.importers.hdf5 import open_hdf5
from hepml.importers.whole import (
    KILLED,
    finished_notes,
    make_output,
    reason_of,
    remove_leftovers,
    verified,
)

__all__ = ["DijetOutcome", "DijetTask", "import_part", "killed_part"]

FORMAT = 1  # of the written files; another one is imported again


@dataclass(frozen=True, slots=True)
class DijetTask:
    """One file to write.

    Attributes
    ----------
    source, target : Path
        HDF5 file, gzipped or not, and the Parquet file that it becomes.
    sample : DijetSample
        What it is.
    rows : (int, int) or None
        First row and the one behind the last; ``None``: all.
    key : str or None
        Name of the frame in the file.
    drop : bool
        Leave out events with unusable numbers.
    """

    source: Path
    target: Path
    sample: DijetSample
    rows: tuple[int, int] | None = None
    key: str | None = None
    drop: bool = False

    def identity(self) -> dict[str, Any]:
        """What a finished file must have been made of to be kept."""
        state = self.source.stat()
        return {
            "format": FORMAT,
            "name": self.source.name,
            "size": state.st_size,
            "modified": state.st_mtime_ns,
            "rows": None if self.rows is None else list(self.rows),
            "sample": self.sample.name,
            "key": self.key,
            "drop": self.drop,
        }


@dataclass(frozen=True, slots=True)
class DijetOutcome:
    """What became of one task.

    Attributes
    ----------
    source, target : Path
        As of the task.
    dataset : str
        Name of the sample.
    state : {"imported", "kept", "failed"}
        ``kept``: it was there already, and is sound.
    events : int
        What the file holds.
    seconds : float
        Time it took.
    counts : dict
        What a reader should know, by what it is.
    mass_points : tuple of (float, float, int)
        Masses of the two resonances [GeV] and events of each pair.
    reason : str
        Why it failed.
    """

    source: Path
    target: Path
    dataset: str
    state: str
    events: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    mass_points: tuple[tuple[float, float, int], ...] = ()
    reason: str = ""


def import_part(task: DijetTask) -> DijetOutcome:
    """Write and verify one file; never raises for what is wrong with the input or the disk."""
    began = time.perf_counter()
    try:
        notes = finished_notes(task, verify)
        state = "kept"
        if notes is None:
            notes, state = _written(task), "imported"
    # a damaged file may raise anything; the other files are imported all the same
    except Exception as error:  # noqa: BLE001
        return _failed(task, reason_of(error, task.source))
    return DijetOutcome(
        task.source,
        task.target,
        task.sample.name,
        state,
        events=int(notes["sums"]["events"]),
        seconds=time.perf_counter() - began,
        counts=notes["counts"],
        mass_points=tuple((x, y, int(n)) for x, y, n in notes["mass_points"]),
    )


def killed_part(task: DijetTask) -> DijetOutcome:
    """Outcome of a part whose process was killed."""
    return _failed(task, f"{task.source}: {KILLED}")


def _failed(task: DijetTask, reason: str) -> DijetOutcome:
    return DijetOutcome(task.source, task.target, task.sample.name, "failed", reason=reason)


def _written(task: DijetTask) -> dict[str, Any]:
    """Import into a file under another name, give it its own, and read it back."""
    identity = task.identity()
    make_output(task.target.parent, task.target)
    remove_leftovers(task.target)
    where = task.source.name
    with open_hdf5(task.source, task.target.parent) as file:
        frame = find_frame(file, where, task.key)
        names = column_names(frame, where)
        notes = _notes(task, frame, names, identity)
        rows = task.rows or (0, frame.rows)
        blocks = read_events(file, frame, names, task.sample, where, rows=rows, drop=task.drop)
        try:
            with whole_file(task.target) as handle:
                totals = write_events(handle, event_schema(names), blocks, notes)
        except OSError as error:
            if error.errno is None:  # HDF5 reports damage as an OSError without a number
                raise
            raise OutputError(explain_write(task.target, error)) from error
        verified(task.target, totals["sums"], verify)
    return {**notes, **totals}


def _notes(
    task: DijetTask, frame: Frame, names: dict[str, str], identity: dict[str, Any]
) -> dict[str, Any]:
    sample = task.sample
    known = sample.label is not None or frame.simulation or {"label", "mx"} & set(names)
    return {
        "uuid": str(uuid.uuid4()),
        "channel": "dijet",
        # events that nobody labelled may be data: a run asks
        "kind": "simulation" if known else None,
        "dataset": sample.name,
        "simulated": frame.simulation is not None,
        "simulation": frame.simulation,
        "sample_label": sample.label,
        "prongs": sample.prongs,
        "window": sample.window,
        "layout": frame.layout,
        "key": frame.key,
        "columns": list(names.values()),
        "units": "GeV",
        "source": identity,
    }
