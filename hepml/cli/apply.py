"""``hepml ml apply``: score a run or a table with a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hepml.cli.bars import print_notes
from hepml.cli.options import NewFolder, Rows, Threads

if TYPE_CHECKING:
    from rich.table import Table

    from hepml.ml.apply import Scored

__all__ = ["apply"]


def apply(
    model: Annotated[Path, typer.Argument(help="Folder of a trained model.", show_default=False)],
    table: Rows,
    out: NewFolder,
    score: Annotated[
        str, typer.Option(help="Name of the score; with several classes SCORE_<class>.")
    ] = "score",
    join: Annotated[
        bool, typer.Option("--join", help="Keep every column of the table, not only its keys.")
    ] = False,
    workers: Threads = 2,
) -> None:
    """Score every row of a table with a trained model; writes keys and scores as Parquet.

    The scores are those that hepml run --model puts into its table.
    """
    from rich.console import Console

    from hepml.cli.bars import progress_bar
    from hepml.ml.apply import score_table

    with progress_bar("scoring ") as advance:
        found = score_table(
            table, model, out, score=score, join=join, threads=workers, progress=advance
        )
    console = Console()
    console.print(_means(found, score))
    print_notes(console, found.notes)
    console.print(f"results in {out}", highlight=False, soft_wrap=True)


def _means(found: Scored, score: str) -> Table:
    """Rows and mean scores by dataset."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=f"Mean scores by {found.model.name!r}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("dataset", overflow="fold")
    names = found.model.score_names(score)
    for name in ("rows", *names):
        table.add_column(name, justify="right")
    for dataset, rows in found.rows.items():
        shown = (f"{found.means[dataset][name]:.4f}" if rows else "-" for name in names)
        table.add_row(dataset, f"{rows:,}", *shown)
    return table
