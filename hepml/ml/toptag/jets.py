"""What jets look like: histograms of their quantities and images, for figures."""

from __future__ import annotations

from pathlib import Path

from hepml.stats.results import Result
from hepml.tables import FeatureTable

__all__ = ["JetLooks", "describe_jets"]


class JetLooks(Result):
    """Histograms and images of top and QCD jets; ``jets.json``."""


def describe_jets(table: FeatureTable | str | Path, *, max_jets: int = 100_000) -> JetLooks:
    """Describe the jets of a run's table, for ``jets.json`` (``.write(folder / "jets.json")``)."""
    raise NotImplementedError
