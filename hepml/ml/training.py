"""Train, calibrate and set the threshold of a classifier of two classes."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from hepml.columns import Column
from hepml.errors import ModelError
from hepml.ml.boosting import BoostedTrees
from hepml.ml.calibration import Method, fit_calibration
from hepml.ml.features import check_inputs
from hepml.ml.forest import ForestSettings, make_forest
from hepml.ml.models import TrainedModel
from hepml.ml.ranking import Ranking
from hepml.ml.sample import Sample
from hepml.ml.weights import training_weights

__all__ = ["Plan", "Trained", "train"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """A model to be trained.

    Attributes
    ----------
    name, title : str
        Of the model.
    features : tuple of Column
        Its inputs.
    forest : ForestSettings or None
        Settings of a random forest; ``None``: boosted trees.
    calibration : str
        Method; ``auto``, ``isotonic``, ``sigmoid`` or ``none``.
    threshold : float or None
        Threshold; ``None``: the one with the largest F1 on the validation rows.
    boosting : dict
        Parameters of the boosted trees.
    """

    name: str
    title: str
    features: tuple[Column, ...]
    forest: ForestSettings | None = None
    calibration: Method | Literal["auto"] = "auto"
    threshold: float | None = None
    boosting: tuple[tuple[str, Any], ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(column.name for column in self.features)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        found = {
            "name": self.name,
            "kind": "forest" if self.forest else "boosted",
            "features": list(self.inputs),
            "calibration": self.calibration,
            "threshold": self.threshold,
        }
        settings = asdict(self.forest) if self.forest else dict(self.boosting)
        return found | {"parameters": settings}


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trained model, how long it took and by how many rows; what a reader must know.

    ``prior`` are the shares of the classes in the training, which its probabilities refer to;
    empty where they are those of the rows.
    """

    model: TrainedModel
    seconds: float
    rows: int
    notes: tuple[str, ...] = ()
    prior: tuple[float, ...] = ()


def train(
    plan: Plan,
    task: str,
    training: Sample,
    validation: Sample,
    *,
    seed: int = 0,
    workers: int = 2,
) -> Trained:
    """Train on some groups, calibrate and set the threshold on others.

    Parameters
    ----------
    plan : Plan
        The model.
    task : str
        What it is for.
    training, validation : Sample
        Labelled rows of different groups.
    seed : int
        Seed of the training.
    workers : int
        Threads.

    Raises
    ------
    ModelError
        If a class is missing, or an input is unusable.
    """
    for name, sample in (("training", training), ("validation", validation)):
        _need_both(name, sample)
    used = _fewer(training, plan.forest, seed)
    x = used.matrix(plan.inputs)
    notes = check_inputs(x, plan.inputs)
    began = time.perf_counter()
    # the prior of the classes stays what it is, for the sake of calibrated probabilities
    weights = training_weights(used.weights, used.labels, balanced=False)
    if plan.forest is None:
        estimator = _boosted(plan, used, weights, validation, seed, workers)
    else:
        estimator = make_forest(replace(plan.forest, random_state=_seed(plan, seed)), workers)
        step = "randomforestclassifier__sample_weight" if plan.forest.scaled else "sample_weight"
        estimator.fit(np.nan_to_num(x, nan=0.0), used.labels, **{step: weights})
    seconds = time.perf_counter() - began
    model = TrainedModel(
        name=plan.name,
        task=task,
        kind="boosted" if plan.forest is None else "forest",
        estimator=estimator,
        features=plan.features,
        classes=training.classes,
        missing="native" if plan.forest is None else "zero",
    )
    raw = model.raw(validation.matrix(plan.inputs))
    truth = validation.signal
    model = replace(
        model, calibration=fit_calibration(raw, truth, validation.weights, plan.calibration)
    )
    threshold = plan.threshold
    if threshold is None:
        threshold = Ranking(model.calibration(raw), truth, validation.weights).best_threshold()
    return Trained(replace(model, threshold=threshold), seconds, len(used), notes)


def _seed(plan: Plan, seed: int) -> int:
    """The published forest has its own seed; another task seed gives another forest."""
    return seed + (plan.forest.random_state if plan.forest else 0)


def _boosted(
    plan: Plan, used: Sample, weights: Any, validation: Sample, seed: int, workers: int
) -> BoostedTrees:
    trees = BoostedTrees(random_state=seed, n_jobs=workers, **dict(plan.boosting))
    rows = validation.matrix(plan.inputs), validation.labels, np.abs(validation.weights)
    return trees.fit(
        used.matrix(plan.inputs),
        used.labels,
        weights,
        validation=rows,
        feature_names=plan.inputs,
    )


def _fewer(training: Sample, forest: ForestSettings | None, seed: int) -> Sample:
    """Whole groups, drawn at random, up to the number of rows that a forest is given."""
    if forest is None or forest.rows is None or len(training) <= forest.rows:
        return training
    order = np.random.default_rng(seed).permutation(training.groups)
    sizes = np.bincount(training.group, minlength=training.groups)[order]
    count = max(int(np.searchsorted(np.cumsum(sizes), forest.rows, side="right")), 1)
    kept = np.zeros(training.groups, dtype=np.bool_)
    kept[order[:count]] = True
    return training.take(kept[training.group])


def _need_both(name: str, sample: Sample) -> None:
    if not len(sample):
        raise ModelError(
            f"The {name} rows are none: the split left no group for it. Give more showers or "
            "events, or larger shares with --split."
        )
    signal = int(sample.signal.sum())
    if signal in (0, len(sample)):
        have = "signal" if signal else "background"
        raise ModelError(
            f"The {len(sample):,} {name} rows are all {have}; a classifier needs both. "
            "Check the label column, or give larger shares with --split."
        )
