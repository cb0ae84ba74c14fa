"""Dijet resonances: weakly supervised samples and prior-assisted fits of signal parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hepml.lazy import lazy_names

if TYPE_CHECKING:
    from hepml.ml.dijet.composition import compose
    from hepml.ml.dijet.counts import count_events
    from hepml.ml.dijet.fit import fit_mixture
    from hepml.ml.dijet.grid import RatioGrid
    from hepml.ml.dijet.parametric import ParametricNetwork
    from hepml.ml.dijet.roles import assign_roles, fold_roles

_LAZY = {
    "ParametricNetwork": "hepml.ml.dijet.parametric",
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

__getattr__, __dir__ = lazy_names(__name__, _LAZY)
