"""``hepml inspect``: what a file holds, and which processor fits it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["inspect"]


def inspect(
    path: Annotated[str, typer.Argument(help="ROOT file, local or remote.")],
    branches: Annotated[bool, typer.Option("--branches", help="List every branch.")] = False,
) -> None:
    """Show trees, branches, and which processor fits a file."""
    from rich.console import Console
    from rich.table import Table

    from hepml.engine.inspect import inspect_file

    found = inspect_file(path)
    console = Console()
    table = Table(title=f"Trees in {Path(path).name}")
    for name in ("tree", "events", "branches", "clusters", "kind", "processors"):
        table.add_column(name)
    for tree in found:
        table.add_row(
            tree.name,
            f"{tree.entries:,}",
            f"{len(tree.branches)}",
            f"{tree.clusters}",
            tree.kind or "not stated",
            ", ".join(tree.fits) or "none",
        )
    console.print(table)
    for tree in found:
        for name, reason in tree.misfits.items():
            console.print(f"{tree.name}: {name} does not fit: {reason}", highlight=False)
        if branches:
            listing = Table(title=f"Branches of {tree.name}")
            listing.add_column("branch")
            listing.add_column("type")
            for branch, typename in tree.branches.items():
                listing.add_row(branch, typename)
            console.print(listing)
