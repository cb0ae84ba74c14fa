"""``hepml ml dijet`` shows and writes what a search found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hepml.cli.ml import app
from hepml.errors import ParameterError
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
