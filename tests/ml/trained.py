"""Small trained models, for tests that apply one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hepml.columns import Column
from hepml.ml.boosting import BoostedTrees
from hepml.ml.forest import ForestSettings, make_forest
from hepml.ml.models import TrainedModel

THREE = ("data", "ggF", "ttF")


def write_model(
    folder: Path,
    columns: Sequence[Column],
    names: Sequence[str],
    *,
    classes: Sequence[Any] = THREE,
    kind: str = "boosted",
    seed: int = 1,
) -> Path:
    """Train on noise of the size of momenta, a tenth of it undefined, and write the model."""
    random = np.random.default_rng(seed)
    x = random.lognormal(3.0, 1.0, (300, len(names))).astype(np.float32)
    y = np.asarray(classes)[(x.sum(axis=1) * 7).astype(int) % len(classes)]
    estimator: Any
    if kind == "boosted":
        x[random.random(x.shape) < 0.1] = np.nan
        estimator = BoostedTrees(
            6, num_leaves=8, min_child_samples=5, early_stopping=0, random_state=seed, n_jobs=1
        )
    else:
        estimator = make_forest(ForestSettings(trees=5, depth=5, scaled=False), n_jobs=1)
    estimator.fit(x, y)
    known = {column.name: column for column in columns}
    TrainedModel(
        name="small",
        task="test",
        kind="boosted" if kind == "boosted" else "forest",
        estimator=estimator,
        features=tuple(known[name] for name in names),
        classes=tuple(sorted(classes)),
        missing="native" if kind == "boosted" else "zero",
    ).write(folder)
    return folder
