"""Boosted trees on the high-level quantities of more jets than fit in memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column
from hepml.errors import ModelError
from hepml.ml.boosting import BoostedTrees
from hepml.ml.models import TrainedModel
from hepml.ml.toptag.blocks import LABEL, WEIGHT, Block, JetRows, read_block
from hepml.ml.toptag.inputs import matrix
from hepml.parts import to_numpy

__all__ = ["SETTINGS", "fit_trees"]

TASK = "top-tagger"
SETTINGS: dict[str, Any] = {
    "n_estimators": 1000,
    "learning_rate": 0.08,
    "num_leaves": 63,
    "min_child_samples": 100,
    "reg_lambda": 5.0,
}
"""Parameters of the trees; their number is found by early stopping."""


def fit_trees(
    features: Sequence[Column],
    training: JetRows,
    validation: JetRows,
    *,
    seed: int = 0,
    workers: int = 2,
) -> tuple[TrainedModel, float]:
    """Train; LightGBM keeps a byte a number, and reads the jets row group by row group.

    Parameters
    ----------
    features : sequence of Column
        Inputs; undefined ones are values of their own.
    training, validation : JetRows
        Jets; their training weights always count.
    seed, workers : int
        Of the training; threads.

    Returns
    -------
    TrainedModel
        With the probability of a top quark as its score.
    float
        Seconds.

    Raises
    ------
    ModelError
        If an input is infinite.
    """
    import lightgbm

    began = time.perf_counter()
    names = [column.name for column in features]
    trees = BoostedTrees(random_state=seed, n_jobs=workers, **SETTINGS)
    cache = _Cache(names)
    label, weight = _truth(training)
    train = lightgbm.Dataset(
        _sequences(cache, training), label, weight=weight, feature_name=names, free_raw_data=True
    )
    label, weight = _truth(validation)
    other = lightgbm.Dataset(_sequences(cache, validation), label, weight=weight, reference=train)
    trees.fit_sets(train, (0, 1), other)
    model = TrainedModel(
        name="lightgbm",
        task=TASK,
        kind="boosted",
        estimator=trees,
        features=tuple(features),
        classes=(0, 1),
    )
    return model, time.perf_counter() - began


def _truth(rows: JetRows) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Labels and weights of all jets: five bytes each."""
    label, weight = np.empty(len(rows), np.int8), np.empty(len(rows), np.float32)
    place = 0
    for block in rows.blocks:
        found = read_block(block, (LABEL, WEIGHT))
        there = slice(place, place + block.size)
        chosen = slice(None) if block.rows is None else block.rows
        label[there] = to_numpy(found.column(LABEL))[chosen]
        weight[there] = to_numpy(found.column(WEIGHT))[chosen]
        place += block.size
    return label, weight


class _Cache:
    """The row group that was read last: rows are asked for one after the other."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.block: Block | None = None
        # LightGBM takes samples of doubles only
        self.values: NDArray[np.float64] = np.empty((0, len(names)))

    def read(self, block: Block) -> NDArray[np.float64]:
        """Inputs of a row group."""
        if block is not self.block:
            values = matrix(read_block(block, self.names), self.names).astype(np.float64)
            values = values if block.rows is None else values[block.rows]
            infinite = np.isinf(values).any(axis=0)
            if infinite.any():
                name = self.names[int(infinite.argmax())]
                raise ModelError(f"{block.part}: the input {name!r} is infinite.")
            self.block, self.values = block, values
        return self.values


def _sequences(cache: _Cache, rows: JetRows) -> Any:
    """Row groups as LightGBM reads them."""
    import lightgbm

    class Rows(lightgbm.Sequence):
        def __init__(self, block: Block) -> None:
            self.block, self.batch_size = block, block.size

        def __len__(self) -> int:
            return self.block.size

        def __getitem__(self, place: Any) -> Any:
            return cache.read(self.block)[place]

    return [Rows(block) for block in rows.blocks]
