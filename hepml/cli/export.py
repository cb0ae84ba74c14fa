"""``hepml export``: results for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["export"]


def export(
    run: Annotated[Path, typer.Argument(help="Run directory.")],
    form: Annotated[str, typer.Option("--format", help="root, csv or pyhf.")] = "root",
    out: Annotated[
        Path | None, typer.Option(help="File, or folder for CSV; default: in RUN/export.")
    ] = None,
    luminosity: Annotated[
        float | None,
        typer.Option(help="Scale simulation to this luminosity, in pb^-1; default: the data's."),
    ] = None,
    histogram: Annotated[
        str | None, typer.Option(help="Histogram of the pyhf workspace; default: the first.")
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Export an incomplete run.")
    ] = False,
) -> None:
    """Export histograms, cutflow and features to ROOT, CSV or a pyhf workspace."""
    from hepml.engine import Run
    from hepml.export import export as export_run

    path = export_run(
        Run(run),
        form,
        out,
        luminosity=luminosity,
        histogram=histogram,
        allow_missing=allow_missing,
    )
    print(f"wrote {path}")
