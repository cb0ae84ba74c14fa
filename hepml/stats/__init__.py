"""Binned fits, significances, limits, pseudo-experiments and the bump hunt."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hepml.stats.backgrounds import Background
    from hepml.stats.bumphunt import hunt
    from hepml.stats.excess import SignalTest
    from hepml.stats.limits import upper_limit
    from hepml.stats.peak import fit_peak, fit_spectrum
    from hepml.stats.results import Hunt, HuntRow, PeakFit
    from hepml.stats.signals import Peaks
    from hepml.stats.toys import background_toys

_LAZY = {
    "Background": "hepml.stats.backgrounds",
    "Hunt": "hepml.stats.results",
    "HuntRow": "hepml.stats.results",
    "PeakFit": "hepml.stats.results",
    "Peaks": "hepml.stats.signals",
    "SignalTest": "hepml.stats.excess",
    "background_toys": "hepml.stats.toys",
    "fit_peak": "hepml.stats.peak",
    "fit_spectrum": "hepml.stats.peak",
    "hunt": "hepml.stats.bumphunt",
    "upper_limit": "hepml.stats.limits",
}

__all__ = [
    "Background",
    "Hunt",
    "HuntRow",
    "PeakFit",
    "Peaks",
    "SignalTest",
    "background_toys",
    "fit_peak",
    "fit_spectrum",
    "hunt",
    "upper_limit",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'hepml.stats' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
