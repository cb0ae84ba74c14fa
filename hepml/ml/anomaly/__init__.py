"""Resonant anomaly detection: a score for events of a signal region, learned from data."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'hepml.ml.anomaly' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
