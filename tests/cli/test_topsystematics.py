"""The command that judges a tagger again, from its scores alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from hepml.cli import app
from hepml.ml.toptag.again import judge_again
from hepml.ml.toptag.jets import JetLooks
from hepml.ml.toptag.results import TaggerResult
from tests.ml.toptag.handmade import write_scores

LOOKS = JetLooks(datasets=("test_nominal",), weighted=False, top=1, qcd=1, quantities=())


def scores(folder: Path, *datasets: str) -> Path:
    for number, name in enumerate(datasets):
        rng = np.random.default_rng(number)
        label = rng.random(300) < 0.5
        values = 1 / (1 + np.exp(-rng.normal(np.where(label, 0.6, -0.6))))
        write_scores(folder, name, label.astype(int).tolist(), values.tolist())
    return folder


def test_scores_alone_are_enough(tmp_path: Path) -> None:
    place = scores(tmp_path / "s", "test_nominal", "esup", "esdown")
    out = tmp_path / "out"
    done = CliRunner().invoke(
        app, ["ml", "top-systematics", str(place), "--out", str(out), "--no-plots"]
    )
    assert done.exit_code == 0, done.output
    assert "Cluster energy scale" in done.output
    assert "skipped: no cer" in done.output
    assert "lower bound" in done.output
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["uncertainty_energy_scale"] == metrics["uncertainty_total"] > 0
    files = {path.name for path in (out / "metrics").iterdir()}
    assert {"nominal_metrics.npz", "esup_metrics.npz", "uncertainties.npz"} <= files


def test_a_taggers_folder_keeps_what_it_knows(tmp_path: Path) -> None:
    scores(tmp_path / "m" / "scores", "test_nominal")
    first = tmp_path / "first"
    first.mkdir()
    known = judge_again(tmp_path / "m", first, title="PFN")
    whole = known.model_copy(update={"tagger": "pfn", "parameters": 5, "training_jets": 77})
    whole.write(tmp_path / "m" / "result.json")
    LOOKS.write(tmp_path / "m" / "jets.json")
    second = tmp_path / "second"
    second.mkdir()
    again = judge_again(tmp_path / "m", second)
    assert (again.tagger, again.title, again.parameters) == ("pfn", "PFN", 5)
    assert again.training_jets == 77
    assert again.sets == known.sets
    assert JetLooks.read(second / "jets.json") == LOOKS
    assert TaggerResult.read(second / "result.json") == again


def test_a_folder_that_is_taken_is_refused(tmp_path: Path) -> None:
    place = scores(tmp_path / "s", "test_nominal")
    done = CliRunner().invoke(app, ["ml", "top-systematics", str(place), "--out", str(place)])
    assert done.exit_code != 0
    assert not (place / "result.json").exists()


def test_no_scores_no_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(
        app, ["ml", "top-systematics", str(tmp_path / "none"), "--out", str(out)]
    )
    assert done.exit_code != 0
    assert not out.exists()
