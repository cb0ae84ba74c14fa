"""``hepml inspect``: what a file holds, and which processor fits it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["inspect"]


def inspect(
    path: Annotated[
        str, typer.Argument(help="ROOT file or imported Parquet file, local or remote.")
    ],
    branches: Annotated[
        bool, typer.Option("--branches", help="List every branch or column.")
    ] = False,
) -> None:
    """Show trees, branches or columns, and which processor fits a file."""
    from rich.console import Console
    from rich.table import Table

    from hepml.engine.inspect import inspect_file

    found = inspect_file(path)
    console = Console()
    imported = bool(found[0].notes)
    table = Table(title=f"{'Columns' if imported else 'Trees'} in {Path(path).name}")
    names = ("tree", "events", "branches", "clusters", "kind", "processors")
    for name in ("file", "events", "columns", "row groups", *names[4:]) if imported else names:
        table.add_column(name)
    for tree in found:
        table.add_row(
            tree.name or Path(path).stem,
            f"{tree.entries:,}",
            f"{len(tree.branches)}",
            f"{tree.clusters}",
            tree.kind or "not stated",
            ", ".join(tree.fits) or "none",
        )
    console.print(table)
    for tree in found:
        for name, reason in tree.misfits.items():
            where = tree.name or Path(path).name
            console.print(f"{where}: {name} does not fit: {reason}", highlight=False)
        if imported:
            console.print(_listing("What the import noted", ("name", "value"), _texts(tree.notes)))
        if branches or imported:
            title = f"Branches of {tree.name}" if tree.name else "Columns"
            console.print(_listing(title, ("branch", "type"), tree.branches))


def _listing(title: str, names: tuple[str, str], rows: Mapping[str, str]) -> Table:
    from rich.table import Table

    listing = Table(title=title)
    for name in names:
        listing.add_column(name, overflow="fold")
    for name, value in rows.items():
        listing.add_row(name, value)
    return listing


def _texts(notes: Mapping[str, Any]) -> dict[str, str]:
    """Notes as short lines; nested ones as JSON."""
    import json

    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in notes.items()
    }
