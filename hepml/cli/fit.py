"""``hepml fit``: fit a mass spectrum with a known peak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from hepml.cli.bars import print_notes
from hepml.cli.hunt import output_folder, save_figures
from hepml.cli.options import Background, Dataset, Formats, Plots, Results, Rows, Weight, Where

if TYPE_CHECKING:
    from rich.console import Console

    from hepml.stats.results import PeakFit

app = typer.Typer(no_args_is_help=True, help="Fit a mass spectrum with a known peak.")


@app.callback()
def _fit() -> None:
    """Fit a mass spectrum with a known peak."""


@app.command()
def diphoton(
    path: Rows,
    column: Annotated[str, typer.Option(help="Mass column, in GeV.")] = "diphoton_mass",
    signal: Annotated[str, typer.Option(help="gaussian, or crystal-ball.")] = "gaussian",
    mass: Annotated[float, typer.Option(help="Mass of the peak, in GeV.")] = 125.0,
    width: Annotated[float, typer.Option(help="Its standard deviation, in GeV.")] = 2.39,
    free_mass: Annotated[
        bool, typer.Option("--free-mass", help="Let the fit move the peak by up to 3 %.")
    ] = False,
    free_width: Annotated[
        bool, typer.Option("--free-width", help="Let the fit change the width, up to threefold.")
    ] = False,
    degree: Annotated[int, typer.Option(help="Degree of the background.")] = 3,
    background: Background = "polynomial",
    low: Annotated[float, typer.Option(help="Lowest mass of the fit, in GeV.")] = 105.0,
    high: Annotated[float, typer.Option(help="Highest mass of the fit, in GeV.")] = 160.0,
    bins: Annotated[int, typer.Option(help="Bins of the spectrum.")] = 55,
    where: Where = None,
    dataset: Dataset = None,
    weight: Weight = None,
    out: Results = None,
    formats: Formats = None,
    plots: Plots = True,
) -> None:
    """Fit H to two photons: a smooth background and a peak, with its significance.

    Results go to RUN/fit (for a Parquet file: FILE_fit beside it): fit.json and a figure.
    """
    from rich.console import Console

    from hepml.plots.style import check_formats
    from hepml.stats.peak import fit_peak
    from hepml.stats.sample import read_sample

    wanted = check_formats(formats or ("png",))
    sample = read_sample(
        path,
        mass=column,
        sign="all",
        where=where or (),
        datasets=dataset or (),
        weight=weight,
        window=(low, high),
    )
    folder = output_folder(path, out, "fit")
    found = fit_peak(
        sample.masses,
        weights=sample.weights,
        low=low,
        high=high,
        bins=bins,
        degree=degree,
        background=background,
        signal=cast("Literal['gaussian', 'crystal-ball']", signal),
        mass=mass,
        width=width,
        free_mass=free_mass,
        free_width=free_width,
        source=sample.source,
    )
    found = found.model_copy(update={"notes": (*sample.notes, *found.notes)})
    found.write(folder / "fit.json")
    console = Console()
    _show(found, console)
    if plots:
        from hepml.plots.fits import draw_fit

        save_figures(lambda progress: draw_fit(found, folder, wanted, progress=progress))
    console.print(f"results in {folder}", highlight=False, soft_wrap=True)


def _show(found: PeakFit, console: Console) -> None:
    from hepml.cli.findings import fit_table

    name = ", ".join(found.source.get("datasets") or [])
    console.print(fit_table(found, f"Mass fit of {name}" if name else "Mass fit"))
    print_notes(console, found.notes)
