"""`hepml plot` draws a run and says where."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from hepml.cli.plot import plot
from hepml.errors import OutputError, ParameterError
from tests.plots.runs import diphoton, write_run

app = typer.Typer()
app.command()(plot)


def test_figures_are_written_and_named(tmp_path: Path) -> None:
    run = write_run(tmp_path / "r1", *diphoton())
    result = CliRunner().invoke(app, [str(run), "--format", "png", "--only", "n_jets"])
    assert result.exit_code == 0, result.output
    assert "1 figure in" in result.output.replace("\n", " ")
    assert [path.name for path in (run / "plots").iterdir()] == ["n_jets.png"]


def test_options_reach_the_figures(tmp_path: Path) -> None:
    run = write_run(tmp_path / "r1", *diphoton())
    options = ["--format", "svg", "--only", "mass", "--luminosity", "3000", "--label", "Mine"]
    result = CliRunner().invoke(app, [str(run), "--out", str(tmp_path / "o"), *options])
    assert result.exit_code == 0, result.output
    assert [path.name for path in (tmp_path / "o").iterdir()] == ["mass.svg"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [(["nowhere"], OutputError), (["r1", "--only", "masss"], ParameterError)],
)
def test_mistakes_are_the_users_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], error: type[Exception]
) -> None:
    write_run(tmp_path / "r1", *diphoton())
    monkeypatch.chdir(tmp_path)
    assert isinstance(CliRunner().invoke(app, arguments).exception, error)
