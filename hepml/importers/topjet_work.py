"""Import one file of jets, or a range of its rows: whole and verified, or nothing at all."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hepml.importers.hdf5 import open_hdf5
from hepml.importers.topjet_jets import read_jets
from hepml.importers.topjet_layout import JetLayout, read_layout
from hepml.importers.topjet_store import verify, write_jets
from hepml.importers.work import Outcome, Task, carry_out, written_whole

__all__ = ["JetOutcome", "JetTask", "import_part"]

FORMAT = 1  # of the written files; another one is imported again


@dataclass(frozen=True, slots=True, kw_only=True)
class JetTask(Task):
    """One file of jets to write.

    Attributes
    ----------
    max_constits : int or None
        Most constituents a jet that are read.
    """

    max_constits: int | None = None

    def identity(self) -> dict[str, Any]:
        """What a finished file must have been made of to be kept."""
        return Task.identity(self) | {"format": FORMAT, "max_constits": self.max_constits}


@dataclass(frozen=True, slots=True)
class JetOutcome(Outcome):
    """What became of one task.

    Attributes
    ----------
    jets, constituents : int
        What the file holds.
    input_bytes : int
        Bytes of the datasets that were read, uncompressed.
    """

    jets: int = 0
    constituents: int = 0
    input_bytes: int = 0


def import_part(task: JetTask) -> JetOutcome:
    """Write and verify one file; never raises for what is wrong with the input or the disk."""
    return carry_out(task, JetOutcome, _write, verify, _figures)


def _figures(notes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "jets": int(notes["sums"]["jets"]),
        "constituents": int(notes["sums"]["constituents"]),
        "input_bytes": notes.get("input_bytes", 0),  # of a file that was kept nothing was read
    }


def _write(task: JetTask, identity: dict[str, Any]) -> dict[str, Any]:
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
        with written_whole(task.target) as handle:
            totals = write_jets(handle, layout, blocks, notes)
        row = sum(_row_bytes(file[name], task.max_constits) for name in layout.names.values())
    return {**notes, **totals, "input_bytes": row * (rows[1] - rows[0])}


def _row_bytes(dataset: Any, max_constits: int | None) -> int:
    width = dataset.shape[1] if dataset.ndim > 1 else 1
    return int(dataset.dtype.itemsize * min(width, max_constits or width))


def _notes(
    task: JetTask, layout: JetLayout, identity: dict[str, Any], training: bool
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
