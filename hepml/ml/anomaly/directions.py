"""Features as scores: which way a plain cut on one goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIRECTIONS", "oriented"]

Array = NDArray[np.float64]

# The published single-feature cuts keep these values: large, small, or close to zero.
DIRECTIONS: dict[str, str] = {
    "dimuon_pt": "large",
    "lead_pt": "large",
    "trail_pt": "large",
    "delta_r": "large",
    "delta_pt": "small",
    "lead_ip3d": "small",
    "trail_ip3d": "small",
    "lead_iso04": "small",
    "trail_iso04": "small",
    "dimuon_eta": "central",
    "lead_eta": "central",
    "trail_eta": "central",
}


def oriented(
    features: Sequence[str], x: Array, directions: Mapping[str, str] = DIRECTIONS
) -> dict[str, Array]:
    """Each feature as a score that is larger for what a cut keeps.

    Parameters
    ----------
    features : sequence of str
        Names of the columns.
    x : array of shape (rows, features)
        Their values.
    directions : mapping of str to {"large", "small", "central"}
        What is kept; a feature that is not named is cut on either way.

    Returns
    -------
    dict of str to array of shape (rows,)
        ``"large dimuon_pt"`` and the like.
    """
    found: dict[str, Array] = {}
    for name, values in zip(features, np.asarray(x, np.float64).T, strict=True):
        known = directions.get(name)
        for kept in (known,) if known else ("large", "small"):
            found[f"{kept} {name}"] = _SCORES[kept](values)
    return found


_SCORES = {
    "large": lambda values: values,
    "small": lambda values: -values,
    "central": lambda values: -np.abs(values),
}
