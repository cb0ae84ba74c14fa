"""A search for dijet resonances: options, results, files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from hepml.errors import ModelError, OutputError, ParameterError
from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.results import DijetResult
from hepml.ml.dijet.task import read_for, search_dijet, tell_dijets

from .tables import write_table

QUICK = {"mu": 0.05, "quick": True, "trials": 2, "mass_point": (300.0, 300.0)}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("table"), 3_000, 200)


def test_a_supervised_search_tells_signal_from_background(table: Path, tmp_path: Path) -> None:
    found = tell_dijets(table, tmp_path / "s", DijetOptions(strategy="supervised", **QUICK))
    assert (found.main.auc.value or 0) > 0.93


def test_a_weak_search_needs_no_label(table: Path) -> None:
    asked = DijetOptions(strategy="weak", **QUICK | {"mu": 0.1})
    assert (search_dijet(read_for(table, asked), asked).auc.value or 0) > 0.75


def test_the_same_seed_gives_the_same_scores(table: Path, tmp_path: Path) -> None:
    asked = DijetOptions(strategy="weak", **QUICK)
    for name in ("a", "b"):
        tell_dijets(table, tmp_path / name, asked)
    first, second = (
        pq.read_table(tmp_path / name / "scores" / "test.parquet") for name in ("a", "b")
    )
    assert first.equals(second)


def test_a_folder_holds_everything_and_no_pickle(table: Path, tmp_path: Path) -> None:
    tell_dijets(table, tmp_path / "w", DijetOptions(strategy="weak", **QUICK))
    found = {str(path.relative_to(tmp_path / "w")) for path in (tmp_path / "w").rglob("*.*")}
    assert found == {
        *("card.md", "metrics.json", "model.json", "result.json", "task.json"),
        *("scores/test.parquet", "models/trial_00/model.txt", "models/trial_01/model.txt"),
    }


def test_figures_of_merit_are_flat_and_agree_with_the_result(table: Path, tmp_path: Path) -> None:
    tell_dijets(table, tmp_path / "w", DijetOptions(strategy="weak", **QUICK))
    metrics = json.loads((tmp_path / "w" / "metrics.json").read_text())
    result = DijetResult.read(tmp_path / "w" / "result.json")
    assert metrics["auc"] == result.main.auc.value
    assert {"sic_1e3", "sic_1e4", "sic_max", "sic_1e3_error"} <= set(metrics)
    assert all(value is None or isinstance(value, int | float) for value in metrics.values())


def test_folds_test_every_event_once(table: Path, tmp_path: Path) -> None:
    asked = DijetOptions(strategy="supervised", folds=5, **QUICK | {"trials": 1})
    found = tell_dijets(table, tmp_path / "f", asked)
    assert found.main.efficiency.background == 3_000
    parts = [pq.read_table(path) for path in sorted((tmp_path / "f" / "scores").iterdir())]
    keys = np.concatenate([part["event"].to_numpy() for part in parts])
    assert len(parts) == 5
    assert len(np.unique(keys)) == len(keys) == 3_400


def test_a_mass_point_that_is_not_there_is_named(table: Path, tmp_path: Path) -> None:
    asked = DijetOptions(strategy="weak", **QUICK | {"mass_point": (500.0, 100.0)})
    with pytest.raises(ModelError, match="500 and 100 GeV to inject"):
        tell_dijets(table, tmp_path / "w", asked)


def test_a_folder_that_is_taken_is_refused_before_anything_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="not empty"):
        tell_dijets(tmp_path / "nowhere", tmp_path)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"strategy": "week"}, "no strategy 'week'. Did you mean 'weak'"),
        ({"learner": "forest"}, "no learner"),
        ({"mu": 1.0}, "signal fraction"),
        ({"alpha": 1.5}, "alpha"),
        ({"mass_point": (0.0, 100.0)}, "two masses above 0"),
        ({"trials": 0}, "--trials is at least 1"),
        ({"noise": -1}, "negative"),
        ({"folds": 3}, "at least 5"),
    ],
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        DijetOptions(**wrong)  # type: ignore[arg-type]
