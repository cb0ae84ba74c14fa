"""Random forests of scikit-learn, kept by skops: never a pickle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError

__all__ = [
    "FAST",
    "PUBLISHED",
    "ForestSettings",
    "importance",
    "load_forest",
    "make_forest",
    "save_forest",
]


@dataclass(frozen=True, slots=True)
class ForestSettings:
    """What a forest is grown with.

    Attributes
    ----------
    trees : int
        How many.
    rows : int or None
        Most rows that it is trained on, whole groups drawn at random; ``None``: all.
    depth : int
        Greatest depth.
    criterion : str
        What a split is judged by.
    class_weight : str or None
        How classes are balanced.
    least : int
        Least rows in a leaf.
    scaled : bool
        Whether features are standardised first; trees do not care.
    random_state : int
        Seed.
    """

    trees: int = 500
    rows: int | None = None
    depth: int = 200
    criterion: str = "entropy"
    class_weight: str | None = "balanced_subsample"
    least: int = 1
    scaled: bool = True
    random_state: int = 1


# The random forest of the emulsion study: published settings, all rows.
PUBLISHED = ForestSettings()
# The same with a fifth of the trees and less rows: a minute instead of half an hour.
FAST = ForestSettings(trees=100, rows=120_000, scaled=False)


def make_forest(settings: ForestSettings, n_jobs: int = 2) -> Any:
    """An untrained forest, behind a StandardScaler where the settings say so."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    forest = RandomForestClassifier(
        n_estimators=settings.trees,
        criterion=settings.criterion,
        max_depth=settings.depth,
        min_samples_leaf=settings.least,
        class_weight=settings.class_weight,
        random_state=settings.random_state,
        n_jobs=n_jobs,
    )
    return make_pipeline(StandardScaler(), forest) if settings.scaled else forest


def importance(forest: Any) -> NDArray[np.float64]:
    """Mean decrease of impurity by feature."""
    last = forest[-1] if hasattr(forest, "steps") else forest
    return np.asarray(last.feature_importances_, dtype=np.float64)


def save_forest(forest: Any, path: Path) -> None:
    """Write a forest."""
    from zipfile import ZIP_DEFLATED

    from skops.io import dump

    dump(forest, path, compression=ZIP_DEFLATED, compresslevel=1)


def load_forest(path: Path, n_jobs: int = 2) -> Any:
    """Read a forest; nothing but types of scikit-learn and numpy is built from the file.

    Raises
    ------
    ModelError
        If the file is damaged, or holds any other type.
    """
    from zipfile import BadZipFile

    from skops.io import get_untrusted_types, load

    try:
        strange = get_untrusted_types(file=path)
        unknown = [name for name in strange if not name.startswith("sklearn.")]
        if unknown:
            raise ModelError(
                f"{path} holds {', '.join(unknown[:3])}, which no forest needs, so it is not "
                "loaded. Train the model again."
            )
        forest = load(path, trusted=strange)
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise ModelError(f"{path} is no forest that can be read: {error}") from error
    last = forest[-1] if hasattr(forest, "steps") else forest
    last.n_jobs = n_jobs
    return forest
