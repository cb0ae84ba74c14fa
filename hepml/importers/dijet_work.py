"""Import one file of dijet events, or a range of its rows: whole and verified, or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hepml.importers.dijet_layout import Frame, column_names, find_frame
from hepml.importers.dijet_samples import DijetSample
from hepml.importers.dijet_store import event_schema, read_events, verify, write_events
from hepml.importers.hdf5 import open_hdf5
from hepml.importers.work import Outcome, Task, carry_out, written_whole

__all__ = ["DijetOutcome", "DijetTask", "import_part"]

FORMAT = 1  # of the written files; another one is imported again


@dataclass(frozen=True, slots=True, kw_only=True)
class DijetTask(Task):
    """One file of events to write.

    Attributes
    ----------
    sample : DijetSample
        What it is; the data set has its name.
    key : str or None
        Name of the frame in the file.
    """

    sample: DijetSample
    key: str | None = None

    def identity(self) -> dict[str, Any]:
        """What a finished file must have been made of to be kept."""
        own = {"format": FORMAT, "sample": self.sample.name, "key": self.key}
        return Task.identity(self) | own


@dataclass(frozen=True, slots=True)
class DijetOutcome(Outcome):
    """What became of one task.

    Attributes
    ----------
    events : int
        What the file holds.
    mass_points : tuple of (float, float, int)
        Masses of the two resonances [GeV] and events of each pair.
    """

    events: int = 0
    mass_points: tuple[tuple[float, float, int], ...] = ()


def import_part(task: DijetTask) -> DijetOutcome:
    """Write and verify one file; never raises for what is wrong with the input or the disk."""
    return carry_out(task, DijetOutcome, _write, verify, _figures)


def _figures(notes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "events": int(notes["sums"]["events"]),
        "mass_points": tuple((x, y, int(n)) for x, y, n in notes["mass_points"]),
    }


def _write(task: DijetTask, identity: dict[str, Any]) -> dict[str, Any]:
    where = task.source.name
    with open_hdf5(task.source, task.target.parent) as file:
        frame = find_frame(file, where, task.key)
        names = column_names(frame, where)
        notes = _notes(task, frame, names, identity)
        rows = task.rows or (0, frame.rows)
        blocks = read_events(file, frame, names, task.sample, where, rows=rows, drop=task.drop)
        with written_whole(task.target) as handle:
            totals = write_events(handle, event_schema(names), blocks, notes)
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
