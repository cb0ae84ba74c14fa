"""Train a model of production modes by its plan."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.features import check_inputs
from hepml.ml.models import TrainedModel
from hepml.ml.production.plan import ModelPlan
from hepml.ml.sample import Sample
from hepml.ml.training import Trained
from hepml.ml.weights import training_weights

__all__ = ["TASK", "need_classes", "only", "train_mode", "weights_for"]

TASK = "higgs-production"

Floats = NDArray[np.float64]


def only(sample: Sample, classes: Sequence[str]) -> Sample:
    """Rows of some classes, numbered by the order in which these are given."""
    if tuple(classes) == sample.classes:
        return sample
    place = np.full(len(sample.classes), -1, dtype=np.int64)
    for number, name in enumerate(classes):
        place[sample.classes.index(name)] = number
    y = place[sample.labels]
    chosen = sample.take(y >= 0)
    return replace(chosen, y=y[y >= 0], classes=tuple(classes))


def weights_for(plan: ModelPlan, sample: Sample, name: str = "training") -> Floats:
    """Training weights of rows; see `hepml.ml.production.plan.Weighting`.

    Raises
    ------
    ModelError
        If nothing of a class is left.
    """
    asked, size = plan.weighting, len(plan.classes)
    positive = asked.policy == "positive"
    used = np.maximum(sample.weights, 0.0) if positive else np.abs(sample.weights)
    sums = np.bincount(sample.labels, used, size)
    if not (sums > 0).all():
        lost = plan.classes[int(np.flatnonzero(~(sums > 0))[0])]
        raise ModelError(
            f"Class {lost!r} has no {'positive ' if positive else ''}weight in the {name} rows, "
            "so nothing can be learned of it. Leave it out with --classes, or give more events."
        )
    found = training_weights(
        sample.weights, sample.labels, classes=size, policy=asked.policy, balanced=asked.balanced
    )
    # rounded, so that weights in other units give the same ones to the last bit
    return np.asarray(found.astype(np.float32) * asked.mean, np.float64)


def need_classes(sample: Sample, name: str) -> None:
    """Raise a ModelError unless there are rows of every class."""
    counts = np.bincount(sample.labels, minlength=len(sample.classes))
    empty = [sample.classes[place] for place in np.flatnonzero(counts == 0)]
    if empty:
        raise ModelError(
            f"The {len(sample):,} {name} rows hold no event of {', '.join(map(repr, empty))}. "
            "Give more events, larger shares with --split, or leave the class out with --classes."
        )


def train_mode(
    plan: ModelPlan,
    training: Sample,
    validation: Sample,
    *,
    seed: int = 0,
    workers: int = 2,
    check: bool = True,
) -> Trained:
    """Train a model.

    Parameters
    ----------
    plan : ModelPlan
        Which one.
    training, validation : Sample
        Labelled rows of different events, with signed physics weights.
    seed : int
        Of the training; parameters may state another.
    workers : int
        Threads.
    check : bool
        Whether inputs are looked at first.

    Raises
    ------
    ModelError
        If a class is missing, or an input is unusable.
    """
    rows, other = only(training, plan.classes), only(validation, plan.classes)
    need_classes(rows, "training")
    notes: tuple[str, ...] = ()
    if check:
        notes = check_inputs(rows.matrix(plan.inputs), plan.inputs)
    if plan.weighting.policy == "positive":
        rows = rows.take(rows.weights > 0)
    if plan.rows is not None and len(rows) > plan.rows:
        order = np.random.default_rng(seed).permutation(len(rows))
        rows = rows.take(np.sort(order[: plan.rows]))
    weights = weights_for(plan, rows)
    stop = None
    if plan.stopped:
        need_classes(other, "validation")
        stop = other.matrix(plan.inputs), other.labels, weights_for(plan, other, "validation")
    began = time.perf_counter()
    estimator = _fitted(plan, rows, weights, stop, seed, workers)
    seconds = time.perf_counter() - began
    model = TrainedModel(
        name=plan.name,
        task=TASK,
        kind=plan.kind,
        estimator=estimator,
        features=plan.features,
        classes=plan.classes,
        missing="native" if plan.kind in ("boosted", "network") else "zero",
    )
    return Trained(model, seconds, len(rows), notes, _prior(weights, rows))


def _prior(weights: Floats, rows: Sample) -> tuple[float, ...]:
    """Shares of the classes in the training."""
    sums = np.bincount(rows.labels, weights, len(rows.classes))
    return tuple((sums / sums.sum()).tolist())


def _fitted(
    plan: ModelPlan,
    rows: Sample,
    weights: Floats,
    stop: tuple[Any, Any, Any] | None,
    seed: int,
    workers: int,
) -> Any:
    settings = {"random_state": seed, "n_jobs": workers} | plan.parameters
    x, y = rows.matrix(plan.inputs), rows.labels
    if plan.kind == "boosted":
        from hepml.ml.boosting import BoostedTrees

        trees = BoostedTrees(**settings)
        return trees.fit(x, y, weights, validation=stop, feature_names=plan.inputs)
    if plan.kind == "network":
        from hepml.ml.network import NetworkClassifier

        return NetworkClassifier(**settings).fit(x, y, weights, validation=stop)
    filled = np.nan_to_num(x, nan=0.0)
    if plan.kind == "ensemble":
        from hepml.ml.ensembles import EasyEnsemble

        return EasyEnsemble(**settings | {"n_jobs": 1}).fit(filled, y, weights)
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(**settings).fit(filled, y, weights)
