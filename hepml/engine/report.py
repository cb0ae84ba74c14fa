"""Reconcile what was planned with what was done, and add the chunks up in the plan's order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hist

from hepml.cutflow import Steps, add_cutflows
from hepml.engine.checkpoint import Checkpoint, load_checkpoint
from hepml.engine.plan import Plan
from hepml.engine.store import Layout
from hepml.histograms import add_histograms, empty_histogram, sort_categories
from hepml.processor import Processor

__all__ = ["Reconciled", "reconcile"]

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
    report : dict
        Content of ``report.json``.
    parts : set of Path
        Parquet parts that belong to the processed chunks.
    """

    histograms: dict[str, hist.Hist[Any]] = field(default_factory=dict)
    cutflow: dict[str, Steps] = field(default_factory=dict)
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    parts: set[Path] = field(default_factory=set)


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
    failed: list[dict[str, Any]] = []
    declared = processor.histograms() if processor else ()
    totals = {item.name: empty_histogram(item) for item in declared}
    cutflows: dict[str, Steps] = {}
    planned = processed = events_planned = events_processed = 0
    for file in plan.files:
        account = result.datasets.setdefault(file.dataset, _account(file.kind, file.label))
        account["simulated"] |= file.simulation is not None
        account["published"] &= file.published is not None
        if factor := (file.simulation or {}).get("higgs_factor"):
            account["higgs_factor"] = float(factor)
        account["files"] += 1
        account["entries"] += file.entries
        for chunk in file.chunks():
            planned += 1
            events_planned += chunk.entries
            account["planned"] += 1
            found = load_checkpoint(layout, chunk, fingerprint)
            if found is None:
                reason = records.get(chunk.id, {}).get("reason", NEVER_RAN)
            else:
                reason = _contradiction(account, cutflows.get(file.dataset), found)
            if found is None or reason:
                failed.append(_failure(chunk.dataset, chunk.endpoints[0], chunk, reason))
                continue
            processed += 1
            events_processed += chunk.entries
            account["processed"] += 1
            account["events"] += chunk.entries
            _add(account, found)
            if found.rows is not None:
                result.parts.add(layout.part(chunk.dataset, chunk.id))
            totals = add_histograms([totals, found.histograms])
            before = [cutflows[file.dataset]] if file.dataset in cutflows else []
            cutflows[file.dataset] = add_cutflows([*before, found.cutflow])
    for lost in plan.unopened:
        planned += 1
        account = result.datasets.setdefault(
            lost.dataset, _account(lost.kind or "unknown", lost.label)
        )
        account["planned"] += 1
        account["files"] += 1
        account["published"] &= lost.published is not None
        failed.append(_failure(lost.dataset, lost.endpoints[0], None, lost.reason))
    result.histograms = {name: sort_categories(item) for name, item in totals.items()}
    result.cutflow = cutflows
    for name, account in result.datasets.items():
        account["complete"], account["incomplete_because"] = _completeness(plan, name, account)
        account["luminosity"] = _luminosity(plan, name, account)
    result.report = {
        "planned": planned,
        "processed": processed,
        "events_planned": None if plan.unopened else events_planned,
        "events_processed": events_processed,
        "failed": failed,
        "datasets": result.datasets,
        "notes": list(plan.notes),
    }
    return result


def _account(kind: str, label: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "label": label,
        "simulated": False,
        "published": True,
        "files": 0,
        "entries": 0,
        "planned": 0,
        "processed": 0,
        "events": 0,
        "rows": 0,
        "seconds": 0.0,
        "endpoints": {},
    }


def _failure(dataset: str, file: str, chunk: Any, reason: str) -> dict[str, Any]:
    return {
        "dataset": dataset,
        "file": file,
        "entries": None if chunk is None else [chunk.start, chunk.stop],
        "reason": reason,
    }


def _add(account: dict[str, Any], found: Checkpoint) -> None:
    account["rows"] += found.rows or 0
    account["seconds"] += found.seconds
    server = found.endpoint.rsplit("/", 1)[0] or "/"
    account["endpoints"][server] = account["endpoints"].get(server, 0) + 1
    for name, value in found.constants.items():
        if not math.isnan(value):
            account.setdefault(name, value)


def _contradiction(account: Mapping[str, Any], steps: Steps | None, found: Checkpoint) -> str:
    """Why a result cannot be added to those before it, empty if it can."""
    for name, value in found.constants.items():
        before = account.get(name, value)
        if not (math.isnan(value) or math.isclose(before, value, rel_tol=1e-6)):
            return (
                f"the files of dataset {found.dataset!r} do not agree on {name} ({before} before, "
                f"{value} here), so they are not one sample. Run again with different names: "
                "NAME=FILES."
            )
    if steps is not None and list(steps) != list(found.cutflow):
        return (
            f"the cutflow has other steps ({', '.join(found.cutflow)}) than in the chunks before "
            f"({', '.join(steps)}). A selection must return the same steps for every chunk."
        )
    return ""


def _completeness(plan: Plan, dataset: str, account: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether every event that the sum of weights stands for was read, and if not, why."""
    if account["processed"] < account["planned"]:
        missing = account["planned"] - account["processed"]
        return False, f"{missing} of {account['planned']} chunks have no result"
    files = [file for file in plan.files if file.dataset == dataset]
    read = sum(file.edges[-1] for file in files)
    if read < account["entries"]:
        return False, f"limited to {read} of {account['entries']} events by --max-events"
    for file in files:
        published = file.published or {}
        expected = published.get("files")
        if expected is not None and account["files"] < expected:
            return False, f"{account['files']} of the {expected} files of {file.catalogued}"
        expected = published.get("entries")
        if expected is not None and account["entries"] < expected:
            return False, f"{account['entries']} of the {expected} events of {file.catalogued}"
    return True, ""


def _luminosity(plan: Plan, dataset: str, account: Mapping[str, Any]) -> float | None:
    """Luminosity [pb^-1] of a complete data set, where the catalogue or a simulation says so."""
    if account["kind"] != "data" or not account["complete"]:
        return None
    files = [file for file in plan.files if file.dataset == dataset]
    noted = [(file.simulation or {}).get("luminosity") for file in files]
    known = [float(value) for value in noted if value is not None]
    if len(known) == len(noted):
        return sum(known)
    published = {(file.published or {}).get("luminosity") for file in files}
    value = published.pop() if len(published) == 1 else None
    return None if value is None else float(value)
