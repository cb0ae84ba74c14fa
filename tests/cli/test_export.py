"""``hepml export`` writes, says where, and refuses a second time."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hepml.cli import app
from hepml.errors import OutputError, ParameterError
from tests.plots.runs import JETS, at, together
from tests.toys import account, write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    jets = together(at(JETS, "data", [4, 3, 2, 1]), at(JETS, "s", [1, 1, 1, 1]))
    datasets = {"data": account("data", luminosity=10.0), "s": account("simulation")}
    return write_run(tmp_path / "r1", {"n_jets": jets}, datasets, {"data": [range(3)]})


def export(run: Path, *options: str) -> str:
    result = CliRunner().invoke(app, ["export", str(run), *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.replace("\n", "")


@pytest.mark.parametrize(("form", "name"), [("root", "histograms.root"), ("csv", "csv/n_jets.csv")])
def test_it_writes_beside_the_run_and_says_where(run: Path, form: str, name: str) -> None:
    assert str(run / "export") in export(run, "--format", form)
    assert (run / "export" / name).is_file()


def test_a_second_time_it_says_that_the_file_exists(run: Path) -> None:
    export(run)
    result = CliRunner().invoke(app, ["export", str(run), "--format", "root"])
    assert isinstance(result.exception, OutputError)
    assert "exists; choose another --out" in str(result.exception)


def test_options_reach_the_export(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "here"
    export(run, "--format", "csv", "--out", str(out), "--luminosity", "3")
    lines = (out / "n_jets.csv").read_text().splitlines()
    assert [line.split(",")[-2] for line in lines if line.startswith("s,nominal")] == ["3.0"] * 4


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nowhere"], OutputError),
        (["r1", "--format", "rot"], ParameterError),
        (["r1", "--format", "pyhf", "--histogram", "njets"], ParameterError),
    ],
)
def test_mistakes_are_the_users_errors(
    run: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], error: type[Exception]
) -> None:
    monkeypatch.chdir(run.parent)
    assert isinstance(CliRunner().invoke(app, ["export", *arguments]).exception, error)
