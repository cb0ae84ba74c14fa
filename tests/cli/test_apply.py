"""Models applied on the command line: ``hepml run --model`` and ``hepml ml apply``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.tables import FeatureTable
from processors import DiphotonProcessor
from tests.ml.trained import write_model

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("m") / "m"
    return write_model(folder, DiphotonProcessor.columns, ("lead_pt", "met"), classes=("a", "b"))


def test_a_run_and_apply_give_the_same(
    cli: Cli, model: Path, cluster_files: list[Path], tmp_path: Path
) -> None:
    words = ["diphoton", cluster_files[0], "--executor", "iterative", "--out", tmp_path / "r"]
    answer = cli("run", *words, "--model", model, "--score", "mva")
    assert answer.code == 0, answer.text
    assert f"scored by the model 'small' of {model} (sha256 " in answer.out.replace("\n", "")
    answer = cli("ml", "apply", model, tmp_path / "r", "--out", tmp_path / "a", "--score", "again")
    assert answer.code == 0, answer.text
    assert "data_one" in answer.out
    run, applied = FeatureTable.open(tmp_path / "r"), FeatureTable.open(tmp_path / "a")
    assert len(run) > 10
    np.testing.assert_array_equal(run.column("mva"), applied.column("again"))
    np.testing.assert_array_equal(run.column("event"), applied.column("event"))


def test_join_keeps_the_features(
    cli: Cli, model: Path, cluster_files: list[Path], tmp_path: Path
) -> None:
    words = ["diphoton", cluster_files[0], "--executor", "iterative", "--out", tmp_path / "r"]
    assert cli("run", *words).code == 0
    answer = cli("ml", "apply", model, tmp_path / "r", "--join", "--out", tmp_path / "a")
    assert answer.code == 0, answer.text
    assert "lead_pt" in FeatureTable.open(tmp_path / "a").names()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--no-table"], "--no-table leaves that out"),
        (["--score", "met"], "has a column 'met' already"),
        (["--score", "a b"], "cannot be the name of a column"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(
    cli: Cli, model: Path, tmp_path: Path, words: list[str], text: str
) -> None:
    answer = cli("run", "diphoton", "x.root", "--out", tmp_path / "r", "--model", model, *words)
    assert answer.code == 2
    assert text in answer.err
    assert not (tmp_path / "r").exists()


def test_a_score_needs_a_model(cli: Cli, tmp_path: Path) -> None:
    answer = cli("run", "diphoton", "x.root", "--out", tmp_path / "r", "--score", "mva")
    assert answer.code == 2
    assert "add  --model DIR" in answer.err


def test_no_model_there(cli: Cli, tmp_path: Path) -> None:
    answer = cli("run", "diphoton", "x.root", "--out", tmp_path / "r", "--model", tmp_path)
    assert answer.code == 2
    assert "There is no model in" in answer.err
