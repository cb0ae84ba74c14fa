"""``hepml explore``: distributions of a table's columns, class by class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from hepml.cli.bars import print_notes
from hepml.cli.options import Formats, Plots

if TYPE_CHECKING:
    from rich.table import Table

    from hepml.explore import Exploration

__all__ = ["explore"]


def explore(
    path: Annotated[
        Path,
        typer.Argument(
            help="Run directory, Parquet file or folder of them; or a folder with explore.json, "
            "to draw it again.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for results; default: RUN/explore.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Column to look at; may be repeated; default: features and masses."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every column of numbers.")] = False,
    normalise: Annotated[
        str | None,
        typer.Option(help="area: every class to unit area (default); yields: expected events."),
    ] = None,
    luminosity: Annotated[
        float | None,
        typer.Option(help="With yields: luminosity of simulation in pb^-1; default: of the data."),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(help="Column that names the classes, or none: by dataset."),
    ] = None,
    weight: Annotated[
        str | None, typer.Option(help="Column of weights, or none; default: the table's own.")
    ] = None,
    dataset: Annotated[
        list[str] | None, typer.Option(help="Dataset to read; may be repeated; default: all.")
    ] = None,
    formats: Formats = None,
    plots: Plots = True,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="With yields: scale incomplete simulation.")
    ] = False,
) -> None:
    """Show what each class looks like in every feature, undefined values left out.

    Writes explore.json (rows, sums of weights, undefined share, mean, spread and quantiles of every
    column in every class, and the bins) and a figure of each column drawn from it.
    """
    from hepml.cli.bars import progress_bar
    from hepml.cli.hunt import output_folder, save_figures
    from hepml.explore import Exploration
    from hepml.explore import explore as explore_table
    from hepml.plots.explore import draw_exploration
    from hepml.plots.style import check_formats

    wanted = check_formats(formats or ("png",))
    old = path / "explore.json"
    if old.is_file() and not (path / "plan.json").exists():
        _refuse({"--all": every, "--normalise": normalise, "--luminosity": luminosity,
                 "--label": label, "--weight": weight, "--dataset": dataset})  # fmt: skip
        found, folder = Exploration.read(old), out or path
        only = tuple(column or ())
    else:
        with progress_bar() as advance:
            found = explore_table(
                path,
                column,
                everything=every,
                label=label,
                weight=weight,
                datasets=tuple(dataset or ()),
                normalise=cast(Any, normalise or "area"),
                luminosity=luminosity,
                allow_missing=allow_missing,
                progress=advance,
            )
        folder, only = output_folder(path, out, "explore"), ()
        found.write(folder / "explore.json")
    _show(found)
    if plots:
        save_figures(
            lambda progress: draw_exploration(found, folder, wanted, only=only, progress=progress)
        )
    typer.echo(f"results in {folder}")


def _refuse(given: dict[str, object]) -> None:
    """Raise a ParameterError for options that only a table has."""
    from hepml.errors import ParameterError

    for name, value in given.items():
        if value:
            raise ParameterError(
                f"{name} is for a table, and the rows of explore.json are counted already."
            )


def _show(found: Exploration) -> None:
    from rich.console import Console

    console = Console()
    console.print(_table(found))
    print_notes(console, found.notes)


def _table(found: Exploration) -> Table:
    """Classes with their rows and sums of weights."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(found.class_column or "dataset", overflow="fold")
    for name in ("rows", "sum of weights", "negative"):
        table.add_column(name, justify="right")
    for item in found.classes:
        table.add_row(
            item.name,
            f"{item.rows:,}",
            f"{item.sum_weights:.5g}",
            f"{100 * item.negative_share:.1f} %",
        )
    return table
