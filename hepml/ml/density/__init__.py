"""Densities of features under a condition (the mass): fit, sample, evaluate, keep."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hepml.ml.density.base import ConditionalDensity, load_density, make_density
    from hepml.ml.density.flow import Flow
    from hepml.ml.density.mass import MassModel
    from hepml.ml.density.mixture import Mixture
    from hepml.ml.density.neighbours import Neighbours
    from hepml.ml.density.trees import Trees

_LAZY = {
    "ConditionalDensity": "base",
    "Flow": "flow",
    "MassModel": "mass",
    "Mixture": "mixture",
    "Neighbours": "neighbours",
    "Trees": "trees",
    "load_density": "base",
    "make_density": "base",
}

__all__ = [
    "ConditionalDensity",
    "Flow",
    "MassModel",
    "Mixture",
    "Neighbours",
    "Trees",
    "load_density",
    "make_density",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"hepml.ml.density.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'hepml.ml.density' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
