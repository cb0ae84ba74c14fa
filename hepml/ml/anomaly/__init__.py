"""Resonant anomaly detection: a score for events of a signal region, learned from data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hepml.lazy import lazy_names

if TYPE_CHECKING:
    from hepml.ml.anomaly.efficiency import efficiency
    from hepml.ml.anomaly.events import AnomalyData
    from hepml.ml.anomaly.outcome import StrategyResult
    from hepml.ml.anomaly.settings import EnsembleSettings
    from hepml.ml.anomaly.strategies import STRATEGIES, run_strategy

_LAZY = {
    "STRATEGIES": "hepml.ml.anomaly.strategies",
    "AnomalyData": "hepml.ml.anomaly.events",
    "EnsembleSettings": "hepml.ml.anomaly.settings",
    "StrategyResult": "hepml.ml.anomaly.outcome",
    "efficiency": "hepml.ml.anomaly.efficiency",
    "run_strategy": "hepml.ml.anomaly.strategies",
}

__all__ = [
    "STRATEGIES",
    "AnomalyData",
    "EnsembleSettings",
    "StrategyResult",
    "efficiency",
    "run_strategy",
]

__getattr__, __dir__ = lazy_names(__name__, _LAZY)
