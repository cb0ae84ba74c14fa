"""Every command has a help text; mistakes end in a message and an exit code."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import hepml
from hepml.cli import app, main
from hepml.errors import IncompleteRunError, ParameterError

COMMANDS = (
    ["demo"],
    ["datasets", "list"],
    ["datasets", "check"],
    ["datasets", "download"],
    ["simulate", "diphoton"],
    ["import", "shower"],
    ["inspect"],
    ["run"],
    ["check"],
    ["resume"],
    ["merge"],
    ["plot"],
    ["explore"],
    ["ml", "apply"],
    ["hunt"],
    ["fit", "diphoton"],
    ["export"],
)


def test_the_help_lists_the_commands_in_the_order_of_an_analysis() -> None:
    text = CliRunner().invoke(app, ["--help"]).output
    listed = [line.split()[1] for line in text.splitlines() if line.startswith("│ ")]
    names = list(dict.fromkeys(words[0] for words in COMMANDS))
    assert [name for name in listed if name in names] == names


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(words: list[str]) -> None:
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_help_text_holds_what_is_read_as_markup_and_vanishes(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    for parameter in command.params:
        assert "[" not in (parameter.help or ""), parameter.name


def test_the_version_is_shown() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.strip() == f"hepml {hepml.__version__}"


def failing(error: BaseException) -> typer.Typer:
    broken = typer.Typer()

    @broken.command()
    def fail() -> None:
        raise error

    return broken


@pytest.mark.parametrize(
    ("error", "code"),
    [(ParameterError("no [bold]such[/] cut"), 2), (IncompleteRunError("4 of 12 chunks"), 3)],
)
def test_a_mistake_ends_in_its_message_and_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hepml.cli.app", failing(error))
    monkeypatch.setattr(sys, "argv", ["hepml"])
    with pytest.raises(SystemExit) as end:
        main()
    shown = capsys.readouterr()
    assert end.value.code == code
    # the text as it is: brackets in it are no markup
    assert shown.err == f"error: {error}\n"
    assert shown.out == ""


def test_a_programming_mistake_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hepml.cli.app", failing(ZeroDivisionError("ours")))
    monkeypatch.setattr(sys, "argv", ["hepml"])
    with pytest.raises(ZeroDivisionError):
        main()
