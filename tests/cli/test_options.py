"""Options of a dataclass become options of a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from hepml.cli.options import taking


@dataclass(frozen=True)
class Shared:
    """What several commands take."""

    size: Annotated[int, typer.Option(help="How many.")] = 3
    names: Annotated[list[str] | None, typer.Option("--name")] = None


app = typer.Typer()


@app.command()
@taking(Shared)
def show(word: str, times: int = 1, *, options: Shared) -> None:
    """Show a word."""
    typer.echo(f"{word} {times} {options}")


def test_a_command_gets_its_own_options_and_the_shared_ones() -> None:
    found = CliRunner().invoke(app, ["w", "--size", "5", "--name", "a", "--name", "b"])
    assert found.stdout == "w 1 Shared(size=5, names=['a', 'b'])\n"


def test_defaults_are_those_of_the_dataclass() -> None:
    assert (
        CliRunner().invoke(app, ["w", "--times", "2"]).stdout == "w 2 Shared(size=3, names=None)\n"
    )


def test_the_help_lists_its_own_options_first() -> None:
    text = CliRunner().invoke(app, ["--help"]).stdout
    assert "Show a word." in text
    assert text.index("--times") < text.index("How many.") < text.index("--name")
