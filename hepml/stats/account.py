"""What a table's run directory says about it: data or simulation, complete or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hepml.engine.rundir import Run
from hepml.errors import TableError, did_you_mean
from hepml.normalise import data_luminosity
from hepml.tables import FeatureTable

__all__ = ["Account", "open_table"]


@dataclass(frozen=True, slots=True)
class Account:
    """Where a table comes from, as JSON values, and what a reader must know."""

    source: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def open_table(path: str | Path, datasets: Sequence[str] = ()) -> tuple[FeatureTable, Account]:
    """Open a run directory, a Parquet file or a folder of them.

    Of a run, the data are taken; its simulation where it has no data, or the datasets that
    are named.

    Raises
    ------
    TableError
        If there is no table, or no such dataset.
    OutputError
        If the run was stopped before its end.
    """
    place = Path(path)
    if not (place / "plan.json").exists():
        table = FeatureTable.open(place)
        chosen = list(datasets) or list(table.datasets)
        account = Account({"path": str(path), "datasets": chosen})
        return (table.of(*chosen) if datasets else table), account
    run = Run(place)
    known = run.report["datasets"]
    for name in datasets:
        if name not in known:
            raise TableError(f"{path} has no dataset {name!r}. " + did_you_mean(name, known))
    data = [name for name, item in known.items() if item["kind"] == "data"]
    chosen = list(datasets) or data or list(known)
    filled = [name for name in chosen if name in run.features.datasets]
    return run.features.of(*filled), _account(run, chosen)


def _account(run: Run, chosen: Sequence[str]) -> Account:
    facts = {name: run.report["datasets"][name] for name in chosen}
    kinds = sorted({item["kind"] for item in facts.values()})
    source = {
        "path": str(run.path),
        "processor": run.provenance.get("processor"),
        "datasets": list(chosen),
        "kind": " and ".join(kinds),
        "simulated": any(item.get("simulated", False) for item in facts.values()),
        "published": all(item.get("published", False) for item in facts.values()),
        "luminosity": data_luminosity(facts) if kinds == ["data"] else None,
        "complete": all(item["complete"] for item in facts.values()),
    }
    notes = [
        f"{name!r} is not complete: {item['incomplete_because'] or 'some chunks have no result'}"
        for name, item in facts.items()
        if not item["complete"]
    ]
    if len(kinds) > 1:
        notes.append("data and simulation are fitted together")
    repeated = sum(run.report.get("duplicates", {}).get(name, 0) for name in chosen)
    if repeated:
        notes.append(f"{repeated:,} rows repeat an event key")
    return Account(source, tuple(notes))
