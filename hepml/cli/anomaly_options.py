"""Options of the anomaly searches on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hepml.cli.options import Dataset, Formats, Plots

__all__ = ["Out", "SearchOptions"]

Out = Annotated[Path, typer.Option("--out", help="Folder to create, or to go on with.")]


@dataclass(frozen=True)
class SearchOptions:
    """What both searches can be asked for, in the order of their help."""

    strategy: Annotated[
        str,
        typer.Option(
            help="cathode, cwola, anode, lacathode, random; with --label also supervised."
        ),
    ] = "cathode"
    density: Annotated[
        str,
        typer.Option(help="maf, nsf, neighbours, trees, or auto: maf if the extra deep is there."),
    ] = "auto"
    preprocessing: Annotated[
        str,
        typer.Option(
            help="Of the density model: code or readme (both as published), or normal (quantiles).",
            metavar="ORDER",
        ),
    ] = "code"
    decorrelate: Annotated[
        bool,
        typer.Option(
            "--decorrelate/--no-decorrelate",
            help="cwola: take the dependence on the mass out of the features; not as published.",
        ),
    ] = True
    seeds: Annotated[
        int | None,
        typer.Option(help="Trainings of the density model; default 5.", show_default=False),
    ] = None
    ensemble: Annotated[
        int | None, typer.Option(help="Classifiers of each fold; default 20.", show_default=False)
    ] = None
    folds: Annotated[int, typer.Option(help="Parts that are scored in turn.")] = 5
    quick: Annotated[
        bool, typer.Option("--quick", help="One seed, 5 classifiers, 500 toys, short trainings.")
    ] = False
    no_train: Annotated[
        bool, typer.Option("--no-train", help="Only the statistics, from the scores in --out.")
    ] = False
    blind: Annotated[
        bool,
        typer.Option("--blind", help="Sidebands, closure and expected sensitivity alone."),
    ] = False
    same_sign: Annotated[
        bool,
        typer.Option(
            "--same-sign", help="Train on same-sign pairs, validate on opposite-sign ones."
        ),
    ] = False
    degree: Annotated[
        int | None, typer.Option(help="Degree of the background; default: the window's.")
    ] = None
    bins: Annotated[int, typer.Option(help="Bins of the signal region.")] = 11
    fpr: Annotated[
        str,
        typer.Option(help="Shares of sideband data that pass: all, fine, coarse, or 1,0.25,0.1."),
    ] = "all"
    nominal: Annotated[
        float | None,
        typer.Option(help="Rate that counts, fixed before unblinding; default 0.1.", min=0, max=1),
    ] = None
    toys: Annotated[
        int | None, typer.Option(help="Pseudo-experiments; default 2000.", show_default=False)
    ] = None
    variations: Annotated[
        bool, typer.Option("--variations/--no-variations", help="Other degrees and bins too.")
    ] = True
    where: Annotated[
        list[str] | None,
        typer.Option(help="Condition on a column, 'lead_pt>=20'; may be repeated."),
    ] = None
    dataset: Dataset = None
    accept_loss: Annotated[
        list[str] | None,
        typer.Option(help="Feature whose events without a finite value may be left out."),
    ] = None
    seed: Annotated[int, typer.Option(help="Of the pseudo-experiments.")] = 0
    workers: Annotated[int, typer.Option(help="Processes for pseudo-experiments.")] = 2
    formats: Formats = None
    plots: Plots = True
