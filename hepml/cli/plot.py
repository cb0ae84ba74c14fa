"""`hepml plot RUN`: draw every histogram of a run, and its cutflow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["plot"]


def plot(
    run: Annotated[
        Path,
        typer.Argument(
            help="Run directory, or folder with results of hunt, fit, ml or explore.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the figures; default: RUN/plots."),
    ] = None,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="png, pdf or svg; may be repeated; default: png and pdf."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Draw this histogram only; may be repeated."),
    ] = None,
    signal: Annotated[
        list[str] | None,
        typer.Option("--signal", metavar="CLASS", help="Draw this class as signal; repeatable."),
    ] = None,
    luminosity: Annotated[
        float | None,
        typer.Option(
            "--luminosity",
            help="Scale simulation to this luminosity, in pb^-1; default: that of the data.",
        ),
    ] = None,
    label: Annotated[
        str | None, typer.Option("--label", help="Text above the frame, e.g. 'ATLAS Open Data'.")
    ] = None,
    style: Annotated[
        str | None, typer.Option("--style", help="ATLAS or CMS; default: by channel.")
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Scale incomplete simulation; figures say so.")
    ] = False,
) -> None:
    """Draw every histogram of a run, and its cutflow; or what a hunt, a fit or a model found."""
    from hepml.cli.bars import progress_bar
    from hepml.plots.fits import draw_found
    from hepml.plots.run import draw_run

    with progress_bar("drawing ") as advance:
        results = ("hunt.json", "fit.json", "result.json", "explore.json")
        if any((run / name).is_file() for name in results):
            _need_run(run, only, signal, luminosity)
        wanted = tuple(formats) if formats else ("png", "pdf")
        written = draw_found(
            run, out, wanted, label=label, style=style, progress=advance
        ) or draw_run(
            run,
            out,
            wanted,
            luminosity=luminosity,
            only=only or (),
            signals=signal or None,
            label=label,
            style=style,
            allow_missing=allow_missing,
            progress=advance,
        )
    folder = written[0].parent if written else run / "plots"
    figures = sorted({path.stem for path in written})
    noun = "figure" if len(figures) == 1 else "figures"
    typer.echo(f"{len(figures)} {noun} in {folder}: {', '.join(figures)}")


def _need_run(folder: Path, only: object, signal: object, luminosity: object) -> None:
    """Raise a ParameterError for options that only the figures of a run have."""
    from hepml.errors import ParameterError

    for name, value in (("--only", only), ("--signal", signal), ("--luminosity", luminosity)):
        if value:
            raise ParameterError(f"{name} is for a run; {folder} holds results, no run.")
