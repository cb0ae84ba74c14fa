"""Shares of a table's rows by event key: the same event is always in the same one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.keys import key_position
from hepml.parts import to_numpy

__all__ = ["DEFAULT_SPLIT", "Share", "limits_of"]

DEFAULT_SPLIT = {"train": 0.72, "validation": 0.08, "test": 0.20}


@dataclass(frozen=True, slots=True)
class Share:
    """Rows whose key has its place in a part of [0, 1).

    Attributes
    ----------
    low, high : float
        The part: from ``low`` on, below ``high``.
    by : tuple of str
        Key columns that a place is made of.
    seed : int
        Another seed gives other places.
    """

    low: float
    high: float
    by: tuple[str, ...]
    seed: int

    def inside(self, batch: pa.RecordBatch) -> NDArray[np.bool_]:
        """Which rows of a batch belong to it."""
        place = key_position([to_numpy(batch.column(name)) for name in self.by], self.seed)
        return np.asarray((place >= self.low) & (place < self.high))


def limits_of(fractions: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Parts of [0, 1) that lie side by side, by name.

    Raises
    ------
    ParameterError
        If a fraction is not positive, or they add up to more than 1.
    """
    shares = dict(fractions)
    if not all(share > 0 for share in shares.values()) or sum(shares.values()) > 1 + 1e-9:
        raise ParameterError(f"Fractions must be positive and add up to at most 1: {shares}.")
    limits, low = {}, 0.0
    for name, share in shares.items():
        high = 1.0 if abs(low + share - 1) < 1e-9 else low + share
        limits[name] = (low, high)
        low = high
    return limits
