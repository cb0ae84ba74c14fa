"""The command that trains a tagger of top quarks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hepml.cli import app
from hepml.errors import ParameterError
from hepml.ml.toptag.task import training_area
from tests.ml.toptag.jets import write_jets


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write_jets(folder, "train_nominal", 600)
    write_jets(folder, "test_nominal", 200, seed=1)
    return folder


def invoke(*words: object):
    return CliRunner().invoke(app, ["ml", "top-tagger", *map(str, words)])


def test_trees_are_the_default(run: Path, tmp_path: Path) -> None:
    done = invoke(run, "--out", tmp_path / "m", "--no-plots", "--workers", 1, "--npz")
    assert done.exit_code == 0, done.output
    assert "LightGBM" in done.output
    assert (tmp_path / "m" / "model.txt").exists()
    assert (tmp_path / "m" / "metrics" / "nominal_metrics.npz").exists()


@pytest.mark.slow
def test_figures_are_drawn(run: Path, tmp_path: Path) -> None:
    done = invoke(run, "--out", tmp_path / "m", "--workers", 1, "--format", "svg")
    assert done.exit_code == 0, done.output
    names = {path.stem for path in (tmp_path / "m").glob("*.svg")}
    assert {"roc", "loss", "features", "images_mean"} <= names


def test_a_network_is_trained_and_written(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    options = ["--preset", "small", "--epochs", 1, "--max-constits", 8, "--workers", 1]
    done = invoke(
        run, "--model", "efn", "--fraction", *options, "--no-plots", "--out", tmp_path / "m"
    )
    assert done.exit_code == 0, done.output
    assert "jets/s" in done.output
    content = json.loads((tmp_path / "m" / "model.json").read_text())
    assert content["network"]["options"]["fraction"] is True


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--device", "cdua"), ("--precision", "half"), ("--export", "onxx"), ("--format", "jpg")],
)
def test_a_word_that_an_option_does_not_know_is_refused(
    run: Path, tmp_path: Path, flag: str, value: str
) -> None:
    done = invoke(run, "--out", tmp_path / "m", flag, value)
    assert done.exit_code != 0
    assert isinstance(done.exception, ParameterError) or value in str(done.exception)


@pytest.mark.slow
def test_ctrl_c_keeps_the_training_and_the_same_command_ends_it(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    out = tmp_path / "m"
    words = [sys.executable, "-c", "from hepml.cli import main; main()", "ml", "top-tagger", run]
    words += ["--model", "pfn", "--preset", "small", "--patience", "0", "--max-constits", "8"]
    words += ["--batch", "8", "--workers", "1", "--no-plots", "--out", out]
    stopped = subprocess.Popen(
        [*map(str, words), "--epochs", "100000"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    kept = training_area(out) / "training.safetensors"
    for _ in range(600):
        if kept.exists():
            break
        time.sleep(0.1)
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    assert "the same command goes on" in said
    assert not out.exists()
    done = subprocess.run([*map(str, words), "--epochs", "1"], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert (out / "model.safetensors").exists()
    assert not kept.exists()
