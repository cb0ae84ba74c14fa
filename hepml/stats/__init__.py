"""Binned fits, significances, limits, pseudo-experiments and the bump hunt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hepml.lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, _LAZY)
