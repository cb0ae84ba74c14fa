"""Merge runs of the same processor."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hepml.engine.duplicates import SHARED, add_vetoes, find_shared
from hepml.engine.execution import finish
from hepml.engine.plan import Plan, PlannedFile, UnopenedFile
from hepml.engine.refusals import refuse_mixed, refuse_overlap
from hepml.engine.report import last_reasons
from hepml.engine.resume import stored_processor
from hepml.engine.rundir import Run
from hepml.engine.samples import refuse_unnormalised
from hepml.engine.store import Layout, locked
from hepml.errors import ProcessorError
from hepml.scoring import comparable

__all__ = ["merge"]

OTHER_SUM = (
    "the merged runs hold different files of this simulated sample, so the sum of weights that it "
    "was normalised to is not that of all of them"
)


def _difference(first: Any, other: Any, name: str = "") -> str:
    """Say what differs, in nested parameters only the values that do."""
    if not (isinstance(first, Mapping) and isinstance(other, Mapping)):
        return f"{name}: {first} and {other}".removeprefix(": ")
    found = [
        _difference(first.get(key), other.get(key), f"{name}.{key}".removeprefix("."))
        for key in sorted({*first, *other})
        if first.get(key) != other.get(key)
    ]
    return "; ".join(found)


def _content(found: Any) -> Any:
    """Parameters by content: where a model lies does not matter."""
    return comparable(found) if isinstance(found, Mapping) else found


def merge(paths: Sequence[str | Path], out: str | Path) -> Run:
    """Merge complete or incomplete runs of one processor into a new run directory.

    Results are taken over, nothing is processed. Where they do not simply add up (the files of
    one simulated sample in two runs, each with the sum of weights of its own files; an event in
    data sets of two runs) the chunks concerned are reported as missing, for a resume to redo.

    Raises
    ------
    ProcessorError
        If the runs differ in processor, parameters, code or versions.
    OverlapError
        If two runs share entries of one file.
    """
    runs = [Run(path) for path in paths]
    first = runs[0]
    for other in runs[1:]:
        for what in ("processor", "parameters", "fingerprint"):
            ours, theirs = (_content(run.provenance[what]) for run in (first, other))
            if theirs != ours:
                raise ProcessorError(
                    f"{first.path} and {other.path} differ in their {what} "
                    f"({_difference(ours, theirs)}), "
                    "so their results do not add up. Run one of them again like the other."
                )
    processor = stored_processor(first.plan, first.path)
    files: list[PlannedFile] = []
    unopened: list[UnopenedFile] = []
    for run in runs:
        before = len(files) + len(unopened)
        files += [replace(item, order=item.order + before) for item in run.plan.files]
        unopened += [replace(item, order=item.order + before) for item in run.plan.unopened]
    refuse_overlap(files)
    refuse_mixed(files)
    plan = replace(
        first.plan,
        files=tuple(files),
        unopened=tuple(unopened),
        notes=tuple(note for run in runs for note in run.plan.notes),
        vetoes={name: mark for run in runs for name, mark in run.plan.vetoes.items()},
        # limits are in the files' edges already; a resume must not apply one to the sum of runs
        max_events=None,
    )
    refuse_unnormalised(plan)
    layout = Layout(out)
    layout.create()
    plan.save(layout.plan)
    with locked(layout):
        for run in runs:
            for folder in ("features", "checkpoints", "vetoes"):
                if (run.path / folder).exists():
                    shutil.copytree(run.path / folder, layout.root / folder, dirs_exist_ok=True)
        reasons = _outdated(runs, plan)
        reasons |= {
            name: item for run in runs for name, item in last_reasons(run.layout, run.plan).items()
        }
        shared = find_shared(layout, plan, set(layout.features.rglob("*.parquet")))
        reasons |= {name: {"reason": SHARED} for name in shared}
        plan = add_vetoes(layout, plan, shared)
        finish(layout, plan, processor, first.provenance["fingerprint"], reasons, "merge")
    return Run(out)


def _outdated(runs: Sequence[Run], plan: Plan) -> dict[str, dict[str, Any]]:
    """Chunks that were normalised to the files of their own run alone, and why they are redone."""
    merged = {chunk.id: chunk for chunk in plan.chunks()}
    return {
        chunk.id: {"reason": OTHER_SUM}
        for run in runs
        for chunk in run.plan.chunks()
        if chunk.constants != merged[chunk.id].constants
    }
