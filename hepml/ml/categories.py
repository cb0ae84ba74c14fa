"""Expected significance of an analysis in categories against the inclusive one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.class_results import Categories

__all__ = ["Events", "categorise", "score_bins"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Rows with a mass and a category.

    Attributes
    ----------
    mass : array of float64
        [GeV]
    category : array of int64
        Number of each row's category.
    y : array of int64, optional
        Class of each row; not for data.
    weights : array of float64, optional
        Expected events of each row, with its sign (scaled to the whole luminosity where the rows
        are a share of all); 1 for data.
    """

    mass: Floats
    category: Ints
    y: Ints | None = None
    weights: Floats | None = None


def categorise(
    signal: Events,
    classes: Sequence[str],
    names: Sequence[str],
    *,
    data: Events | None = None,
    background: float | Mapping[str, float] | None = None,
    window: tuple[float, float] = (120.0, 130.0),
    sidebands: tuple[float, float] = (105.0, 160.0),
    model: str = "",
    by: str = "predicted class",
) -> Categories:
    """Expected significance with categories and without (Asimov)."""
    raise NotImplementedError


def score_bins(
    score: Floats, weights: Floats, background: Floats, *, bins: int = 3, **options: Any
) -> Floats:
    """Edges of score bins that have the largest expected significance together."""
    raise NotImplementedError
