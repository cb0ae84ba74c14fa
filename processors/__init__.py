"""The shipped channels: selections to run with hepml, or to import into another analysis."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'processors' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
