"""``hepml processors``: what can be run, with its presets, cuts and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from hepml.processor import Processor

__all__ = ["processors"]


def processors(
    name: Annotated[
        str | None, typer.Argument(help="One processor: its presets, cuts and weights.")
    ] = None,
) -> None:
    """List the processors, or the presets, cuts and weights of one."""
    from rich.console import Console
    from rich.table import Table

    from hepml.registry import find_processor, processor_names

    console = Console()
    if name is None:
        table = Table(title="Processors")
        for heading in ("name", "reads", "presets", "what it selects"):
            table.add_column(heading)
        for known in processor_names():
            found = find_processor(known)
            table.add_row(known, _reads(found), "\n".join(found.presets), _summary(found))
        console.print(table)
        return
    found = find_processor(name)
    console.print(f"[bold]{name}[/]: {_summary(found)}", highlight=False)
    console.print(f"reads: {_reads(found)}", highlight=False)
    console.print(f"weights (--weight): {', '.join(found.weights)}", highlight=False)
    sources = ", ".join(found.variations) or "none"
    console.print(f"systematic sources (--systematics): {sources}", highlight=False)
    console.print(_cuts_table(found))
    if found.options:
        flags = ", ".join(f"--{option.replace('_', '-')}" for option in found.options)
        console.print(f"further options: {flags}", highlight=False)
    for preset in found.presets:
        columns = len(found(preset=preset).columns)
        console.print(f"{columns} columns in the feature table of {preset}", highlight=False)


def _summary(found: type[Processor]) -> str:
    return (found.__doc__ or "").strip().splitlines()[0] if found.__doc__ else ""


def _reads(found: type[Processor]) -> str:
    """Trees of ROOT files, or what was imported to Parquet."""
    channel = getattr(found.schema, "channel", "")
    if getattr(found.schema, "file_format", "root") == "parquet":
        return f"Parquet of hepml import {channel}"
    return "tree " + " or ".join(found.trees)


def _cuts_table(found: type[Processor]) -> Table:
    """Every cut with its value in each preset; the units are those of the cuts' docstring."""
    from dataclasses import asdict

    from rich.table import Table

    content = next(iter(found.presets.values()))
    about = (type(content.cuts).__doc__ or "").strip().splitlines()
    units = f"\n{about[0]}" if about else ""
    table = Table(title=f"Cuts (--cut FIELD=VALUE) in each preset (--preset){units}")
    table.add_column("cut")
    for preset, content in found.presets.items():
        table.add_column(f"{preset}\n(weight {content.weight})", justify="right", overflow="fold")
    values = {preset: asdict(content.cuts) for preset, content in found.presets.items()}
    for field in next(iter(values.values())):
        table.add_row(field, *(str(cuts[field]) for cuts in values.values()))
    return table
