"""Shower identification from a table to a folder, and back onto another table."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError
from hepml.ml.shower.apply import apply_showers
from hepml.ml.shower.models import LEGACY, make_plans
from hepml.ml.shower.output import flat_metrics, write_identified
from hepml.ml.shower.results import ShowerIdentification
from hepml.ml.shower.task import Identified, ShowerOptions, identify_showers
from hepml.parts import write_part
from hepml.tables import FeatureTable
from tests.ml.showers import COLUMNS, rows, write_showers

OPTIONS = ShowerOptions(repeats=20, permutations=1, workers=1, models=("boosted",))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_showers(tmp_path_factory.mktemp("table"), showers=150)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_showers(tmp_path_factory.mktemp("other"), showers=90, brick=2, seed=1)


@pytest.fixture(scope="module")
def found(table: Path, other: Path) -> Identified:
    return identify_showers(table, OPTIONS, test=other)


@pytest.fixture(scope="module")
def folder(found: Identified, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_identified(found, tmp_path_factory.mktemp("out") / "m")


# --- training and judging -----------------------------------------------------------------------


def test_a_shower_is_never_on_both_sides(table: Path) -> None:
    views = FeatureTable.open(table).split(by=("brick", "shower"))
    showers = [set(view.column("shower").tolist()) for view in views.values()]
    assert sum(map(len, showers)) == len(set.union(*showers)) == 150


def test_signal_is_told_from_background(found: Identified) -> None:
    judgement = found.result.judgements[0]
    assert judgement.groups == 90
    assert judgement.auc.value is not None
    assert judgement.auc.value > 0.97
    assert judgement.points[0].f1.value is not None
    assert judgement.points[0].f1.value > 0.85


def test_classes_by_energy_add_up_to_all_showers(found: Identified) -> None:
    whole, *parts = found.result.by_energy["boosted"]
    assert [item.energy for item in parts] == [2, 4, 6]
    assert whole.showers == sum(item.showers for item in parts) == 90
    for name in ("found", "lost", "fake", "refused", "size"):
        mean = sum(getattr(item, name) * item.showers for item in parts) / 90
        assert getattr(whole, name) == pytest.approx(mean)
    assert whole.size == pytest.approx(whole.found + whole.fake)


def test_classes_are_those_of_the_working_point(found: Identified) -> None:
    whole = found.result.by_energy["boosted"][0]
    point = found.result.judgements[0].points[0]
    assert point.tp == pytest.approx(90 * whole.found)
    assert point.fn == pytest.approx(90 * whole.lost)


def test_films_hold_every_signal_row_once(found: Identified) -> None:
    films = found.result.films["boosted"]
    assert sum(item.signal for item in films) == found.result.judgements[0].signal
    # film 1 is that of the injector
    assert min(item.low for item in films) >= 2
    assert max(item.high for item in films) <= 29


def test_overall_efficiency_counts_what_the_selection_lost(found: Identified) -> None:
    for item in found.result.energies["boosted"]:
        assert item.overall is not None
        assert item.overall.value is not None
        assert item.efficiency.value is not None
        assert item.overall.value < item.efficiency.value


def test_the_cut_based_selection_is_compared_with(found: Identified) -> None:
    assert found.result.baseline is not None
    # the made-up one takes 60 % of the signal and nothing else
    assert found.result.baseline.precision.value == 1.0
    assert found.result.baseline.recall.value == pytest.approx(0.6, abs=0.05)


def test_energies_are_measured_with_scales_from_other_showers(found: Identified) -> None:
    names = [item.name for item in found.result.energy]
    assert names[:4] == ["size_power", "size_linear", "sum_power", "sum_linear"]
    assert names[-1] == "published"
    linear = found.result.energy[1]
    # a fifth of 150 showers was set aside
    assert 20 < linear.scale.showers < 40
    for item in linear.bins:
        # 30 showers of 6 E +- 1.2 sqrt(E) base-tracks, and the error of the scale
        assert item.mean.value == pytest.approx(0.0, abs=0.12)


def test_without_another_run_a_share_of_the_showers_judges(table: Path) -> None:
    result = identify_showers(table, OPTIONS).result
    sizes = result.source["showers"]
    assert sum(sizes.values()) == 150
    assert result.judgements[0].groups == sizes["test"]


def test_one_energy_gives_one_proportional_scale(tmp_path: Path) -> None:
    path = write_showers(tmp_path, showers=100, energies=(6.0,))
    result = identify_showers(path, OPTIONS).result
    assert result.energy[0].scale.form == "proportional"
    assert any("one energy" in note for note in result.notes)


def test_the_energy_can_be_given_where_the_table_has_none(tmp_path: Path) -> None:
    columns = tuple(column for column in COLUMNS if column.name != "energy")
    part = tmp_path / "a" / "p.parquet"
    write_part(part, columns, rows(showers=100, energies=(6.0,)), {"dataset": "a"})
    assert identify_showers(tmp_path, OPTIONS).result.energy == ()
    found = identify_showers(tmp_path, replace(OPTIONS, energy=6.0)).result.energy
    assert found[0].bins[0].energy == 6.0
    with pytest.raises(ParameterError, match="above 0 GeV"):
        identify_showers(tmp_path, replace(OPTIONS, energy=-1.0))


def test_all_three_models_are_trained_by_default(table: Path) -> None:
    plans = make_plans(FeatureTable.open(table))
    assert [plan.name for plan in plans] == ["boosted", "boosted_legacy", "forest_legacy"]
    assert len(plans[0].features) == 8
    assert [column.alias for column in plans[1].features] == list(LEGACY)


def test_the_legacy_preset_is_the_published_forest(table: Path) -> None:
    (plan,) = make_plans(FeatureTable.open(table), preset="legacy")
    assert plan.forest is not None
    assert (plan.forest.trees, plan.forest.depth, plan.forest.scaled) == (500, 200, True)
    assert (plan.calibration, plan.threshold) == ("none", 0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "legcy"}, "Did you mean 'legacy'"),
        ({"models": ("boost",)}, "Did you mean 'boosted'"),
        ({"forest": "quick"}, "There is no forest 'quick'"),
        ({"features": ("dx", "Signal")}, "cannot be an input"),
        ({"split": {"train": 1.0}}, "train, validation, test"),
    ],
)
def test_unknown_options_are_refused(table: Path, options: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        identify_showers(table, replace(ShowerOptions(), **options))


def test_a_table_without_labels_cannot_be_learned_from(tmp_path: Path) -> None:
    columns = tuple(column for column in COLUMNS if column.name != "signal")
    write_part(tmp_path / "a" / "p.parquet", columns, rows(showers=4))
    with pytest.raises(ModelError, match="no column signal"):
        identify_showers(tmp_path)


# --- what is written ----------------------------------------------------------------------------


def test_the_folder_holds_what_other_programs_rely_on(folder: Path) -> None:
    names = {item.name for item in folder.iterdir()}
    assert names == {
        "card.md",
        "metrics.json",
        "model.json",
        "model.txt",
        "result.json",
        "scores",
        "showers",
        "task.json",
    }
    metrics = json.loads((folder / "metrics.json").read_text())
    assert {"auc", "f1", "ap", "precision", "recall", "f1_2gev", "f1_cut_based"} <= set(metrics)
    assert all(value is None or isinstance(value, float) for value in metrics.values())


def test_the_result_survives_json(folder: Path, found: Identified) -> None:
    assert ShowerIdentification.read(folder / "result.json") == found.result


def test_scores_are_a_table_with_keys(folder: Path, found: Identified) -> None:
    scores = FeatureTable.open(folder / "scores")
    assert scores.names("key") == ("brick", "shower", "row")
    assert scores.names("feature") == ()
    assert len(scores) == found.result.judgements[0].rows


def test_showers_have_a_row_each(folder: Path) -> None:
    showers = FeatureTable.open(folder / "showers")
    assert len(showers) == 90
    np.testing.assert_allclose(
        showers.column("n_truth"),
        [(rows(showers=90, seed=1)["signal"].reshape(90, -1)).sum(axis=1)[i] for i in range(90)],
    )


def test_the_task_says_how_to_do_it_again(folder: Path) -> None:
    task = json.loads((folder / "task.json").read_text())
    assert task["group"] == ["brick", "shower"]
    assert task["split"] == {"train": 0.72, "validation": 0.08, "test": 0.2}
    assert {"seed", "versions", "models", "inputs", "command"} <= set(task)


def test_the_same_seed_gives_the_same_model_and_figures(
    table: Path, other: Path, found: Identified, folder: Path, tmp_path: Path
) -> None:
    again = identify_showers(table, OPTIONS, test=other)
    write_identified(again, tmp_path / "m")
    assert (tmp_path / "m" / "model.txt").read_bytes() == (folder / "model.txt").read_bytes()
    one, two = flat_metrics(found.result), flat_metrics(again.result)
    one.pop("training_seconds"), two.pop("training_seconds")
    assert one == two


# --- application --------------------------------------------------------------------------------


def test_a_model_applied_gives_the_scores_of_its_training(
    folder: Path, other: Path, found: Identified, tmp_path: Path
) -> None:
    applied = apply_showers(other, folder, tmp_path / "a", repeats=5)
    assert applied.judgement is not None
    assert applied.judgement.auc.value == found.result.judgements[0].auc.value
    one = FeatureTable.open(folder / "scores").column("score")
    two = FeatureTable.open(tmp_path / "a" / "scores").column("score")
    np.testing.assert_array_equal(one, two)


def test_data_without_labels_are_scored_and_measured(folder: Path, tmp_path: Path) -> None:
    hidden = ("signal", "energy", "cut_based", "shower_signal")
    columns = tuple(column for column in COLUMNS if column.name not in hidden)
    write_part(tmp_path / "data" / "d" / "p.parquet", columns, rows(showers=20, seed=4))
    applied = apply_showers(tmp_path / "data", folder, tmp_path / "a", score="dnn")
    assert applied.judgement is None
    assert any("no true labels" in note for note in applied.notes)
    assert "dnn" in FeatureTable.open(tmp_path / "a" / "scores").names()
    showers = FeatureTable.open(tmp_path / "a" / "showers")
    assert "energy_sum_power" in showers.names()
    assert "energy" not in showers.names()
    # 6 base-tracks per GeV were put in
    truth = rows(showers=20, seed=4)["energy"].reshape(20, -1)[:, 0]
    assert np.corrcoef(showers.column("energy_sum_linear"), truth)[0, 1] > 0.8


def test_labels_of_one_kind_are_no_labels(folder: Path, tmp_path: Path) -> None:
    background = rows(showers=5) | {"signal": np.zeros(300, np.int8)}
    write_part(tmp_path / "data" / "d" / "p.parquet", COLUMNS, background)
    assert apply_showers(tmp_path / "data", folder, tmp_path / "a").judgement is None
