"""The folder of a classification of production modes, and the command that makes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.ml.models import load_model
from hepml.ml.production.output import search_area, write_classified
from hepml.ml.production.results import ProductionResult
from hepml.ml.production.task import Classified, ProductionOptions, classify_modes
from hepml.tables import FeatureTable
from tests.ml.production.modes import write_modes

OPTIONS = ProductionOptions(
    models=("boosted", "boosted_nojets", "ensemble"), repeats=20, permutations=0, workers=1
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_modes(tmp_path_factory.mktemp("table"), 250, data=200)


@pytest.fixture(scope="module")
def found(table: Path) -> Classified:
    return classify_modes(table, OPTIONS)


@pytest.fixture(scope="module")
def folder(found: Classified, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classified(found, tmp_path_factory.mktemp("out") / "m")


def read(path: Path) -> Any:
    return json.loads(path.read_text())


@pytest.mark.parametrize("name", ["boosted", "boosted_nojets", "ensemble"])
def test_models_come_back_and_say_the_same(found: Classified, folder: Path, name: str) -> None:
    model = load_model(folder if name == "boosted" else folder / "models" / name)
    rows = found.tested.sample
    expected = found.tested.probabilities[name]
    np.testing.assert_array_equal(model.probabilities(rows.matrix(model.inputs)), expected)


def test_figures_are_flat_and_named_by_class(found: Classified, folder: Path) -> None:
    metrics = read(folder / "metrics.json")
    area = found.result.judgements[0].auc["VBF"]
    assert metrics["auc_VBF"] == area.value
    assert metrics["auc_VBF_error"] == area.error
    assert {"auc_macro", "vbf_vs_ggh_auc", "logloss", "auc_tt_ensemble"} <= set(metrics)
    assert all(value is None or isinstance(value, float | int) for value in metrics.values())


def test_the_result_is_read_back(found: Classified, folder: Path) -> None:
    assert ProductionResult.read(folder / "result.json") == found.result


def test_scores_are_those_of_unseen_events_under_their_keys(
    found: Classified, folder: Path
) -> None:
    scores = FeatureTable.open(folder / "scores")
    assert len(scores) == len(found.tested.sample)
    assert {"score_VBF", "score_tt", "score_ensemble_gg"} <= set(scores.names("observer"))
    assert scores.names("key") == ("channel", "run", "event")
    total = scores.to_numpy([f"score_{name}" for name in found.result.classes]).sum(axis=1)
    np.testing.assert_allclose(total, 1.0, rtol=1e-5)


def test_the_task_says_what_is_needed_to_do_it_again(folder: Path) -> None:
    task = read(folder / "task.json")
    assert task["models"][0]["parameters"]["num_leaves"] == 16
    assert task["models"][0]["weights"] == {"policy": "absolute", "balanced": True, "mean": 1.0}
    assert task["split"] == {"train": 0.72, "validation": 0.08, "test": 0.2}
    assert {"seed", "classes", "versions", "command", "inputs"} <= set(task)
    assert "VBF" in (folder / "card.md").read_text()


def test_the_command_shows_and_draws(table: Path, tmp_path: Path, cli: Callable[..., Any]) -> None:
    out = tmp_path / "m"
    words = ("--models", "boosted", "--classes", "VBF,ggH", "--bootstrap", 10, "--format", "svg")
    answer = cli("ml", "higgs-production", table, "--out", out, *words)
    assert answer.code == 0, answer.text
    assert "LightGBM" in answer.out
    assert "±" in answer.out
    assert (out / "roc.svg").exists()
    assert (out / "model.txt").exists()


def test_a_wrong_option_is_a_message(table: Path, tmp_path: Path, cli: Callable[..., Any]) -> None:
    for words in (("--weights", "squared"), ("--classes", "VBF,qqH"), ("--feature", "weight")):
        answer = cli("ml", "higgs-production", table, "--out", tmp_path / "m", *words)
        assert answer.code == 2
        assert words[1].split(",")[-1] in answer.text
        assert "Traceback" not in answer.text
    assert not (tmp_path / "m").exists()


@pytest.mark.slow
def test_a_search_leaves_its_trials_in_the_folder(
    table: Path, tmp_path: Path, cli: Callable[..., Any]
) -> None:
    pytest.importorskip("optuna")
    out = tmp_path / "m"
    words = ("--models", "boosted", "--search", 2, "--bootstrap", 10, "--no-plots")
    answer = cli("ml", "higgs-production", table, "--out", out, *words)
    assert answer.code == 0, answer.text
    assert (out / "search" / "search.log").exists()
    assert not search_area(out).exists()
    best = read(out / "result.json")["search"]["best"]
    assert best.items() <= read(out / "task.json")["models"][0]["parameters"].items()
