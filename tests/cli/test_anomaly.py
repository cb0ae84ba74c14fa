"""``hepml ml upsilon-anomaly`` and ``hepml ml anomaly`` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hepml.cli import app
from hepml.errors import ParameterError, TableError
from tests.ml.anomaly.pairs import TRIGGER, write_pairs

FAST = (
    "--strategy", "cwola", "--quick", "--folds", "3", "--ensemble", "1", "--degree", "2",
    "--bins", "5", "--fpr", "1,0.1", "--toys", "50", "--no-variations", "--workers", "1",
)  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("pairs") / "pairs.parquet")


@pytest.fixture(scope="module")
def folder(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "a"
    run("upsilon-anomaly", table, "--out", out, "--no-plots", *FAST)
    return out


def run(*words: object) -> str:
    result = CliRunner().invoke(app, ["ml", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_upsilons_are_found_with_the_published_selection(folder: Path) -> None:
    task = json.loads((folder / "task.json").read_text())
    assert task["wish"]["where"] == [f"{TRIGGER}==1", "lead_pt>=17", "trail_pt>=8"]
    assert task["wish"]["features"] == ["dimuon_pt", "lead_ip3d", "trail_ip3d"]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["z_nominal"] > 2 * metrics["z_inclusive"]


def test_the_statistics_is_shown_again_without_training(folder: Path, table: Path) -> None:
    said = run("upsilon-anomaly", table, "--out", folder, "--no-train", "--no-plots", *FAST)
    assert "CWoLa, nominal" in said
    assert "Same sign" in said
    assert "small lead_ip3d, best" in said


def test_any_table_can_be_searched_blind(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "a"
    said = run(
        "anomaly", table, "--out", out, "--mass", "dimuon_mass", "--window", "5,9,10.6,16",
        "--features", "lead_ip3d", "--blind", *FAST,
    )  # fmt: skip
    assert "signal for 3 sigma" in said
    assert {path.name for path in out.glob("*.png")} == {"sensitivity.png", "sidebands.png"}


def test_a_table_that_lacks_a_column_is_refused(tmp_path: Path) -> None:
    table = write_pairs(tmp_path / "pairs.parquet", without="lead_iso04")
    with pytest.raises(TableError, match="no column lead_iso04"):
        run("upsilon-anomaly", table, "--out", tmp_path / "a", *FAST)
    assert not (tmp_path / "a").exists()


def test_a_rate_that_makes_no_sense_is_refused(table: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="false-positive rate"):
        run("upsilon-anomaly", table, "--out", tmp_path / "a", "--nominal", "0")


def test_the_training_is_as_asked(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "a"
    run("upsilon-anomaly", table, "--out", out, "--no-plots", "--no-decorrelate", *FAST)
    training = json.loads((out / "task.json").read_text())["training"]
    assert training["decorrelate"] is False
    with pytest.raises(ParameterError, match="'code'"):
        run("upsilon-anomaly", table, "--out", tmp_path / "b", "--preprocessing", "cod")
