"""Look at the columns of a feature table, class by class."""

from __future__ import annotations

from hepml.explore.results import ClassDistribution, Distribution, Exploration
from hepml.explore.survey import explore

__all__ = ["ClassDistribution", "Distribution", "Exploration", "explore"]


def __dir__() -> list[str]:
    return sorted(__all__)
