"""Rich tables of a run's cutflow and account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Column, Table

__all__ = ["account_table", "cutflow_table"]

Rows = Sequence[Mapping[str, Any]]

# Up to this many datasets a line per step reads best, with more a line per dataset.
_FEW = 2
# Names are broken over lines down to this many characters.
_SHORTEST_NAME = 12


def cutflow_table(cutflow: Mapping[str, Rows], width: int = 80) -> Table:
    """Events after each step, and the sum of weights after the last.

    Parameters
    ----------
    cutflow : mapping of str to rows
        Dataset to rows of ``step``, ``raw`` and ``weighted``.
    width : int
        Characters of a line. Counts that would not fit are rounded to four digits.
    """
    if len(cutflow) <= _FEW:
        return _by_step(cutflow)
    exact = _by_dataset(cutflow, "{:,}".format)
    for gap in (2, 1):
        exact.padding = (0, gap - 1, 0, 0)
        if _needed(exact, gap) <= width:
            return _pinned(exact) if _wanted(exact, gap) > width else exact
    if _fold_names(exact, width):
        return _pinned(exact)
    rounded = _by_dataset(cutflow, _short)
    rounded.padding = (0, 0, 0, 0)
    _fold_names(rounded, width)
    rounded.caption = "rounded to four digits; exact counts are in cutflow.json"
    return _pinned(rounded)


def _by_step(cutflow: Mapping[str, Rows]) -> Table:
    table = _table("Cutflow: events left after each step, and their sum of weights")
    table.add_column("step")
    for dataset in cutflow:
        table.add_column(dataset, justify="right", overflow="fold")
        table.add_column("weighted", justify="right")
    for step in _steps(cutflow):
        cells = []
        for rows in cutflow.values():
            row = _find(rows, step)
            cells += [f"{row['raw']:,}", _weighted(row)] if row else ["-", "-"]
        table.add_row(step, *cells)
    return table


def _by_dataset(cutflow: Mapping[str, Rows], write: Callable[[int], str]) -> Table:
    table = _table("Cutflow: events left after each step, and the last step's sum of weights")
    table.add_column("dataset", overflow="fold")
    steps = _steps(cutflow)
    for step in steps:
        table.add_column(step, justify="right")
    table.add_column("weighted", justify="right")
    for dataset, rows in cutflow.items():
        found = [_find(rows, step) for step in steps]
        cells = [write(row["raw"]) if row else "-" for row in found]
        table.add_row(dataset, *cells, _weighted(rows[-1]) if rows else "-")
    for column in table.columns:
        column.min_width = _narrowest(column)
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))


def _steps(cutflow: Mapping[str, Rows]) -> list[str]:
    return list(dict.fromkeys(row["step"] for rows in cutflow.values() for row in rows))


def _find(rows: Rows, step: str) -> Mapping[str, Any] | None:
    return next((row for row in rows if row["step"] == step), None)


def _narrowest(column: Column) -> int:
    """Characters of a column whose header breaks between words."""
    words = [len(word) for word in str(column.header).split()]
    return max([*words, *(len(str(cell)) for cell in column.cells)])


def _needed(table: Table, gap: int) -> int:
    """Characters of a line, with this many between two columns."""
    return 2 + sum(gap + _narrowest(column) for column in table.columns)


def _wanted(table: Table, gap: int) -> int:
    """Characters of a line if no header is broken."""
    headers = (max(len(str(c.header)), _narrowest(c)) for c in table.columns)
    return 2 + sum(gap + width for width in headers)


def _pinned(table: Table) -> Table:
    """Break every header: left to itself the table drops its last column."""
    for column in table.columns:
        column.width = column.min_width
    return table


def _fold_names(table: Table, width: int) -> bool:
    """Break long names of datasets over lines, so that every column fits, if that is enough."""
    names = table.columns[0]
    room = width - _needed(table, 1) + _narrowest(names)
    names.min_width = min(_narrowest(names), max(room, _SHORTEST_NAME))
    return room >= _SHORTEST_NAME


def _weighted(row: Mapping[str, Any]) -> str:
    """A sum of weights: whole above a thousand, else four digits."""
    value = float(row["weighted"])
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _short(count: int) -> str:
    """Four digits and a prefix: ``7.826M``."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= 10 * size or (unit != "k" and count >= size):
            return f"{count / size:.4g}{unit}"
    return f"{count:,}"


def account_table(report: Mapping[str, Any]) -> Table:
    """What was planned and done, per dataset."""
    table = _table(f"Chunks: {report['processed']} of {report['planned']} processed")
    table.add_column("dataset", overflow="fold")
    for name in ("kind", "label"):
        table.add_column(name, overflow="fold")
    for name in ("files", "chunks", "events", "rows"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("complete", overflow="fold")
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
