"""Rich tables of a run's cutflow and account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

__all__ = ["account_table", "cutflow_table"]


def cutflow_table(cutflow: Mapping[str, Sequence[Mapping[str, Any]]]) -> Table:
    """Raw and weighted counts, a row per step and a pair of columns per dataset."""
    table = Table(title="Cutflow: events, and in brackets the sum of weights")
    table.add_column("step")
    for dataset in cutflow:
        table.add_column(dataset, justify="right")
    steps = list(dict.fromkeys(row["step"] for rows in cutflow.values() for row in rows))
    for step in steps:
        cells = []
        for rows in cutflow.values():
            row = next((item for item in rows if item["step"] == step), None)
            cells.append(_count(row) if row else "-")
        table.add_row(step, *cells)
    return table


def _count(row: Mapping[str, Any]) -> str:
    if row["raw"] == row["weighted"]:
        return f"{row['raw']:,}"
    return f"{row['raw']:,} ({row['weighted']:.4g})"


def account_table(report: Mapping[str, Any]) -> Table:
    """What was planned and done, per dataset."""
    table = Table(title=f"Chunks: {report['processed']} of {report['planned']} processed")
    for name in ("dataset", "kind", "label"):
        table.add_column(name)
    for name in ("files", "chunks", "events", "rows"):
        table.add_column(name, justify="right")
    table.add_column("complete")
    for dataset, item in sorted(report["datasets"].items()):
        table.add_row(
            dataset,
            item["kind"],
            item["label"],
            f"{item['files']}",
            f"{item['processed']}/{item['planned']}",
            f"{item['events']:,}",
            f"{item['rows']:,}",
            "yes" if item["complete"] else f"no: {item['incomplete_because']}",
        )
    return table
