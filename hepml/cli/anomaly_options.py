"""Options of the anomaly searches on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "AcceptLoss",
    "Bins",
    "Blind",
    "Dataset",
    "Decorrelate",
    "Degree",
    "Density",
    "Ensemble",
    "Folds",
    "Fpr",
    "Input",
    "NoTrain",
    "Nominal",
    "Out",
    "Preprocessing",
    "Quick",
    "SameSign",
    "Seed",
    "Seeds",
    "Strategy",
    "Toys",
    "Variations",
    "Where",
    "Workers",
]

Out = Annotated[Path, typer.Option("--out", help="Folder to create, or to go on with.")]
Strategy = Annotated[
    str,
    typer.Option(help="cathode, cwola, anode, lacathode, random; with --label also supervised."),
]
Density = Annotated[
    str,
    typer.Option(help="maf, nsf, neighbours, trees, or auto: maf if the extra deep is there."),
]
Decorrelate = Annotated[
    bool,
    typer.Option(
        "--decorrelate/--no-decorrelate",
        help="cwola: take the dependence on the mass out of the features; not as published.",
    ),
]
Preprocessing = Annotated[
    str,
    typer.Option(
        help="Of the density model: code or readme (both as published), or normal (quantiles).",
        metavar="ORDER",
    ),
]
Seeds = Annotated[
    int | None,
    typer.Option(help="Trainings of the density model; default 5.", show_default=False),
]
Ensemble = Annotated[
    int | None, typer.Option(help="Classifiers of each fold; default 20.", show_default=False)
]
Folds = Annotated[int, typer.Option(help="Parts that are scored in turn.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="One seed, 5 classifiers, 500 toys, short trainings.")
]
NoTrain = Annotated[
    bool, typer.Option("--no-train", help="Only the statistics, from the scores in --out.")
]
Blind = Annotated[
    bool,
    typer.Option("--blind", help="Sidebands, closure and expected sensitivity alone."),
]
Degree = Annotated[
    int | None, typer.Option(help="Degree of the background; default: the window's.")
]
Bins = Annotated[int, typer.Option(help="Bins of the signal region.")]
Fpr = Annotated[
    str, typer.Option(help="Shares of sideband data that pass: all, fine, coarse, or 1,0.25,0.1.")
]
Nominal = Annotated[
    float | None,
    typer.Option(help="Rate that counts, fixed before unblinding; default 0.1.", min=0, max=1),
]
Toys = Annotated[
    int | None, typer.Option(help="Pseudo-experiments; default 2000.", show_default=False)
]
Variations = Annotated[
    bool, typer.Option("--variations/--no-variations", help="Other degrees and bins too.")
]
Where = Annotated[
    list[str] | None,
    typer.Option(help="Condition on a column, 'lead_pt>=20'; may be repeated."),
]
Dataset = Annotated[
    list[str] | None,
    typer.Option(help="Dataset to read; may be repeated; default: data, else all simulation."),
]
AcceptLoss = Annotated[
    list[str] | None,
    typer.Option(help="Feature whose events without a finite value may be left out."),
]
SameSign = Annotated[
    bool,
    typer.Option("--same-sign", help="Train on same-sign pairs, validate on opposite-sign ones."),
]
Seed = Annotated[int, typer.Option(help="Of the pseudo-experiments.")]
Workers = Annotated[int, typer.Option(help="Processes for pseudo-experiments.")]
Input = Annotated[
    Path, typer.Argument(help="Run directory, Parquet file or folder of them.", show_default=False)
]
