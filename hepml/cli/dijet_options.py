"""Options that dijet searches and scans of them share, and how their words are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

__all__ = [
    "Alpha",
    "DijetRun",
    "Exclude",
    "Features",
    "FitLoss",
    "Include",
    "Learner",
    "Modes",
    "Networks",
    "Poisson",
    "Preset",
    "Quick",
    "mass_points",
    "refused",
    "values",
]

Value = TypeVar("Value")

DijetRun = Annotated[
    Path,
    typer.Argument(
        help="Run directory of dijet, Parquet file or folder of them.", show_default=False
    ),
]
Alpha = Annotated[
    float, typer.Option(help="Share of the second mode in the signal, with two modes.")
]
Modes = Annotated[str, typer.Option(help="Decay modes of the signal: qq, qqq, or qq,qqq.")]
Preset = Annotated[
    str,
    typer.Option(help="published: what is not given is as in arXiv:2405.08889, and so is the fit."),
]
Learner = Annotated[
    str, typer.Option(help="trees, network (published; needs the extra deep), or auto.")
]
Networks = Annotated[
    int | None,
    typer.Option(
        help="Priors of each mode, averaged; default 3, quick or published 1.", show_default=False
    ),
]
FitLoss = Annotated[
    str | None,
    typer.Option(
        help="Of the fit: likelihood of the data, or cross-entropy of data and reference; default: "
        "likelihood, published cross-entropy.",
        show_default=False,
    ),
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        help="Mass point that priors are trained on, as 500,100; may be repeated; default: all.",
        show_default=False,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        help="Mass point that priors are not trained on; may be repeated.", show_default=False
    ),
]
Features = Annotated[
    str | None,
    typer.Option(
        help="Columns with commas between; default: masses and tau ratios.", show_default=False
    ),
]
Poisson = Annotated[
    bool, typer.Option("--poisson", help="Let the numbers of events in the data fluctuate.")
]
Quick = Annotated[
    bool, typer.Option("--quick", help="Short trainings, to see that everything works.")
]


def refused(flag: str, value: object, wanted: str) -> Exception:
    """What is said of a value that cannot be read."""
    from hepml.errors import ParameterError

    return ParameterError(f"{flag} {value}: give {wanted}.")


def values(flag: str, texts: list[str] | None, kind: Callable[[str], Value]) -> list[Value]:
    """Values with commas between them, or given one by one.

    Raises
    ------
    ParameterError
        If one is not of its kind.
    """
    words = [word.strip() for text in texts or () for word in text.split(",") if word.strip()]
    try:
        return [kind(word) for word in words]
    except ValueError as error:
        wanted = "numbers with commas between" if kind is float else "whole numbers"
        raise refused(flag, ",".join(texts or ()), wanted) from error


def mass_points(flag: str, texts: list[str] | None) -> tuple[tuple[float, float], ...]:
    """Pairs of masses [GeV], each as 500,100 or 500:100.

    Raises
    ------
    ParameterError
        If one is no pair of numbers.
    """
    found = []
    for text in texts or ():
        pair = values(flag, [text.replace(":", ",")], float)
        if len(pair) != 2:
            raise refused(flag, text, "two masses in GeV, as in 500,100")
        found.append((pair[0], pair[1]))
    return tuple(found)
