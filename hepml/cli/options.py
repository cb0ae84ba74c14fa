"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Formats", "Plots"]

Formats = Annotated[
    list[str] | None,
    typer.Option("--format", help="png, pdf or svg; may be repeated; default: png."),
]
Plots = Annotated[bool, typer.Option("--plots/--no-plots", help="Draw figures.")]
