"""Densities of features under a condition (the mass): fit, sample, evaluate, keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hepml.lazy import lazy_names

if TYPE_CHECKING:
    from hepml.ml.density.base import ConditionalDensity, load_density, make_density
    from hepml.ml.density.flow import Flow
    from hepml.ml.density.mass import MassModel
    from hepml.ml.density.mixture import Mixture
    from hepml.ml.density.neighbours import Neighbours
    from hepml.ml.density.trees import Trees

_LAZY = {
    "ConditionalDensity": "hepml.ml.density.base",
    "Flow": "hepml.ml.density.flow",
    "MassModel": "hepml.ml.density.mass",
    "Mixture": "hepml.ml.density.mixture",
    "Neighbours": "hepml.ml.density.neighbours",
    "Trees": "hepml.ml.density.trees",
    "load_density": "hepml.ml.density.base",
    "make_density": "hepml.ml.density.base",
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

__getattr__, __dir__ = lazy_names(__name__, _LAZY)
