"""``hepml simulate``: files, what is said about them, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hepml.cli.simulate import app
from hepml.errors import OutputError, ParameterError

SMALL = ["diphoton", "--events", "20", "--simulated", "20", "--clusters", "2", "--periods", "A"]


def test_it_writes_the_files_and_says_that_they_are_simulated(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [*SMALL, "--seed", "3", "--out", str(tmp_path / "sim")])
    assert result.exit_code == 0, result.output
    assert str(tmp_path / "sim" / "data_A.GamGam.root") in result.output
    assert "20 simulated data events" in result.output
    assert "5 times the true rate" in result.output
    assert json.loads((tmp_path / "sim" / "simulation.json").read_text())["seed"] == 3


@pytest.mark.parametrize(
    ("arguments", "error"), [(["--events", "0"], ParameterError), ([], OutputError)]
)
def test_a_mistake_ends_in_an_error_with_a_message(
    tmp_path: Path, arguments: list[str], error: type[Exception]
) -> None:
    (tmp_path / "simulation.json").write_text("{}")
    result = CliRunner().invoke(app, [*SMALL, *arguments, "--out", str(tmp_path)])
    assert isinstance(result.exception, error)


def test_the_help_tells_how_many_simulated_events_there_will_be() -> None:
    result = CliRunner().invoke(app, ["diphoton", "--help"], env={"COLUMNS": "200"})
    assert "a fifth of --events" in result.output


def test_dimuons_are_written_with_the_asked_yields(tmp_path: Path) -> None:
    options = ["dimuon", "--events", "60", "--simulated", "0", "--files", "1", "--clusters", "1"]
    options += ["--yield", "upsilon_*=0", "--yield", "upsilon_2s=9", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.output
    assert str(tmp_path / "DoubleMuon_Run2016H_1.root") in result.output
    assert "Upsilons in 9-10.6 GeV" in result.output
    found = json.loads((tmp_path / "simulation.json").read_text())["components"]
    assert (found["upsilon_1s"], found["upsilon_2s"]) == (0, 9)


@pytest.mark.parametrize("text", ["upsilon_1s", "upsilon_1s=many", "=5", "upsilon_1s=2.5"])
def test_a_yield_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    result = CliRunner().invoke(app, ["dimuon", "--yield", text, "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, ParameterError)
    assert "COMPONENT=EVENTS" in str(result.exception)


def test_a_shower_brick_is_written_and_summed_up(tmp_path: Path) -> None:
    words = ["shower", "--out", str(tmp_path), "--showers", "3", "--energy", "1-3", "--films", "5"]
    words += ["--area", "12", "12", "--noise", "1", "--slope", "0.1", "-0.05", "--missing", "2"]
    result = CliRunner().invoke(app, [*words, "--brick", "7", "--format", "csv"])
    assert result.exit_code == 0, result.output
    assert str(tmp_path / "brick000007.csv") in result.output
    assert "brick 7: 3 showers of 1-3 GeV left" in result.output
    assert "base-tracks in 4 films." in result.output
    record = json.loads((tmp_path / "brick000007.json").read_text())
    assert record["settings"]["slope"] == [0.1, -0.05]
    assert (tmp_path / "brick000007.csv").read_text().count("\n") == record["basetracks"] + 1


def test_an_unknown_material_is_an_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["shower", "--material", "iron", "--out", str(tmp_path)])
    assert isinstance(result.exception, ParameterError)


def test_jets_are_written_and_counted(tmp_path: Path) -> None:
    words = ["topjet", "--jets", "20", "--test", "10", "--dataset", "*_nominal", "--seed", "2"]
    result = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "sim")])
    assert result.exit_code == 0, result.output
    assert str(tmp_path / "sim" / "test_nominal_000.h5") in result.output
    assert "30 simulated jets, 15 of them tops" in result.output
    assert json.loads((tmp_path / "sim" / "simulation.json").read_text())["seed"] == 2


def test_an_unknown_layout_is_an_error(tmp_path: Path) -> None:
    words = ["topjet", "--layout", "2023", "--out", str(tmp_path / "sim")]
    assert isinstance(CliRunner().invoke(app, words).exception, ParameterError)


def test_dijets_are_written_at_the_asked_mass_points(tmp_path: Path) -> None:
    options = ["dijet", "--events", "20", "--extra", "10", "--signal", "5", "--prongs", "3"]
    options += ["--mass-points", "500:100,60.5:70", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.output
    assert "30 simulated events of QCD, 12 of signal:  hepml import dijet" in result.output
    found = json.loads((tmp_path / "simulation.json").read_text())["files"]
    assert found["events_anomalydetection_Z_XY_qqq_parametric.h5"]["events_per_point"] == 5
    assert "events_anomalydetection_Z_XY_qq_parametric.h5" not in found


def test_prongs_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["dijet", "--prongs", "two", "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, ParameterError)
    assert "write 2, 3 or 2,3" in str(result.exception)
