"""Judge a classifier of two classes by rows that it never saw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.importances import permutation_importance
from hepml.ml.models import TrainedModel
from hepml.ml.ranking import Ranking, bootstrap, rates
from hepml.ml.results import Curve, Importance, Interval, Judgement, Reliability, WorkingPoint
from hepml.ml.sample import Sample

__all__ = ["class_counts", "gains", "interval", "judge", "reliability", "thinned", "working_point"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

PUBLISHED = 0.5
"""Threshold of the published forest."""
_POINTS = 400
_BINS = 40


def interval(
    value: float, name: str = "", found: Mapping[str, tuple[float, float, float]] | None = None
) -> Interval:
    """A figure and its interval out of a bootstrap."""
    if not math.isfinite(value):
        return Interval(value=None)
    low, high, error = (found or {}).get(name, (None, None, None))
    return Interval(value=float(value), low=low, high=high, error=error)


def class_counts(sample: Sample, taken: Mask, group: NDArray[np.int64], groups: int) -> Floats:
    """Sums of weights of the classes 11, 01, 10 and 00 by group, shape (groups, 4)."""
    signal = sample.signal
    parts = (taken & signal, taken & ~signal, ~taken & signal, ~taken & ~signal)
    counts = [np.bincount(group, np.where(part, sample.weights, 0.0), groups) for part in parts]
    return np.stack(counts, axis=1)


def working_point(
    name: str,
    threshold: float,
    counts: Floats,
    found: Mapping[str, tuple[float, float, float]],
) -> WorkingPoint:
    """Figures of a threshold from sums of weights by group."""
    tp, fp, fn, tn = counts.sum(axis=0)
    shares = rates(tp, fp, fn, tn)
    return WorkingPoint(
        name=name,
        threshold=threshold,
        tp=tp,
        fp=fp,
        fn=fn,
        tn=tn,
        **{key: interval(value, key, found) for key, value in shares.items()},
    )


def judge(
    model: TrainedModel,
    sample: Sample,
    raw: Floats,
    score: Floats,
    *,
    title: str = "",
    repeats: int = 200,
    seed: int = 0,
    seconds: float = 0.0,
    training_rows: int = 0,
    permutations: int = 2,
) -> Judgement:
    """Judge a model by rows that it never saw.

    Parameters
    ----------
    model : TrainedModel
        The model.
    sample : Sample
        Labelled rows.
    raw, score : array of float64
        The estimator's own probability of each row, and the calibrated one.
    title : str
        Name for people.
    repeats : int
        Draws of the bootstrap.
    seed : int
        Seed of the bootstrap and of the shuffling.
    seconds, training_rows
        Of the training, to be kept with the figures.
    permutations : int
        How often each feature is shuffled; 0: not at all.
    """
    truth, weights = sample.signal, sample.weights
    ranking = Ranking(raw, truth, weights)
    points, found = [], {}
    chosen = class_counts(sample, score >= model.threshold, sample.group, sample.groups)
    half = class_counts(sample, raw >= PUBLISHED, sample.group, sample.groups)
    options: dict[str, Any] = {"repeats": repeats, "seed": seed}
    found = bootstrap(ranking, sample.group, sample.groups, chosen, **options)
    points.append(working_point("chosen", model.threshold, chosen, found))
    other = bootstrap_counts(half, **options)
    points.append(working_point("published", PUBLISHED, half, other))
    fpr, tpr = ranking.roc()
    recall, precision = ranking.precision_recall()
    return Judgement(
        model=model.name,
        title=title or model.name,
        rows=len(sample),
        signal=int(truth.sum()),
        groups=sample.groups,
        auc=interval(ranking.auc(), "auc", found),
        ap=interval(ranking.average_precision(), "ap", found),
        points=tuple(points),
        roc=thinned(tpr, fpr),
        precision_recall=thinned(recall, precision),
        reliability=reliability(score, truth, weights),
        uncalibrated=reliability(raw, truth, weights),
        scores=_histograms(score, truth, weights),
        importances=_importances(model, sample, permutations, seed),
        seconds=round(seconds, 2),
        training_rows=training_rows,
    )


def bootstrap_counts(
    counts: Floats, *, repeats: int = 200, seed: int = 0
) -> dict[str, tuple[float, float, float]]:
    """Intervals of a threshold's figures by drawing groups; see `hepml.ml.ranking.bootstrap`."""
    rng = np.random.default_rng(seed)
    groups = len(counts)
    drawn: dict[str, list[float]] = {}
    for _ in range(repeats):
        times = np.bincount(rng.integers(0, groups, groups), minlength=groups)
        for name, value in rates(*(times @ counts)).items():
            if math.isfinite(value):
                drawn.setdefault(name, []).append(value)
    return {
        name: (*np.quantile(values, [0.16, 0.84]).tolist(), float(np.std(values)))
        for name, values in drawn.items()
        if len(values) > 1
    }


def reliability(score: Floats, truth: Mask, weights: Floats, bins: int = 15) -> Reliability:
    """Compare probabilities with what they promise, in bins of equal width.

    ``ece`` is the mean distance between promise and share (Guo et al., ICML 2017), ``brier`` the
    mean squared distance between probability and truth.
    """
    place = np.minimum((score * bins).astype(np.int64), bins - 1)
    total = np.bincount(place, weights, bins)
    predicted = np.bincount(place, weights * score, bins)
    signal = np.bincount(place, np.where(truth, weights, 0.0), bins)
    squares = np.bincount(place, weights**2, bins)
    used = total > 0
    share, promise = signal[used] / total[used], predicted[used] / total[used]
    effective = total[used] ** 2 / squares[used]
    errors = np.sqrt(np.maximum(share * (1 - share), 0.25 / effective) / effective)
    everything = weights.sum()
    return Reliability(
        predicted=tuple(promise.tolist()),
        observed=tuple(share.tolist()),
        errors=tuple(errors.tolist()),
        rows=tuple(np.bincount(place, minlength=bins)[used].tolist()),
        brier=float(np.sum(weights * (score - truth) ** 2) / everything),
        ece=float(np.sum(total[used] * np.abs(share - promise)) / everything),
    )


def thinned(x: Floats, y: Floats) -> Curve:
    """Points at equal steps of x and of log y, so that both ends of a ROC curve are smooth."""
    if len(x) > 2 * _POINTS:
        straight = np.searchsorted(x, np.linspace(0, x[-1], _POINTS))
        steps = np.linspace(0, np.log(len(x) - 1), _POINTS)
        keep = np.unique(np.concatenate([[0], straight, np.exp(steps).astype(np.int64)]))
        keep = np.append(keep[keep < len(x) - 1], len(x) - 1)
        x, y = x[keep], y[keep]
    return Curve(x=tuple(np.round(x, 6).tolist()), y=tuple(np.round(y, 8).tolist()))


def _histograms(
    score: Floats, truth: Mask, weights: Floats
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    edges = np.linspace(0, 1, _BINS + 1)
    signal, background = (
        np.histogram(score[rows], edges, weights=weights[rows])[0] for rows in (truth, ~truth)
    )
    return tuple(edges.tolist()), tuple(signal.tolist()), tuple(background.tolist())


def _importances(
    model: TrainedModel, sample: Sample, permutations: int, seed: int
) -> tuple[Importance, ...]:
    gain = gains(model)
    loss = error = [None] * len(gain)
    if permutations:
        x = sample.matrix(model.inputs)
        means, spreads = permutation_importance(
            model.raw, x, sample.signal, sample.weights, repeats=permutations, seed=seed
        )
        loss, error = means.tolist(), spreads.tolist()
    found = [
        Importance(feature=name, gain=share, permutation=lost, permutation_error=spread)
        for name, share, lost, spread in zip(model.inputs, gain, loss, error, strict=True)
    ]
    return tuple(sorted(found, key=lambda item: (-(item.permutation or 0.0), -item.gain)))


def gains(model: TrainedModel) -> list[float]:
    """Share of each feature in what the splits gain; 0 for models without splits."""
    if model.kind == "forest":
        from hepml.ml.forest import importance

        found = importance(model.estimator)
    elif hasattr(model.estimator, "importance"):
        found = np.asarray(model.estimator.importance("gain"), np.float64)
    else:
        found = np.zeros(len(model.features))
    total = float(found.sum())
    return [float(value / total) if total else 0.0 for value in found]
