"""Formats that estimators are kept in: each kind in its library's own, none of them a pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

__all__ = ["FILES", "Kind", "read_estimator", "write_estimator"]

Kind = Literal["boosted", "forest", "ensemble", "network"]

FILES: dict[str, str] = {
    "boosted": "model.txt",
    "forest": "model.skops",
    "ensemble": "model.skops",
    "network": "model.safetensors",
}
"""Name of the estimator's file by kind."""


def write_estimator(kind: Kind, estimator: Any, folder: Path) -> None:
    """Write a trained estimator into a folder."""
    path = folder / FILES[kind]
    if kind == "forest":
        from hepml.ml.forest import save_forest

        save_forest(estimator, path)
    elif kind == "ensemble":
        from hepml.ml.ensembles import save_ensemble

        save_ensemble(estimator, path)
    else:
        estimator.save(path)


def read_estimator(folder: Path, found: Mapping[str, Any]) -> Any:
    """Read the estimator that a ``model.json`` describes.

    Raises
    ------
    ModelError
        If it is damaged.
    """
    path = folder / FILES[found["kind"]]
    match found["kind"]:
        case "boosted":
            from hepml.ml.boosting import BoostedTrees

            return BoostedTrees.from_text(path.read_text(), found["classes"])
        case "ensemble":
            from hepml.ml.ensembles import load_ensemble

            return load_ensemble(path)
        case "network":
            from hepml.ml.network import NetworkClassifier

            return NetworkClassifier.load(path)
        case _:
            from hepml.ml.forest import load_forest

            return load_forest(path)
