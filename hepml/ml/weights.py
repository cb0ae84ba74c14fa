"""Weights for training, made from physics weights that may be negative."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError

__all__ = ["Policy", "training_weights"]

Policy = Literal["absolute", "positive"]


def training_weights(
    weights: NDArray[np.float64],
    y: NDArray[np.int64] | None = None,
    *,
    classes: int = 0,
    policy: Policy = "absolute",
    balanced: bool = True,
) -> NDArray[np.float64]:
    """Weights that a loss can use: none negative, mean 1.

    Evaluation uses the physics weights as they are. Multiplying these by a constant changes
    nothing here.

    Parameters
    ----------
    weights : array of float64
        Physics weights, with their sign.
    y : array of int64, optional
        Class of each row; needed to balance.
    classes : int
        Number of classes; default: those that ``y`` has.
    policy : {"absolute", "positive"}
        Count rows of negative weight by their absolute value, or not at all.
    balanced : bool
        Whether every class gets the same sum.

    Raises
    ------
    ModelError
        If a weight is not finite, or nothing of a class is left.
    """
    if not np.isfinite(weights).all():
        bad = int((~np.isfinite(weights)).sum())
        raise ModelError(f"{bad:,} of {len(weights):,} weights are NaN or infinite.")
    used = np.abs(weights) if policy == "absolute" else np.maximum(weights, 0.0)
    if balanced and y is not None:
        count = classes or int(y.max(initial=-1)) + 1
        sums = np.bincount(y, weights=used, minlength=count)
        empty = np.flatnonzero(sums <= 0)
        if len(empty):
            raise ModelError(
                f"Class number {empty[0]} has no weight in the training rows, so that nothing "
                "can be learned of it. Leave the class out, or give more rows."
            )
        used = used / sums[y]
    total = float(used.sum())
    if not total > 0:
        raise ModelError("All weights are zero; nothing can be learned.")
    return np.asarray(used * (len(used) / total))
