"""Judge a classifier of any number of classes by rows that it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.class_results import ClassJudgement, ClassWeights, History
from hepml.ml.models import TrainedModel
from hepml.ml.results import Importance
from hepml.ml.sample import Sample

__all__ = ["class_importances", "class_weights", "judge_classes"]

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
    """Judge the probabilities of the rows' classes by the signed physics weights."""
    raise NotImplementedError


def class_weights(sample: Sample) -> tuple[ClassWeights, ...]:
    """Events and weights of each class."""
    raise NotImplementedError


def class_importances(
    model: TrainedModel, sample: Sample, *, rows: int = 10_000, repeats: int = 2, seed: int = 0
) -> tuple[Importance, ...]:
    """Gain of each input, and what the mean weighted AUC loses when it is shuffled."""
    raise NotImplementedError
