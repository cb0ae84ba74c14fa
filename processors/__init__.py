"""The shipped channels: selections to run with hepml, or to import into another analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hepml.lazy import lazy_names

if TYPE_CHECKING:
    from processors.dijet import DijetProcessor
    from processors.dimuon import DimuonProcessor
    from processors.diphoton import DiphotonProcessor
    from processors.shower import ShowerProcessor
    from processors.topjet import TopJetProcessor

_LAZY = {
    "DijetProcessor": "processors.dijet",
    "DimuonProcessor": "processors.dimuon",
    "DiphotonProcessor": "processors.diphoton",
    "ShowerProcessor": "processors.shower",
    "TopJetProcessor": "processors.topjet",
}

__all__ = [
    "DijetProcessor",
    "DimuonProcessor",
    "DiphotonProcessor",
    "ShowerProcessor",
    "TopJetProcessor",
]

__getattr__, __dir__ = lazy_names(__name__, _LAZY)
