"""Dijet resonances: weakly supervised samples and prior-assisted fits of signal parameters."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hepml.ml.dijet.composition import compose
    from hepml.ml.dijet.counts import count_events
    from hepml.ml.dijet.fit import fit_mixture
    from hepml.ml.dijet.grid import RatioGrid
    from hepml.ml.dijet.networks import ParametricNetwork
    from hepml.ml.dijet.roles import assign_roles, fold_roles

_LAZY = {
    "ParametricNetwork": "hepml.ml.dijet.networks",
    "RatioGrid": "hepml.ml.dijet.grid",
    "assign_roles": "hepml.ml.dijet.roles",
    "compose": "hepml.ml.dijet.composition",
    "count_events": "hepml.ml.dijet.counts",
    "fit_mixture": "hepml.ml.dijet.fit",
    "fold_roles": "hepml.ml.dijet.roles",
}

__all__ = [
    "ParametricNetwork",
    "RatioGrid",
    "assign_roles",
    "compose",
    "count_events",
    "fit_mixture",
    "fold_roles",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'hepml.ml.dijet' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
