"""Split training from validation rows, evenly along the condition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError

__all__ = ["split_rows"]

Rows = NDArray[np.int64]


def split_rows(
    condition: NDArray[np.float64], fraction: float, random_state: int
) -> tuple[Rows, Rows]:
    """Row numbers for training and for validation.

    Rows are taken from neighbouring conditions in turn, so that both sidebands (and every part
    of them) give the same share.

    Raises
    ------
    ModelError
        If one of the two would be empty.
    """
    size = len(condition)
    wanted = round(fraction * size)
    if not 0 < wanted < size:
        raise ModelError(
            f"A share of {fraction:g} of {size:,} rows leaves nothing for training or validation; "
            "give more rows, or another share."
        )
    rng = np.random.default_rng(random_state)
    order = np.argsort(condition, kind="stable")
    edges = np.linspace(0, size, wanted + 1).astype(np.int64)
    # one row of each of `wanted` groups of neighbours
    chosen = edges[:-1] + (rng.random(wanted) * np.diff(edges)).astype(np.int64)
    judge = np.zeros(size, dtype=np.bool_)
    judge[order[chosen]] = True
    return rng.permutation(np.flatnonzero(~judge)), rng.permutation(np.flatnonzero(judge))
