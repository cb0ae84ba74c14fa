"""``hepml ml`` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hepml.cli import app
from hepml.errors import OutputError, ParameterError
from tests.ml.showers import write_showers

FAST = ["--models", "boosted", "--bootstrap", "5", "--workers", "1"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_showers(tmp_path_factory.mktemp("table"), showers=100)


@pytest.fixture(scope="module")
def folder(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "m"
    run("shower-id", table, "--out", out, "--no-plots", *FAST)
    return out


def run(*words: object) -> str:
    result = CliRunner().invoke(app, ["ml", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_training_writes_a_folder_and_shows_figures(table: Path, tmp_path: Path) -> None:
    said = run("shower-id", table, "--out", tmp_path / "m", "--no-plots", *FAST)
    assert "LightGBM, 8 features" in said
    assert "Cut-based" in said
    assert "Sum of probabilities, power" in said
    assert (tmp_path / "m" / "model.txt").exists()
    assert not list((tmp_path / "m").glob("*.png"))


def test_a_model_is_applied_to_another_run(folder: Path, table: Path, tmp_path: Path) -> None:
    said = run("shower-id", table, "--model", folder, "--out", tmp_path / "a")
    assert "6,000 rows of 100 showers" in said
    assert "against true labels: AUC" in said
    metrics = json.loads((tmp_path / "a" / "metrics.json").read_text())
    assert metrics["showers"] == 100


def test_a_folder_with_results_is_not_overwritten(folder: Path, table: Path) -> None:
    with pytest.raises(OutputError, match="not empty"):
        run("shower-id", table, "--out", folder)


def test_a_model_takes_no_options_of_training(folder: Path, table: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="--preset is for training"):
        run(
            "shower-id", table, "--model", folder, "--preset", "legacy", "--out", tmp_path / "a"
        )  # fmt: skip


@pytest.mark.parametrize("split", ["0.5", "a,b,c", "0.5,0.2,0.2,0.1"])
def test_a_split_has_three_shares(table: Path, tmp_path: Path, split: str) -> None:
    with pytest.raises(ParameterError, match="give three shares"):
        run("shower-id", table, "--split", split, "--out", tmp_path / "m")


@pytest.mark.slow
def test_figures_are_drawn_and_drawn_again(folder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["plot", str(folder), "--out", str(tmp_path), "--format", "png"]
    )
    assert result.exit_code == 0, result.output
    names = {path.stem for path in tmp_path.glob("*.png")}
    assert {"roc", "confusion", "importances", "calibration", "films", "energies"} <= names
    assert {"energy_linearity", "energy_resolution", "energy_size_power"} <= names
