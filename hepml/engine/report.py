"""Reconcile what was planned with what was done, and add the chunks up in the plan's order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hist

from hepml.cutflow import Steps, add_cutflows
from hepml.engine.absences import absence_notes
from hepml.engine.account import (
    add_result,
    completeness,
    contradiction,
    file_account,
    luminosity,
    new_account,
    sample_account,
)
from hepml.engine.checkpoint import Checkpoint, load_checkpoint
from hepml.engine.duplicates import data_sets
from hepml.engine.imported import import_notes
from hepml.engine.plan import Chunk, Plan, PlannedFile, UnopenedFile
from hepml.engine.store import Layout
from hepml.engine.stored import read_object
from hepml.engine.summing import HistogramSums
from hepml.errors import OutputError
from hepml.histograms import empty_histogram, sort_categories
from hepml.processor import Processor
from hepml.redaction import redacted

__all__ = ["Reconciled", "last_reasons", "reconcile"]

NEVER_RAN = "never ran: the run was interrupted before this chunk"


@dataclass
class Reconciled:
    """Sums over the processed chunks, and the account of all planned ones.

    Attributes
    ----------
    histograms : dict of str to hist.Hist
        Sums, categories sorted.
    cutflow : dict
        Dataset to step to counts.
    datasets : dict
        Dataset to kind, label, entries, constants, endpoints used, and whether it is complete.
    failed : list of dict
        Dataset, file, entries and reason of what has no result.
    report : dict
        Content of ``report.json``.
    parts : set of Path
        Parquet parts that belong to the processed chunks.
    sums : HistogramSums
        Where ``histograms`` come from.
    """

    histograms: dict[str, hist.Hist[Any]] = field(default_factory=dict)
    cutflow: dict[str, Steps] = field(default_factory=dict)
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: list[dict[str, Any]] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    parts: set[Path] = field(default_factory=set)
    sums: HistogramSums = field(default_factory=HistogramSums)

    def open(self, file: PlannedFile | UnopenedFile) -> dict[str, Any]:
        """The account of a file's dataset, with the file entered."""
        account = self.datasets.setdefault(
            file.dataset, new_account(file.kind or "unknown", file.label)
        )
        file_account(account, file)
        return account

    def add(self, layout: Layout, chunk: Chunk, found: Checkpoint) -> str:
        """Add one chunk's result; return why that is impossible, empty if it is not."""
        try:
            self.sums.add(found.histograms)
        except (ValueError, TypeError) as error:
            return f"{layout.checkpoint(chunk.id)} is damaged ({error}): remove it and resume"
        add_result(self.datasets[chunk.dataset], found)
        if found.rows is not None:
            self.parts.add(layout.part(chunk.dataset, chunk.id))
        before = [self.cutflow[chunk.dataset]] if chunk.dataset in self.cutflow else []
        self.cutflow[chunk.dataset] = add_cutflows([*before, found.cutflow])
        return ""

    def lose(self, lost: Chunk | UnopenedFile, reason: str) -> None:
        """Enter a chunk, or a file that was never opened, that has no result."""
        item: dict[str, Any] = {"dataset": lost.dataset, "file": lost.endpoints[0]}
        if isinstance(lost, Chunk):
            # readers of the table pass over what a worker may still write for this chunk
            item |= {"entries": [lost.start, lost.stop], "reason": reason, "chunk": lost.id}
        else:
            item |= {"entries": None, "reason": reason}
        self.failed.append(item)


def reconcile(
    layout: Layout,
    plan: Plan,
    processor: Processor | None,
    fingerprint: str,
    records: Mapping[str, Mapping[str, Any]],
) -> Reconciled:
    """Read every checkpoint in the plan's order and account for every planned chunk.

    The order of the sums does not depend on the executor, so neither do the results.

    Parameters
    ----------
    layout, plan, processor, fingerprint
        Of the run.
    records : mapping
        Chunk id to record of this session, for the reasons of failures.
    """
    result = Reconciled()
    declared = processor.histograms() if processor else ()
    result.histograms = {item.name: empty_histogram(item) for item in declared}
    for file, chunks in plan.work():
        account = result.open(file)
        account["planned"] += len(chunks)
        for chunk in chunks:
            found = load_checkpoint(layout, chunk, fingerprint)
            if found is None:
                reason = records.get(chunk.id, {}).get("reason", NEVER_RAN)
            else:
                reason = contradiction(account, result.cutflow.get(file.dataset), found)
                reason = reason or result.add(layout, chunk, found)
            if reason:
                result.lose(chunk, reason)
    for lost in plan.unopened:
        result.open(lost)["planned"] += 1
        result.lose(lost, lost.reason)
    summed = result.sums.total(result.histograms)
    result.histograms = {name: sort_categories(item) for name, item in summed.items()}
    _close(plan, result)
    return result


def last_reasons(layout: Layout, plan: Plan) -> dict[str, dict[str, Any]]:
    """Why chunks failed according to a run's last report, by chunk id."""
    try:
        failed = read_object(layout.report)["failed"]
        lost = {(item["file"], tuple(item["entries"] or ())): item for item in failed}
    except (OutputError, KeyError, TypeError):
        return {}
    found = {
        chunk.id: lost.get((redacted(chunk.endpoints[0]), (chunk.start, chunk.stop)))
        for chunk in plan.chunks()
    }
    return {name: item for name, item in found.items() if item}


def _close(plan: Plan, result: Reconciled) -> None:
    """Judge every dataset, and write the report."""
    for name, sample in plan.samples().items():
        sample_account(result.datasets[name], sample)
    for name, account in result.datasets.items():
        account["complete"], account["incomplete_because"] = completeness(plan, name, account)
        account["luminosity"] = luminosity(plan, name, account)
    accounts = result.datasets.values()
    events = sum(chunk.entries for chunk in plan.chunks())
    result.report = {
        "planned": sum(account["planned"] for account in accounts),
        "processed": sum(account["processed"] for account in accounts),
        "events_planned": None if plan.unopened else events,
        "events_processed": sum(account["events"] for account in accounts),
        "failed": result.failed,
        "removed_duplicates": {
            name: account["removed_duplicates"]
            for name, account in result.datasets.items()
            if account["removed_duplicates"]
        },
        "datasets": result.datasets,
        "notes": [
            *plan.notes,
            *import_notes(plan.files),
            *absence_notes(plan.files),
            *_notes(plan, result),
        ],
    }


def _notes(plan: Plan, result: Reconciled) -> list[str]:
    """What a reader of the yields must know."""
    notes = [
        f"{name!r} is not normalised, its weights are those of the files: {account['unnormalised']}"
        for name, account in result.datasets.items()
        if account.get("unnormalised")
    ]
    data = data_sets(plan)
    for name, account in result.datasets.items():
        if count := account["removed_duplicates"]:
            others = ", ".join(repr(item) for item in data[: data.index(name)])
            notes.append(
                f"{count:,} events of {name!r} are in {others} too: they are counted there, and "
                "left out of every count here."
            )
    if plan.event_keys and len(data) > 1 and plan.parameters.get("table") is False:
        notes.append(
            f"Events that are in more than one of {', '.join(map(repr, data))} are counted in "
            "each: without the table (--no-table) they cannot be recognised."
        )
    return notes
