"""Features as scores: which way a plain cut on one goes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hepml.ml.feature_sets import ALIASES, DIRECTIONS

__all__ = ["oriented"]

Array = NDArray[np.float64]

_KEPT = {1: "large", -1: "small", 0: "central"}


def oriented(features: Sequence[str], x: Array) -> dict[str, Array]:
    """Each feature as a score that is larger for what a cut keeps.

    Parameters
    ----------
    features : sequence of str
        Names of the columns. The published features are cut on as published; any other one
        either way.
    x : array of shape (rows, features)
        Their values.

    Returns
    -------
    dict of str to array of shape (rows,)
        ``"large dimuon_pt"`` and the like.
    """
    found: dict[str, Array] = {}
    for name, values in zip(features, np.asarray(x, np.float64).T, strict=True):
        known = DIRECTIONS.get(ALIASES.get(name, name))
        for kept in ("large", "small") if known is None else (_KEPT[known],):
            found[f"{kept} {name}"] = _score(values, kept)
    return found


def _score(values: Array, kept: str) -> Array:
    if kept == "large":
        return values
    return -values if kept == "small" else -np.abs(values)
