"""Recipes of dedicated classifiers: the weak one follows the settings for a rare signal."""

from __future__ import annotations

from hepml.ml.anomaly.settings import RARE_SIGNAL
from hepml.ml.dijet.learners import recipe_for


def test_weak_trees_follow_the_settings_for_a_rare_signal() -> None:
    made = recipe_for("weak", "auto").make(1)
    assert made.n_estimators == RARE_SIGNAL.rounds
    assert made.num_leaves == 2**RARE_SIGNAL.depth
    assert made.min_child_samples == RARE_SIGNAL.least_rows
    assert made.bagging_fraction == RARE_SIGNAL.subsample
    assert made.feature_fraction == RARE_SIGNAL.features
    assert made.learning_rate == RARE_SIGNAL.learning_rate
    assert made.reg_lambda == RARE_SIGNAL.penalty
    assert made.early_stopping == RARE_SIGNAL.patience
    assert made.parameters["max_depth"] == RARE_SIGNAL.depth


def test_trials_have_random_cuts_as_the_members_of_that_ensemble() -> None:
    recipe = recipe_for("weak", "trees")
    found = [recipe.make(1000 * 4 + place + 1).parameters["extra_trees"] for place in range(6)]
    assert found == [RARE_SIGNAL.cuts_at_random(place) for place in range(6)]
    assert recipe.settings["random_cuts"] == RARE_SIGNAL.random_cuts


def test_many_features_have_shallower_trees_of_more_rows() -> None:
    few, many = (recipe_for("weak", "auto", features=size).make(1) for size in (6, 16))
    assert many.parameters["max_depth"] < few.parameters["max_depth"]
    assert many.bagging_fraction > few.bagging_fraction
    assert many.num_leaves == 2 ** many.parameters["max_depth"]
