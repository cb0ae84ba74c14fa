"""``hepml simulate``: write small simulated data sets in the experiments' own formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Simulate a channel's input files.")


@app.callback()
def _simulate() -> None:
    """Simulate a channel's input files."""


@app.command()
def diphoton(
    out: Annotated[Path, typer.Option("--out", help="Directory; no file in it is overwritten.")],
    events: Annotated[
        int, typer.Option("--events", help="Data events in all, shared among the periods.")
    ] = 100_000,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same events.")] = 1,
    simulated: Annotated[
        int | None,
        typer.Option(
            "--simulated",
            help="Events generated per production mode (about 3/4 are kept); "
            "default: a fifth of --events, at least 4,000.",
            show_default=False,
        ),
    ] = None,
    periods: Annotated[
        str, typer.Option("--periods", help="Data periods, one file each.")
    ] = "ABCD",
    clusters: Annotated[
        int | None,
        typer.Option(
            "--clusters",
            help="Clusters per file; default 8, more above 800,000 events.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """H -> two photons: data and the five production modes as ATLAS open-data `mini` trees."""
    import json

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from hepml.simulate.diphoton import simulate

    console = Console()
    bar = (TextColumn("simulate"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bar, console=console, transient=True) as progress:
        task = progress.add_task("simulate", total=None)
        paths = simulate(
            out,
            events,
            seed,
            clusters=clusters,
            simulated=simulated,
            periods=periods,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    for path in paths:
        console.print(str(path), soft_wrap=True, highlight=False)
    truth = json.loads(paths[-1].read_text())
    console.print(
        f"{truth['data_events']:,} simulated data events, as many as {truth['luminosity']:,.0f} "
        f"pb^-1 would give; {sum(truth['higgs_in_data'].values()):,} of them are Higgs bosons, "
        f"{truth['higgs_factor']:g} times the true rate.",
        soft_wrap=True,
        highlight=False,
    )
