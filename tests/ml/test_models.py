"""Models on disk: the same answer when read again, and clear words where one does not fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hepml.columns import feature
from hepml.errors import ModelError
from hepml.ml.forest import FAST
from hepml.ml.models import load_model, resolve_features
from hepml.ml.sample import Sample, load_sample
from hepml.ml.training import Plan, Trained, train
from hepml.tables import FeatureTable
from tests.ml.showers import write_showers

FEATURES = (feature("link_dx", "um", alias="dx"), feature("up1_distance"))
GROUP = ("brick", "shower")
BOOSTED = Plan("boosted", "Trees", FEATURES, boosting=(("n_estimators", 10),))
FOREST = Plan("forest", "Forest", FEATURES, forest=replace(FAST, trees=4))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> FeatureTable:
    return FeatureTable.open(write_showers(tmp_path_factory.mktemp("t"), showers=30))


@pytest.fixture(scope="module")
def samples(table: FeatureTable) -> dict[str, Sample]:
    views = table.split({"train": 0.6, "validation": 0.4}, by=GROUP)
    names = [column.name for column in FEATURES]
    return {
        name: load_sample(view, names, label="signal", group=GROUP) for name, view in views.items()
    }


def trained(plan: Plan, samples: dict[str, Sample], seed: int = 0) -> Trained:
    return train(plan, "test", samples["train"], samples["validation"], seed=seed, workers=1)


@pytest.mark.parametrize("plan", [BOOSTED, FOREST], ids=["boosted", "forest"])
def test_a_model_gives_the_same_scores_when_read_again(
    plan: Plan, samples: dict[str, Sample], tmp_path: Path
) -> None:
    model = trained(plan, samples).model
    model.write(tmp_path / "m")
    again = load_model(tmp_path / "m")
    x = samples["validation"].x
    np.testing.assert_array_equal(again.score(x), model.score(x))
    assert (again.threshold, again.classes, again.features[0].unit) == (
        model.threshold,
        (0, 1),
        "um",
    )
    assert not list(tmp_path.rglob("*.pkl"))


def test_a_model_is_read_once_per_process(samples: dict[str, Sample], tmp_path: Path) -> None:
    trained(BOOSTED, samples).model.write(tmp_path)
    assert load_model(tmp_path) is load_model(str(tmp_path))


def test_the_same_seed_writes_the_same_files(samples: dict[str, Sample], tmp_path: Path) -> None:
    for name in ("a", "b"):
        trained(BOOSTED, samples, seed=3).model.write(tmp_path / name)
    for file in ("model.txt", "model.json"):
        assert (tmp_path / "a" / file).read_text() == (tmp_path / "b" / file).read_text()


def test_undefined_inputs_of_a_forest_are_zero(samples: dict[str, Sample]) -> None:
    model = trained(FOREST, samples).model
    x = samples["validation"].x[:5].copy()
    x[:, 0] = 0.0
    expected = model.score(x)
    x[:, 0] = np.nan
    np.testing.assert_array_equal(model.score(x), expected)


def test_the_chosen_threshold_separates_better_than_chance(samples: dict[str, Sample]) -> None:
    model = trained(BOOSTED, samples).model
    validation = samples["validation"]
    taken = model.score(validation.x) >= model.threshold
    assert (taken == validation.signal).mean() > 0.8
    assert model.calibration.method == "sigmoid"


def test_a_forest_is_trained_on_whole_groups(samples: dict[str, Sample]) -> None:
    settings = replace(FAST, trees=2, rows=200)
    found = trained(replace(FOREST, forest=settings), samples)
    # 60 candidates a shower
    assert found.rows == 180


def test_one_class_is_an_error(samples: dict[str, Sample]) -> None:
    only = samples["train"].take(~samples["train"].signal)
    with pytest.raises(ModelError, match="training rows are all background"):
        train(BOOSTED, "test", only, samples["validation"])
    empty = samples["train"].take(np.zeros(len(samples["train"]), dtype=bool))
    with pytest.raises(ModelError, match="the split left no group"):
        train(BOOSTED, "test", empty, samples["validation"])


def test_published_names_of_a_table_serve_as_inputs(
    samples: dict[str, Sample], table: FeatureTable
) -> None:
    model = trained(BOOSTED, samples).model
    published = replace(model, features=(feature("dx", "um"), FEATURES[1]))
    assert resolve_features(published, table) == ("link_dx", "up1_distance")


def test_a_table_without_a_feature_is_refused_by_name(
    samples: dict[str, Sample], table: FeatureTable
) -> None:
    model = trained(BOOSTED, samples).model
    other = replace(model, features=(*FEATURES, feature("nowhere")))
    with pytest.raises(ModelError, match=r"lacks 1 of the 3 features of model 'boosted': nowhere"):
        resolve_features(other, table)


def test_another_unit_is_refused(samples: dict[str, Sample], table: FeatureTable) -> None:
    model = trained(BOOSTED, samples).model
    other = replace(model, features=(feature("link_dx", "cm"),))
    with pytest.raises(ModelError, match="in cm, the table has it in um"):
        resolve_features(other, table)


def test_no_model_says_where_there_are_some(samples: dict[str, Sample], tmp_path: Path) -> None:
    trained(BOOSTED, samples).model.write(tmp_path / "models" / "boosted")
    with pytest.raises(ModelError, match=r"There are models in .*models/boosted"):
        load_model(tmp_path)


@pytest.mark.parametrize("damage", ["{", "{}", json.dumps({"name": "x"})])
def test_a_damaged_model_is_an_error(tmp_path: Path, damage: str) -> None:
    (tmp_path / "model.json").write_text(damage)
    with pytest.raises(ModelError, match="cannot be read"):
        load_model(tmp_path)


def test_the_card_names_inputs_and_units(samples: dict[str, Sample], tmp_path: Path) -> None:
    model = trained(BOOSTED, samples).model
    card = {"about": "Test.", "seed": 0, "metrics": {"auc": 0.9, "f1": None}, "data": {"rows": 5}}
    replace(model, card=card).write(tmp_path)
    text = (tmp_path / "card.md").read_text()
    assert "| link_dx | um | dx |" in text
    assert "| auc | 0.9 |" in text
    assert "| f1 | - |" in text


def test_a_model_that_reads_no_rows_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"kind": "top-network"}')
    with pytest.raises(ModelError, match=r"is a 'top-network', which does not read rows"):
        load_model(tmp_path)
