"""A search for parameters finds no worse ones, and goes on where it was stopped."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hepml.errors import ModelError
from hepml.ml.production.models import make_plans
from hepml.ml.production.plan import ModelPlan
from hepml.ml.production.rows import open_modes
from hepml.ml.production.search import JOURNAL, Search, search_parameters
from hepml.ml.sample import Sample
from tests.ml.production.modes import write_modes

pytest.importorskip("optuna", reason="optuna is not installed: extra search")

Task = tuple[ModelPlan, Sample, Sample]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    found = open_modes(write_modes(tmp_path_factory.mktemp("table"), 120))
    plan = make_plans(found.table, ("gg", "tt"), models=("boosted",))[0]
    plan = replace(plan, parameters=plan.parameters | {"n_estimators": 5})
    sample = found.read(plan.inputs, ("gg", "tt"))
    first = sample.columns["event"] < 100
    return plan, sample.take(first), sample.take(~first)


def asked(area: Path, trials: int) -> Search:
    return Search(trials, area, ("channel", "run", "event"), folds=2, workers=1)


def tried(task: Task, area: Path, trials: int) -> list[dict[str, Any]]:
    return list(search_parameters(*task, asked(area, trials))[1]["trials"])


def test_the_best_parameters_are_those_of_the_smallest_loss(task: Task, tmp_path: Path) -> None:
    plan, record = search_parameters(*task, asked(tmp_path, 4))
    losses = [trial["loss"] for trial in record["trials"]]
    assert record["loss"] == min(losses) <= record["loss_before"] == losses[0]
    best = record["trials"][losses.index(min(losses))]
    assert {name: plan.parameters[name] for name in record["best"]} == record["best"]
    assert record["best"].items() <= best.items()
    # the first trial is what the plan says anyway
    assert record["trials"][0]["num_leaves"] == task[0].parameters["num_leaves"]


def test_a_search_that_was_stopped_tries_what_it_would_have_tried(
    task: Task, tmp_path: Path
) -> None:
    whole = tried(task, tmp_path / "whole", 4)

    def stop(name: str, done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search_parameters(*task, asked(tmp_path / "parts", 4), stop)
    assert (tmp_path / "parts" / JOURNAL).exists()
    seen: list[int] = []
    found = search_parameters(
        *task, asked(tmp_path / "parts", 4), lambda name, done, total: seen.append(done)
    )
    assert seen == [2, 3]
    assert found[1]["trials"] == whole


def test_another_task_does_not_take_over_the_trials(task: Task, tmp_path: Path) -> None:
    plan, rows, other = task
    tried(task, tmp_path, 2)
    seen: list[int] = []
    fewer = replace(plan, features=plan.features[:3])
    search_parameters(
        fewer, rows, other, asked(tmp_path, 2), lambda name, done, total: seen.append(done)
    )
    assert seen == [0, 1]


def test_the_extra_is_named_where_optuna_is_absent(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ModelError, match=r"hepml-columnar\[search\]"):
        tried(task, tmp_path, 1)
