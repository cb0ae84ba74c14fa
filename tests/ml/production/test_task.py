"""Production modes from a table to models and figures of merit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError
from hepml.ml.production.task import Classified, ProductionOptions, classify_modes
from hepml.tables import FeatureTable
from tests.ml.production.modes import COLUMNS, Rows, write_modes

OPTIONS = ProductionOptions(models=("boosted",), repeats=20, permutations=0, workers=1)
SHARED = Path(__file__).parents[4] / "shared" / "data" / "hgg"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_modes(tmp_path_factory.mktemp("table"), data=100)


@pytest.fixture(scope="module")
def found(table: Path) -> Classified:
    return classify_modes(table, OPTIONS)


def text(found: Classified, place: int = 0) -> str:
    return str(found.trained[place].model.estimator.to_text())


def areas(found: Classified, place: int = 0) -> dict[str, tuple[float, float]]:
    """Weighted area and its error, by class."""
    judged = found.result.judgements[place].auc
    return {name: (item.value or 0.0, item.error or 0.0) for name, item in judged.items()}


# --- rows ---------------------------------------------------------------------------------------


def test_classes_are_those_of_the_label_without_data(found: Classified) -> None:
    assert found.result.classes == ("VBF", "Wp", "Z", "gg", "tt")
    assert len(found.tested.whole) == 2000


def test_it_is_said_how_many_rows_of_data_are_left_out(found: Classified) -> None:
    assert found.result.source["left out"] == 100
    assert any("100 rows of data" in note for note in found.result.notes)


def test_shares_are_those_of_the_table_s_split(table: Path, found: Classified) -> None:
    test = FeatureTable.open(table).split()["test"]
    keys = zip(*(test.column(name) for name in ("channel", "event")), strict=True)
    wanted = {pair for pair in keys if pair[0]}  # 0: data
    columns = found.tested.sample.columns
    assert set(zip(columns["channel"], columns["event"], strict=True)) == wanted


def test_two_classes_by_their_published_names_the_first_is_scored(table: Path) -> None:
    found = classify_modes(table, replace(OPTIONS, classes=("VBF", "ggH")))
    assert found.trained[0].model.classes == ("gg", "VBF")
    rows = found.tested.sample
    score = found.tested.probabilities["boosted"][:, -1]
    assert score[rows.labels == 1].mean() > score[rows.labels == 0].mean() + 0.2


def test_a_class_that_is_not_there_is_refused_by_name(table: Path) -> None:
    with pytest.raises(ParameterError, match="'VBG'"):
        classify_modes(table, replace(OPTIONS, classes=("VBG", "ggH")))


def test_a_class_of_too_few_events_is_named(tmp_path: Path) -> None:
    def few(mode: str, rows: Rows) -> Rows:
        return {name: values[:2] for name, values in rows.items()} if mode == "tt" else rows

    with pytest.raises(ModelError, match="no event of 'tt'"):
        classify_modes(write_modes(tmp_path, change=few), OPTIONS)


# --- inputs -------------------------------------------------------------------------------------


def test_the_mass_is_no_input_unless_asked_for(table: Path, found: Classified) -> None:
    assert "diphoton_mass" not in found.trained[0].model.inputs
    asked = classify_modes(table, replace(OPTIONS, mass=True))
    assert asked.trained[0].model.inputs[-1] == "diphoton_mass"
    with pytest.raises(ParameterError, match="--with-mass"):
        classify_modes(table, replace(OPTIONS, features=("h_mass", "lead_pt")))


def test_jets_can_be_left_out(table: Path, found: Classified) -> None:
    assert "n_jets" in found.trained[0].model.inputs
    without = classify_modes(table, replace(OPTIONS, jets=False))
    assert not [name for name in without.trained[0].model.inputs if "jet" in name]
    assert areas(without)["tt"][0] < areas(found)["tt"][0] - 0.05


@pytest.mark.parametrize("name", ["weight", "label", "eventNumber"])
def test_weight_label_and_key_are_refused_as_features(table: Path, name: str) -> None:
    with pytest.raises(ParameterError, match="cannot be an input"):
        classify_modes(table, replace(OPTIONS, features=("lead_pt", name)))


def test_a_weight_is_refused_even_where_the_table_calls_it_a_feature(tmp_path: Path) -> None:
    columns = tuple(replace(c, role="feature") if c.name == "weight" else c for c in COLUMNS)
    path = write_modes(tmp_path, columns=columns)
    with pytest.raises(ParameterError, match="weight"):
        classify_modes(path, replace(OPTIONS, features=("lead_pt", "weight")))
    assert "weight" not in classify_modes(path, OPTIONS).trained[0].model.inputs


def test_a_feature_that_is_nan_everywhere_is_left_out_and_refused_by_name(tmp_path: Path) -> None:
    def undefined(mode: str, rows: Rows) -> Rows:
        return rows | {"lead_eta": np.full(len(rows["event"]), np.nan)}

    path = write_modes(tmp_path, change=undefined)
    found = classify_modes(path, OPTIONS)
    assert "lead_eta" not in found.trained[0].model.inputs
    assert any("lead_eta" in note for note in found.result.notes)
    with pytest.raises(ModelError, match="NaN in every row"):
        classify_modes(path, replace(OPTIONS, features=("lead_pt", "lead_eta")))


def test_a_constant_feature_is_noted(tmp_path: Path) -> None:
    def constant(mode: str, rows: Rows) -> Rows:
        return rows | {"lead_eta": np.full(len(rows["event"]), 1.5)}

    found = classify_modes(write_modes(tmp_path, change=constant), OPTIONS)
    assert any("'lead_eta' is 1.5 in every row" in note for note in found.result.notes)


# --- weights ------------------------------------------------------------------------------------


def test_weights_in_other_units_change_nothing(
    table: Path, found: Classified, tmp_path: Path
) -> None:
    def scaled(mode: str, rows: Rows) -> Rows:
        return rows | {"weight": rows["weight"] * 1e-8}

    other = classify_modes(write_modes(tmp_path, change=scaled), OPTIONS)
    assert text(other) == text(found)
    for name, (value, error) in areas(other).items():
        assert value == pytest.approx(areas(found)[name][0], abs=1e-12)
        assert error == pytest.approx(areas(found)[name][1], rel=1e-6)


def test_a_class_of_negative_total_weight_is_noted(tmp_path: Path) -> None:
    def negative(mode: str, rows: Rows) -> Rows:
        return rows | {"weight": -np.abs(rows["weight"])} if mode == "Z" else rows

    path = write_modes(tmp_path, change=negative)
    found = classify_modes(path, OPTIONS)
    assert any("Z" in note for note in found.result.notes)
    assert found.result.judgements[0].auc.get("Z") is None or (
        found.result.judgements[0].auc["Z"].value is None
    )
    with pytest.raises(ModelError, match="'Z' has no positive weight"):
        classify_modes(path, replace(OPTIONS, policy="positive"))


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    def infinite(mode: str, rows: Rows) -> Rows:
        return rows | {"weight": rows["weight"] / (rows["event"] > 0)} if mode == "Z" else rows

    with np.errstate(divide="ignore"):
        path = write_modes(tmp_path, change=infinite)
    with pytest.raises(ModelError, match="1 of 2,000 weights"):
        classify_modes(path, OPTIONS)


# --- what models say ----------------------------------------------------------------------------


def test_modes_are_told_apart_and_none_is_forgotten(found: Classified) -> None:
    judged = found.result.judgements[0]
    assert areas(found)["tt"][0] > 0.9
    assert areas(found)["VBF"][0] > 0.7
    assert min(judged.predicted) > 0


def test_the_same_seed_gives_the_same_model_and_another_one_another(
    table: Path, found: Classified
) -> None:
    assert text(classify_modes(table, OPTIONS)) == text(found)
    assert text(classify_modes(table, replace(OPTIONS, seed=1))) != text(found)


def test_shuffled_labels_are_not_told_apart(tmp_path: Path) -> None:
    # each file holds events of all modes under one label: 400 of 2,000, drawn at random
    plain = FeatureTable.open(write_modes(tmp_path / "plain")).to_pandas()
    order = np.random.default_rng(5).permutation(len(plain))
    inputs = [c.name for c in COLUMNS if c.role == "feature"]
    shuffled = plain[inputs].iloc[order].reset_index(drop=True)
    start = iter(range(0, 2000, 400))

    def change(mode: str, rows: Rows) -> Rows:
        low = next(start)
        part = shuffled.iloc[low : low + 400]
        return rows | {name: part[name].to_numpy() for name in inputs}

    found = classify_modes(write_modes(tmp_path / "shuffled", change=change), OPTIONS)
    for name, (value, error) in areas(found).items():
        assert abs(value - 0.5) < 4 * error, name


def test_folds_score_every_event_by_a_model_that_did_not_see_it(tmp_path: Path) -> None:
    # an input that says nothing but which event it is: known by heart, useless elsewhere
    def noise(mode: str, rows: Rows) -> Rows:
        rng = np.random.default_rng(len(mode) + ord(mode[0]))
        return rows | {"lead_eta": rng.normal(size=len(rows["event"]))}

    path = write_modes(tmp_path, change=noise)
    options = replace(OPTIONS, folds=2, features=("lead_eta",))
    found = classify_modes(path, options)
    assert found.result.judgements[0].rows == 2000
    for value, error in areas(found).values():
        assert abs(value - 0.5) < 4 * error
    assert any("2 models" in note for note in found.result.notes)


@pytest.mark.slow
def test_all_models_are_trained_and_compared(table: Path) -> None:
    pytest.importorskip("torch")
    names = ("boosted", "boosted_nojets", "boosted_mass", "forest", "ensemble", "network")
    found = classify_modes(table, replace(OPTIONS, models=names))
    assert [item.model for item in found.result.judgements] == list(names)
    assert [item.second for item in found.result.comparisons] == list(names[1:])
    for place in range(len(names)):
        assert areas(found, place)["tt"][0] > (0.6 if names[place] == "boosted_nojets" else 0.9)


def test_the_notebook_s_settings_collapse(tmp_path: Path) -> None:
    from hepml.ml.production.seed import SEED_INPUTS
    from processors.diphoton_features import COLUMNS as PUBLISHED

    known = {c.name for c in COLUMNS}
    lacking = tuple(c for c in PUBLISHED if c.alias in SEED_INPUTS and c.name not in known)
    rng = np.random.default_rng(0)

    def more(mode: str, rows: Rows) -> Rows:
        size = len(rows["event"])
        return rows | {c.name: rng.normal(size=size).astype(c.dtype) for c in lacking}

    path = write_modes(tmp_path, change=more, columns=(*COLUMNS, *lacking))
    found = classify_modes(path, replace(OPTIONS, preset="seed", models=()))
    judged = {item.model: item for item in found.result.judgements}
    assert found.result.main == "forest"
    assert 0 in judged["forest"].predicted
    assert judged["ensemble"].predicted[1] < 10
    assert judged["boosted"].predicted[1] == 0
    assert judged["boosted"].auc["VBF"].value == 0.5
    assert {item.gain for item in judged["boosted"].importances} == {0.0}


@pytest.mark.parametrize(
    "options",
    [{"folds": 1}, {"search": 2}, {"preset": "seed", "models": ("forest",)}, {"models": ("tree",)}],
)
def test_options_that_make_no_sense_are_refused(table: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        classify_modes(table, replace(OPTIONS, **options))


# --- reference data -----------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="the shared reference data are not here")
def test_pythia_modes_are_told_apart_better_than_by_a_forest(tmp_path: Path) -> None:
    import hepml
    from processors.diphoton import DiphotonProcessor

    files = [str(path) for path in SHARED.glob("mc_*.root")]
    run = hepml.run(DiphotonProcessor(), files, out=tmp_path / "r", executor="iterative")
    models = ("boosted", "forest")
    splits = [
        classify_modes(run.path, replace(OPTIONS, models=models, seed=seed)) for seed in (0, 1)
    ]
    boosted, forest = ([areas(item, place) for item in splits] for place in (0, 1))
    for name in boosted[0]:
        mean = np.mean([item[name][0] for item in boosted])
        other = np.mean([item[name][0] for item in forest])
        assert mean > other - np.mean([item[name][1] for item in boosted])
        if name in ("VBF", "tt"):
            assert mean > 0.85
    assert all(min(item.result.judgements[0].predicted) > 0 for item in splits)
