"""Models on feature tables: choose inputs, split, train, calibrate, evaluate, keep, apply."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hepml.ml.apply import apply_model
    from hepml.ml.boosting import BoostedTrees
    from hepml.ml.features import choose_features
    from hepml.ml.models import TrainedModel, load_model
    from hepml.ml.sample import Sample, load_sample

_LAZY = {
    "BoostedTrees": "hepml.ml.boosting",
    "Sample": "hepml.ml.sample",
    "TrainedModel": "hepml.ml.models",
    "apply_model": "hepml.ml.apply",
    "choose_features": "hepml.ml.features",
    "load_model": "hepml.ml.models",
    "load_sample": "hepml.ml.sample",
}

__all__ = [
    "BoostedTrees",
    "Sample",
    "TrainedModel",
    "apply_model",
    "choose_features",
    "load_model",
    "load_sample",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'hepml.ml' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
