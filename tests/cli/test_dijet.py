"""``hepml ml dijet`` shows and writes what a search found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

from hepml.cli.dijet import _fit_rows
from hepml.cli.ml import app
from hepml.errors import ParameterError
from hepml.ml.dijet.results import Fitted, Parameter
from tests.ml.dijet.tables import write_table


def test_a_weak_search_is_shown_and_written(tmp_path: Path) -> None:
    table = write_table(tmp_path / "table", 1_500, 120)
    options = ["--strategy", "weak", "--mu", "0.05", "--trials", "1", "--no-plots"]
    found = CliRunner().invoke(app, ["dijet", str(table), *options, "--out", str(tmp_path / "w")])
    assert found.exit_code == 0, found.output
    assert "Weakly supervised" in found.output
    assert json.loads((tmp_path / "w" / "metrics.json").read_text())["auc"] > 0.5


def test_a_mass_point_needs_two_masses(tmp_path: Path) -> None:
    options = ["--mass-point", "300", "--out", str(tmp_path / "w")]
    found = CliRunner().invoke(app, ["dijet", str(tmp_path), *options])
    assert isinstance(found.exception, ParameterError)
    with pytest.raises(ParameterError, match="two masses in GeV"):
        raise found.exception


def test_the_published_preset_runs_and_is_recorded(tmp_path: Path) -> None:
    table = write_table(tmp_path / "table", 1_000, 80)
    options = [
        *("--preset", "published", "--learner", "trees", "--modes", "qq", "--trials", "1"),
        *("--mu", "0.05", "--include", "300,300", "--include", "400:200", "--quick", "--no-plots"),
        *("--features", "heavy_mass,light_mass,heavy_pt"),
    ]
    found = CliRunner().invoke(app, ["dijet", str(table), *options, "--out", str(tmp_path / "p")])
    assert found.exit_code == 0, found.output
    assert "pull" not in found.output
    recorded = json.loads((tmp_path / "p" / "task.json").read_text())["options"]
    assert recorded["preset"] == "published"
    assert recorded["include"] == [[300, 300], [400, 200]]
    assert recorded["features"] == ["heavy_mass", "light_mass", "heavy_pt"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--preset", "publish"], "Did you mean 'published'"),
        (["--kappa", "2"], "add --preset published"),
        (["--kappa", "sampled", "--preset", "published"], "--kappa sampled: give numbers"),
        (["--include", "300"], "--include 300: give two masses"),
    ],
)
def test_what_cannot_be_is_refused(words: list[str], message: str, tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["dijet", str(tmp_path), *words, "--out", str(tmp_path / "p")])
    with pytest.raises(ParameterError, match=message):
        raise found.exception or AssertionError(found.output)


def test_toys_give_a_global_p_value(tmp_path: Path) -> None:
    points = [(float(x), float(y)) for x in (200, 300, 400) for y in (200, 300, 400)]
    table = write_table(tmp_path / "table", 2_000, 300, points)
    options = [
        *("--learner", "trees", "--modes", "qq", "--mu", "0.15", "--toys", "3", "--quick"),
        *("--no-plots", "--out", str(tmp_path / "t")),
    ]
    found = CliRunner().invoke(app, ["dijet", str(table), *options])
    assert found.exit_code == 0, found.output
    assert "global p-value, 3 toys" in found.output
    assert "the global p-value is an upper limit" in " ".join(found.output.split())
    metrics = json.loads((tmp_path / "t" / "metrics.json").read_text())
    assert metrics["p_global"] == 0.25
    fit = json.loads((tmp_path / "t" / "result.json").read_text())["judgements"][0]["fit"]
    assert fit["q0_toys"]["number"] == 3
    assert fit["Z_global"] == metrics["Z_global"] > 0


def test_a_fit_shows_how_far_it_is_from_what_was_put_in(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("figure", "value")
    item = Parameter(name="mu", value=0.05, low=0.04, high=0.07, truth=0.06)
    _fit_rows(table, Fitted(parameters=(item,)))
    _fit_rows(table, Fitted(parameters=(item,), spread=True))
    Console(width=120).print(table)
    first, second = [line for line in capsys.readouterr().out.splitlines() if "put in" in line]
    assert "(put in: 0.06, pull -0.5)" in first
    assert "(put in: 0.06)" in second
