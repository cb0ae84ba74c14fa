"""Binned fits, significances, limits, toys and the bump hunt."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_LAZY = {
    "Background": "hepml.stats.backgrounds",
    "Hunt": "hepml.stats.results",
    "HuntRow": "hepml.stats.results",
    "hunt": "hepml.stats.hunt",
    "fit_peak": "hepml.stats.peak",
}

__all__ = ["Background", "Hunt", "HuntRow", "fit_peak", "hunt"]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'hepml.stats' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
