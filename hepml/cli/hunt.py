"""``hepml hunt``: look for a resonance in a mass spectrum."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from hepml.cli.bars import Advance, print_notes, progress_bar, result_console
from hepml.cli.options import (
    Background,
    Dataset,
    Formats,
    MassColumn,
    Plots,
    Results,
    Rows,
    Weight,
    Where,
    Workers,
)

if TYPE_CHECKING:
    from rich.console import Console

    from hepml.stats.results import Hunt

__all__ = ["hunt", "output_folder", "save_figures"]


def hunt(
    path: Rows,
    mass: MassColumn = None,
    window: Annotated[
        str, typer.Option(help="Name of a window, or four masses in GeV: 5,9,10.6,16.")
    ] = "upsilon",
    degree: Annotated[
        int | None,
        typer.Option(
            help="Degree of the background; default: the window's own, 5 for upsilon.",
            show_default=False,
        ),
    ] = None,
    bins: Annotated[int, typer.Option(help="Bins of the signal region.")] = 11,
    score: Annotated[
        list[str] | None,
        typer.Option(help="Score column to cut on, larger for signal; may be repeated."),
    ] = None,
    fpr: Annotated[
        str,
        typer.Option(help="Shares of sideband data that pass: 1,0.25,0.1, or coarse, or fine."),
    ] = "coarse",
    signal: Annotated[
        str, typer.Option(help="count (one bin), or shape (peaks at known masses).")
    ] = "count",
    background: Background = "polynomial",
    evaluate: Annotated[
        str, typer.Option(help="Background in a sideband bin at its centre, or its integral.")
    ] = "centre",
    sign: Annotated[str, typer.Option(help="Muon pairs: opposite, same or all.")] = "opposite",
    where: Where = None,
    dataset: Dataset = None,
    weight: Weight = None,
    toys: Annotated[int, typer.Option(help="Pseudo-experiments for each p-value.")] = 0,
    limit: Annotated[
        bool, typer.Option("--limit", help="Also upper limits on the signal (CLs).")
    ] = False,
    variations: Annotated[
        bool, typer.Option("--variations", help="Also other degrees, bins and families.")
    ] = False,
    scan: Annotated[
        bool, typer.Option("--scan", help="Also windows over all masses, and a global p-value.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the pseudo-experiments.")] = 0,
    workers: Workers = 2,
    out: Results = None,
    formats: Formats = None,
    plots: Plots = True,
) -> None:
    """Look for a resonance: fit the sidebands, count the excess, give its significance.

    Results go to RUN/hunt (for a Parquet file: FILE_hunt beside it): hunt.json and figures.
    """

    from hepml.plots.hunts import draw_hunt, remove_figures
    from hepml.plots.style import check_formats
    from hepml.stats.bumphunt import hunt as search
    from hepml.stats.points import working_points
    from hepml.stats.sample import read_sample
    from hepml.windows import find_window

    chosen, rates = find_window(window), working_points(fpr)
    wanted = check_formats(formats or ("png",))
    sample = read_sample(
        path,
        mass=mass,
        sign=sign,
        where=where or (),
        scores=score or (),
        datasets=dataset or (),
        weight=weight,
        window=(chosen.left, chosen.right),
        outside=scan,
    )
    folder = output_folder(path, out, "hunt")
    with progress_bar() as progress:
        found = search(
            sample.masses,
            chosen,
            weights=sample.weights,
            scores=sample.scores,
            fpr=rates,
            same_sign=sample.same_sign,
            same_sign_weights=sample.same_sign_weights,
            degree=degree,
            bins=bins,
            background=background,
            evaluate=cast("Literal['centre', 'integral']", evaluate),
            signal=cast("Literal['count', 'shape']", signal),
            toys=toys,
            limit=limit,
            variations=variations,
            scan=scan,
            seed=seed,
            workers=workers,
            progress=progress,
            source=sample.source,
        )
    found = found.model_copy(update={"notes": (*sample.notes, *found.notes)})
    remove_figures(folder)
    found.write(folder / "hunt.json")
    console = result_console()
    _show(found, console)
    if plots:
        save_figures(lambda progress: draw_hunt(found, folder, wanted, progress=progress))
    console.print(f"results in {folder}", highlight=False, soft_wrap=True)


def _show(found: Hunt, console: Console) -> None:
    from hepml.cli.findings import describe_extras, hunt_table, remarks

    console.print(hunt_table(found))
    print_notes(console, (*remarks(found.results), *found.notes))
    for text in describe_extras(found):
        console.print(text, highlight=False)


def output_folder(path: Path, out: Path | None, name: str) -> Path:
    """Make the folder for results: ``--out``, in a directory, or beside a file.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    from hepml.errors import OutputError

    beside = path / name if path.is_dir() else path.with_name(f"{path.stem}_{name}")
    folder = out or beside
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = f"Cannot write to {folder}: {error.strerror}. Choose another folder with --out."
        raise OutputError(text) from error
    return folder


def save_figures(draw: Callable[[Advance], list[Path]]) -> None:
    """Draw with a progress bar and say which figures there are."""
    with progress_bar() as progress:
        written = draw(progress)
    figures = list(dict.fromkeys(path.stem for path in written))
    noun = "figure" if len(figures) == 1 else "figures"
    typer.echo(f"{len(figures)} {noun}: {', '.join(figures)}")
