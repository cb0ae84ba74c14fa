"""Classifiers of a single mass point: boosted trees, or the network of the published study."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.anomaly.settings import RARE_SIGNAL
from hepml.ml.boosting import BoostedTrees
from hepml.ml.class_results import History
from hepml.ml.dijet.ensembles import best_trials
from hepml.ml.dijet.published_settings import KEEP, network_settings
from hepml.ml.kinds import Kind

__all__ = ["Part", "Recipe", "Trial", "choose_trials", "recipe_for", "train_trials"]

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]


# Features up to which trees may be as deep as `RARE_SIGNAL` has them.
_FEW = 8


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows to learn from, or to choose by.

    Attributes
    ----------
    x : array of float32, shape (rows, features)
        Features.
    y : array of bool, shape (rows,)
        Class 1: signal, or data.
    weight : array of float64, shape (rows,)
        Weights; both classes have the same sum.
    """

    x: NDArray[np.float32]
    y: NDArray[np.bool_]
    weight: Floats

    @classmethod
    def balanced(cls, x: NDArray[Any], y: NDArray[Any], weight: Floats | None = None) -> Part:
        """Both classes weigh the same, one a row on average.

        Raises
        ------
        ModelError
            If one of the classes is missing.
        """
        truth = np.asarray(y, np.bool_)
        given = np.ones(len(truth)) if weight is None else np.asarray(weight, np.float64)
        sums = [float(given[truth == side].sum()) for side in (False, True)]
        if min(sums) <= 0:
            raise ModelError(
                f"A part of the sample has {int((~truth).sum())} rows of class 0 and "
                f"{int(truth.sum())} of class 1: both are needed. Give more events."
            )
        half = len(truth) / 2
        scaled = given * np.where(truth, half / sums[1], half / sums[0])
        return cls(np.asarray(x, np.float32), truth, scaled)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a classifier is made.

    Attributes
    ----------
    kind : {"boosted", "network"}
        What it is, see `hepml.ml.kinds`.
    make : callable
        Makes an untrained one of a seed.
    settings : dict
        Its settings, as JSON values.
    """

    kind: Kind
    make: Callable[[int], Any]
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A trained classifier.

    Attributes
    ----------
    estimator : object
        It.
    kind : str
        See :class:`Recipe`.
    loss : float
        Mean cross entropy of the validation rows, weighted.
    history : History
        Of its training.
    seconds : float
        Of its training.
    """

    estimator: Any
    kind: Kind
    loss: float
    history: History
    seconds: float

    def scores(self, x: NDArray[Any]) -> Floats:
        """Probability of class 1."""
        return np.asarray(self.estimator.predict_proba(x)[:, 1], np.float64)


def recipe_for(strategy: str, learner: str, *, features: int = 6, quick: bool = False) -> Recipe:
    """Recipe of a dedicated strategy.

    Parameters
    ----------
    strategy : {"supervised", "weak"}
        With true labels, or with data against reference.
    learner : {"auto", "trees", "network"}
        auto: trees.
    features : int
        How many there are to learn from.
    quick : bool
        A short training.
    """
    if learner == "network":
        return _network(quick)
    if strategy == "supervised":
        return _boosted({"n_estimators": 100 if quick else 400, "learning_rate": 0.05})
    return _rare_signal(features)


def _rare_signal(features: int) -> Recipe:
    """Members of the ensemble for a rare signal, one a trial."""
    rare = RARE_SIGNAL
    if features > _FEW:
        # among many features deep trees of few rows find what is none
        rare = replace(rare, depth=7, subsample=0.3, least_rows=50)
    settings: dict[str, Any] = {
        "n_estimators": rare.rounds,
        "learning_rate": rare.learning_rate,
        "num_leaves": 2**rare.depth,
        "min_child_samples": rare.least_rows,
        "bagging_fraction": rare.subsample,
        "feature_fraction": rare.features,
        "reg_lambda": rare.penalty,
        "early_stopping": rare.patience,
    }

    def make(seed: int) -> Any:
        # a run has a thousand seeds of its own, which count from 1; members count from 0
        member = (seed - 1) % 1000
        own = {"max_depth": rare.depth, "extra_trees": rare.cuts_at_random(member)}
        return BoostedTrees(**settings, parameters=own, random_state=seed, n_jobs=1)

    more = {"max_depth": rare.depth, "random_cuts": rare.random_cuts}
    return Recipe("boosted", make, settings | more)


def _boosted(settings: dict[str, Any]) -> Recipe:
    def make(seed: int) -> Any:
        return BoostedTrees(**settings, random_state=seed, n_jobs=1)

    return Recipe("boosted", make, settings)


def _network(quick: bool) -> Recipe:
    # without weight decay AdamW is Adam
    settings = network_settings(quick=quick) | {"dropout": 0.0, "weight_decay": 0.0}

    def make(seed: int) -> Any:
        from hepml.ml.network import NetworkClassifier

        return NetworkClassifier(**settings, random_state=seed)

    return Recipe("network", make, settings)


def train_trials(
    recipe: Recipe,
    training: Part,
    validation: Part,
    seeds: list[int],
    *,
    title: str = "",
    progress: Progress | None = None,
) -> list[Trial]:
    """Train one classifier of each seed.

    Parameters
    ----------
    recipe : Recipe
        What to train.
    training, validation : Part
        Rows to learn from, and to stop and choose by.
    seeds : list of int
        Of the trainings.
    title : str
        What is trained, for the progress.
    progress : callable, optional
        Told of each training.
    """
    found = []
    for number, seed in enumerate(seeds):
        if progress is not None:
            progress(f"{title}: training", number, len(seeds))
        found.append(_train(recipe, training, validation, seed))
    return found


def _train(recipe: Recipe, training: Part, validation: Part, seed: int) -> Trial:
    started = time.monotonic()
    estimator = recipe.make(seed)
    estimator.fit(
        training.x,
        training.y,
        training.weight,
        validation=(validation.x, validation.y, validation.weight),
    )
    seconds = time.monotonic() - started
    history = History(
        metric="cross entropy",
        losses={name: tuple(map(float, values)) for name, values in estimator.history_.items()},
        best=int(estimator.rounds_),
    )
    return Trial(estimator, recipe.kind, _loss(estimator, validation), history, seconds)


def _loss(estimator: Any, part: Part) -> float:
    found = np.clip(estimator.predict_proba(part.x)[:, 1], 1e-12, 1 - 1e-12)
    losses = -np.log(np.where(part.y, found, 1 - found))
    return float(np.average(losses, weights=part.weight))


def choose_trials(trials: list[Trial], keep: int | None) -> tuple[int, ...]:
    """Places of the trials of lowest validation loss, the best first.

    Parameters
    ----------
    trials : list of Trial
        All of them.
    keep : int or None
        How many; ``None``: five of the networks, all of the trees.
    """
    wanted = keep or (KEEP if trials[0].kind == "network" else len(trials))
    return best_trials([trial.loss for trial in trials], wanted)
