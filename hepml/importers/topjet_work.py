"""Import one file of jets, or a range of its rows: whole and verified, or nothing at all."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hepml.errors import OutputError
from hepml.files import explain_write, whole_file
from hepml.importers.hdf5 import open_hdf5
from hepml.importers.topjet_jets import read_jets
from hepml.importers.topjet_layout import JetLayout, read_layout
from hepml.importers.topjet_store import verify, write_jets
from hepml.importers.whole import (
    finished_notes,
    make_output,
    reason_of,
    remove_leftovers,
    verified,
)

__all__ = ["Outcome", "Task", "import_part"]

FORMAT = 1  # of the written files; another one is imported again


@dataclass(frozen=True, slots=True)
class Task:
    """One file to write.

    Attributes
    ----------
    source, target : Path
        HDF5 file, gzipped or not, and the Parquet file that it becomes.
    dataset : str
        Name of the data set.
    rows : (int, int) or None
        First jet and the one behind the last; ``None``: all.
    max_constits : int or None
        Most constituents a jet that are read.
    drop : bool
        Leave out jets with unusable numbers.
    """

    source: Path
    target: Path
    dataset: str
    rows: tuple[int, int] | None = None
    max_constits: int | None = None
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
            "max_constits": self.max_constits,
            "drop": self.drop,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one task.

    Attributes
    ----------
    source, target : Path
        As of the task.
    dataset : str
        Name of the data set.
    state : {"imported", "kept", "failed"}
        ``kept``: it was there already, and is sound.
    jets, constituents : int
        What the file holds.
    input_bytes : int
        Bytes of the datasets that were read, uncompressed.
    seconds : float
        Time it took.
    counts : dict
        What a reader should know, by what it is.
    reason : str
        Why it failed.
    """

    source: Path
    target: Path
    dataset: str
    state: str
    jets: int = 0
    constituents: int = 0
    input_bytes: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    reason: str = ""


def import_part(task: Task) -> Outcome:
    """Write and verify one file; never raises for what is wrong with the input or the disk."""
    began = time.perf_counter()
    try:
        notes = finished_notes(task, verify)
        state, size = "kept", 0
        if notes is None:
            notes, size = _written(task)
            state = "imported"
    # a damaged file may raise anything; the other files are imported all the same
    except Exception as error:  # noqa: BLE001
        reason = reason_of(error, task.source)
        return Outcome(task.source, task.target, task.dataset, "failed", reason=reason)
    return Outcome(
        task.source,
        task.target,
        task.dataset,
        state,
        jets=int(notes["sums"]["jets"]),
        constituents=int(notes["sums"]["constituents"]),
        input_bytes=size,
        seconds=time.perf_counter() - began,
        counts=notes["counts"],
    )


def _written(task: Task) -> tuple[dict[str, Any], int]:
    """Import into a file under another name, give it its own, and read it back."""
    identity = task.identity()
    make_output(task.target.parent, task.target)
    remove_leftovers(task.target)
    where = task.source.name
    with open_hdf5(task.source, task.target.parent) as file:
        layout = read_layout(file, where)
        training = task.dataset.startswith("train") or (
            "training_weight" in layout.names and not task.dataset.startswith("test")
        )
        notes = _notes(task, layout, identity, training)
        rows = task.rows or (0, layout.jets)
        blocks = read_jets(
            file,
            layout,
            where,
            rows=rows,
            training=training,
            max_constits=task.max_constits,
            drop=task.drop,
        )
        try:
            with whole_file(task.target) as handle:
                totals = write_jets(handle, layout, blocks, notes)
        except OSError as error:
            if error.errno is None:  # HDF5 reports damage as an OSError without a number
                raise
            raise OutputError(explain_write(task.target, error)) from error
        verified(task.target, totals["sums"], verify)
        row = sum(_row_bytes(file[name], task.max_constits) for name in layout.names.values())
    return {**notes, **totals}, row * (rows[1] - rows[0])


def _row_bytes(dataset: Any, max_constits: int | None) -> int:
    width = dataset.shape[1] if dataset.ndim > 1 else 1
    return int(dataset.dtype.itemsize * min(width, max_constits or width))


def _notes(
    task: Task, layout: JetLayout, identity: dict[str, Any], training: bool
) -> dict[str, Any]:
    return {
        "uuid": str(uuid.uuid4()),
        "channel": "topjet",
        "kind": "simulation",
        "dataset": task.dataset,
        "simulated": layout.simulation is not None,
        "simulation": layout.simulation,
        "role": "training" if training else "evaluation",
        "layout": layout.year,
        "high_level": list(layout.high_level),
        "training_weights": "training_weight" in layout.names,
        "attributes": layout.attributes,
        "source": identity,
    }
