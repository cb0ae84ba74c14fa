"""Judge a classifier of any number of classes by rows that it never saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.class_figures import Judged, roc_curve
from hepml.ml.class_results import ClassJudgement, Comparison, Confusion, History
from hepml.ml.confusion import class_weights, confusion
from hepml.ml.evaluation import gains
from hepml.ml.importances import draw_rows, permutation_losses
from hepml.ml.models import TrainedModel
from hepml.ml.ranking import Ranking
from hepml.ml.results import Curve, Importance
from hepml.ml.sample import Sample

__all__ = [
    "class_importances",
    "class_weights",
    "compare_classes",
    "judge_classes",
    "macro_auc",
]

Floats = NDArray[np.float64]


def judge_classes(
    probabilities: Floats,
    sample: Sample,
    *,
    model: str,
    title: str,
    repeats: int = 200,
    seed: int = 0,
    prior: Sequence[float] | None = None,
    importances: Sequence[Importance] = (),
    history: History | None = None,
    seconds: float = 0.0,
    training_rows: int = 0,
) -> ClassJudgement:
    """Judge probabilities by labelled rows and their signed weights.

    Areas, shares by weight and histograms are made of the physics weights as they are: what a
    negative weight subtracts is subtracted, and nothing else is done about it. A class whose
    weights do not add up to more than zero has no area, and a note says so. Multiplying all
    weights by a constant changes no figure but the sums themselves.

    Parameters
    ----------
    probabilities : array of float64, shape (rows, classes)
        What the model says.
    sample : Sample
        The rows, with their labels and signed physics weights.
    model, title : str
        Name of the model, and the one for people.
    repeats : int
        Draws of the bootstrap, by groups.
    seed : int
        Seed of the bootstrap.
    prior : sequence of float, optional
        Shares of the classes in the training, which the probabilities refer to; default: equal
        ones. Reliability and log loss let each class weigh as much.
    importances : sequence of Importance
        See `class_importances`.
    history : History, optional
        Of the training.
    seconds, training_rows
        Of the training, to be kept with the figures.

    Raises
    ------
    ModelError
        Without rows or labels, or if the probabilities do not fit them.
    """
    _check(probabilities, sample)
    judged = Judged(probabilities, sample, _prior(prior, sample), repeats, seed)
    predicted = probabilities.argmax(axis=1)
    names = tuple(str(item) for item in sample.classes)
    matrix = confusion(sample.labels, predicted, sample.weights, len(names))
    rankings = judged.rankings()
    auc, macro = judged.areas(rankings)
    return ClassJudgement(
        model=model,
        title=title,
        classes=names,
        rows=len(sample),
        groups=sample.groups,
        prior=tuple(judged.prior.tolist()),
        weights=class_weights(sample),
        confusion=matrix,
        predicted=tuple(np.sum(matrix.events, axis=0).tolist()),
        predicted_weights=tuple(np.sum(matrix.weights, axis=0).tolist()),
        **judged.shares(predicted),
        guess=judged.guess(),
        macro_auc=macro,
        auc=auc,
        pairs=judged.pairs(),
        roc=_curves(names, rankings),
        reliability=judged.reliabilities(),
        scores=judged.histograms(),
        importances=tuple(importances),
        history=history,
        seconds=round(seconds, 2),
        training_rows=training_rows,
        notes=_notes(sample, matrix),
    )


def compare_classes(
    first: Floats,
    second: Floats,
    sample: Sample,
    *,
    models: tuple[str, str],
    repeats: int = 200,
    seed: int = 0,
) -> Comparison:
    """Difference of two models' weighted areas, with intervals of the difference itself.

    Both models see the same draws: what one set of test rows has more than another one does not
    count. The arguments are those of `judge_classes`.

    Raises
    ------
    ModelError
        If the probabilities do not fit the rows.
    """
    prior = np.ones(len(sample.classes))
    found = []
    for probabilities in (first, second):
        _check(probabilities, sample)
        found.append(Judged(probabilities, sample, prior, repeats, seed))
    auc, macro = found[0].less(found[1])
    return Comparison(first=models[0], second=models[1], auc=auc, macro_auc=macro)


def _curves(names: Sequence[str], rankings: Sequence[Ranking]) -> dict[str, Curve]:
    curves = {name: roc_curve(item) for name, item in zip(names, rankings, strict=True)}
    return {name: curve for name, curve in curves.items() if curve is not None}


def _check(probabilities: Floats, sample: Sample) -> None:
    """Raise a ModelError unless every row has a label and a probability for each class."""
    wanted = (len(sample), len(sample.classes))
    if not len(sample) or len(sample.classes) < 2:
        raise ModelError(
            f"{len(sample):,} rows of {len(sample.classes)} classes cannot judge a model. Give "
            "more events, or a larger share of test rows with --split."
        )
    if probabilities.shape != wanted:
        raise ModelError(f"Probabilities of shape {probabilities.shape} for {wanted} are no match.")
    bad = int((~np.isfinite(probabilities)).any(axis=1).sum())
    if bad:
        raise ModelError(f"The model gives {bad:,} of {len(sample):,} rows no finite probability.")


def _prior(prior: Sequence[float] | None, sample: Sample) -> Floats:
    """Shares of the classes, of those that have weight in the rows."""
    size = len(sample.classes)
    shares = np.ones(size) if prior is None else np.asarray(prior, np.float64)
    if shares.shape != (size,) or not (shares >= 0).all() or not shares.any():
        raise ModelError(f"The prior needs {size} shares that are not negative, not {shares}.")
    sums = np.bincount(sample.labels, sample.weights, size)
    used = np.where(sums > 0, shares, 0.0)
    return np.asarray(used / used.sum() if used.any() else shares / shares.sum())


def _notes(sample: Sample, matrix: Confusion) -> tuple[str, ...]:
    """Classes that cannot be judged, and those that no row is taken for."""
    notes = []
    taken = np.sum(matrix.events, axis=0)
    for k, item in enumerate(class_weights(sample)):
        if not item.events:
            notes.append(f"class {item.name} has no row to be judged by")
        elif not item.sum > 0:
            notes.append(
                f"the weights of class {item.name} add up to {item.sum:.4g} ({item.negative:,} of "
                f"{item.events:,} rows are negative): figures by weight leave it out"
            )
        if not taken[k]:
            notes.append(f"no row is taken for class {item.name}")
    return tuple(notes)


def macro_auc(probabilities: Floats, sample: Sample) -> float:
    """Mean weighted area of each class against the rest, of classes that have one; else NaN."""
    y, weights = sample.labels, sample.weights
    areas = [
        Ranking(probabilities[:, k], y == k, weights).auc() for k in range(len(sample.classes))
    ]
    known = [area for area in areas if np.isfinite(area)]
    return float(np.mean(known)) if known else float("nan")


def class_importances(
    model: TrainedModel, sample: Sample, *, rows: int = 10_000, repeats: int = 2, seed: int = 0
) -> tuple[Importance, ...]:
    """Gain of each input, and what the mean weighted area loses when it is shuffled.

    Parameters
    ----------
    model : TrainedModel
        The model.
    sample : Sample
        Labelled rows that it was not trained on, with signed weights.
    rows : int
        Most rows to use, drawn at random.
    repeats : int
        How often each feature is shuffled; 0: gain only.
    seed : int
        Seed of both.

    Returns
    -------
    tuple of Importance
        The most important first; features that do not separate lose about nothing.
    """
    gain = gains(model)
    loss: list[float | None] = [None] * len(gain)
    error: list[float | None] = [None] * len(gain)
    if repeats:
        rng = np.random.default_rng(seed)
        part = sample.take(draw_rows(len(sample), rows, rng))
        means, spreads = permutation_losses(
            lambda x: macro_auc(model.probabilities(x), part),
            part.matrix(model.inputs),
            repeats=repeats,
            rng=rng,
        )
        if np.isfinite(means).all():
            loss, error = list(means.tolist()), list(spreads.tolist())
    found = [
        Importance(feature=name, gain=share, permutation=lost, permutation_error=wide)
        for name, share, lost, wide in zip(model.inputs, gain, loss, error, strict=True)
    ]
    return tuple(sorted(found, key=lambda item: (-(item.permutation or 0.0), -item.gain)))
