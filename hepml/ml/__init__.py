"""Models on feature tables: choose inputs, split, train, calibrate, evaluate, keep, apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hepml.lazy import lazy_names

if TYPE_CHECKING:
    from hepml.ml.apply import apply_model, score_table
    from hepml.ml.boosting import BoostedTrees
    from hepml.ml.classes import compare_classes, judge_classes
    from hepml.ml.features import choose_features
    from hepml.ml.folds import fold_numbers
    from hepml.ml.models import TrainedModel, load_model
    from hepml.ml.production.categories import categorise
    from hepml.ml.production.sculpting import sculpting
    from hepml.ml.sample import Sample, load_sample

_LAZY = {
    "BoostedTrees": "hepml.ml.boosting",
    "Sample": "hepml.ml.sample",
    "TrainedModel": "hepml.ml.models",
    "apply_model": "hepml.ml.apply",
    "categorise": "hepml.ml.production.categories",
    "choose_features": "hepml.ml.features",
    "compare_classes": "hepml.ml.classes",
    "fold_numbers": "hepml.ml.folds",
    "judge_classes": "hepml.ml.classes",
    "load_model": "hepml.ml.models",
    "load_sample": "hepml.ml.sample",
    "score_table": "hepml.ml.apply",
    "sculpting": "hepml.ml.production.sculpting",
}

__all__ = [
    "BoostedTrees",
    "Sample",
    "TrainedModel",
    "apply_model",
    "categorise",
    "choose_features",
    "compare_classes",
    "fold_numbers",
    "judge_classes",
    "load_model",
    "load_sample",
    "score_table",
    "sculpting",
]

__getattr__, __dir__ = lazy_names(__name__, _LAZY)
