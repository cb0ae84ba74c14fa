"""Which classes are taken for which, by rows and by signed weight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hepml.ml.class_results import ClassWeights, Confusion
from hepml.ml.sample import Sample

__all__ = ["class_weights", "confusion"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def class_weights(sample: Sample) -> tuple[ClassWeights, ...]:
    """Events and weights of each class.

    Parameters
    ----------
    sample : Sample
        Labelled rows; their weights with their sign.

    Returns
    -------
    tuple of ClassWeights
        In the order of ``sample.classes``; classes without rows have their line, too.
    """
    y, weights, size = sample.labels, sample.weights, len(sample.classes)
    events = np.bincount(y, minlength=size)
    negative = np.bincount(y[weights < 0], minlength=size)
    sums = np.bincount(y, weights, size)
    errors = np.sqrt(np.bincount(y, weights**2, size))
    total = float(sums.sum())
    return tuple(
        ClassWeights(
            name=str(name),
            events=int(events[k]),
            negative=int(negative[k]),
            sum=float(sums[k]),
            error=float(errors[k]),
            fraction=float(sums[k] / total) if total > 0 else None,
            per_event=float(sums[k] / events[k]) if events[k] else None,
        )
        for k, name in enumerate(sample.classes)
    )


def confusion(y: Ints, predicted: Ints, weights: Floats, classes: int) -> Confusion:
    """Count rows and add up weights by true (first) and predicted (second) class.

    Parameters
    ----------
    y, predicted : array of int64, shape (rows,)
        True and predicted classes.
    weights : array of float64, shape (rows,)
        Weights with their sign: what is subtracted from a class is subtracted from its cell.
    classes : int
        How many there are.

    Returns
    -------
    Confusion
        Shares by weight may be negative, or above 1, where negative weights gather in a cell.
    """
    cell = y * classes + predicted
    events = np.bincount(cell, minlength=classes**2).reshape(classes, classes)
    sums = np.bincount(cell, weights, classes**2).reshape(classes, classes)
    return Confusion(
        events=tuple(map(tuple, events.tolist())),
        weights=tuple(map(tuple, sums.tolist())),
        by_events=_shares(events.astype(np.float64)),
        by_weight=_shares(sums.astype(np.float64)),
    )


def _shares(matrix: Floats) -> tuple[tuple[float | None, ...], ...]:
    """Each row over its sum; ``None`` where that is not positive."""
    totals = matrix.sum(axis=1)
    return tuple(
        tuple((row / total).tolist()) if total > 0 else (None,) * len(row)
        for row, total in zip(matrix, totals, strict=True)
    )
