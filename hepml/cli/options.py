"""Options that several commands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

__all__ = [
    "Background",
    "Dataset",
    "Formats",
    "MassColumn",
    "ModelSeed",
    "NewFolder",
    "Plots",
    "Results",
    "Rows",
    "Threads",
    "Weight",
    "Where",
    "Without",
    "Workers",
    "taking",
]

Rows = Annotated[
    Path, typer.Argument(help="Run directory, Parquet file or folder of them.", show_default=False)
]
Dataset = Annotated[
    list[str] | None,
    typer.Option(help="Dataset to read; may be repeated; default: data, else all simulation."),
]
Where = Annotated[
    list[str] | None,
    typer.Option(help="Condition on a column, 'lead_iso04>=0.55'; may be repeated."),
]
Weight = Annotated[
    str | None, typer.Option(help="Weight column, or none; default: weight where there is one.")
]
MassColumn = Annotated[
    str | None, typer.Option(help="Mass column, in GeV; default: the table's own.")
]
Background = Annotated[str, typer.Option(help="polynomial, exponential or bernstein.")]
Without = Annotated[list[str] | None, typer.Option(help="Feature to leave out; may be repeated.")]
ModelSeed = Annotated[int, typer.Option(help="Same seed, same model.")]
Threads = Annotated[int, typer.Option(help="Threads on this machine.")]
Workers = Annotated[int, typer.Option(help="Processes on this machine.")]
Results = Annotated[Path | None, typer.Option(help="Folder for results and figures.")]
NewFolder = Annotated[Path, typer.Option("--out", help="Folder to create.", show_default=False)]
Formats = Annotated[
    list[str] | None,
    typer.Option("--format", help="png, pdf or svg; may be repeated; default: png."),
]
Plots = Annotated[bool, typer.Option("--plots/--no-plots", help="Draw figures.")]


def taking(options: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each field of a dataclass.

    Parameters
    ----------
    options : type
        Dataclass of options that have defaults. The command gets an instance as its last
        parameter; the other parameters are its own, and come first in its help.
    """
    hints = get_type_hints(options, include_extras=True)
    shared = [
        inspect.Parameter(
            item.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=item.default,
            annotation=hints[item.name],
        )
        for item in fields(options)
    ]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)
        *own, last = signature.parameters.values()

        @wraps(command)
        def run(**given: Any) -> None:
            chosen = options(**{item.name: given.pop(item.name) for item in shared})
            command(**given, **{last.name: chosen})

        # what the command line is made from
        vars(run)["__signature__"] = signature.replace(parameters=[*own, *shared])
        run.__annotations__ = {item.name: item.annotation for item in (*own, *shared)}
        return run

    return decorate
