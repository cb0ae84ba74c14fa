"""Whether a score changes the shape of the mass: spectra in slices, and a number for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hepml.ml.class_results import Sculpting

__all__ = ["sculpting"]

Floats = NDArray[np.float64]


def sculpting(
    mass: Floats,
    weights: Floats,
    score: Floats,
    *,
    name: str,
    model: str,
    title: str = "",
    rows: Literal["data", "signal"] = "data",
    mass_input: bool = False,
    window: tuple[float, float] = (105.0, 160.0),
    bins: int = 22,
    shares: Sequence[float] = (0.5, 0.3, 0.15, 0.05),
    repeats: int = 200,
    seed: int = 0,
) -> Sculpting:
    """Compare the mass shapes in slices of a score with that of all rows."""
    raise NotImplementedError
