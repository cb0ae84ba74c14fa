"""One object per event as flat arrays, and the steps of a selection that leads to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import awkward as ak
import numpy as np

__all__ = ["Flat", "Selection", "float64", "plain"]


def plain(values: Any) -> Any:
    """Give a flat array as numpy where its data is at hand; leave a lazy (dask) array as it is.

    The same expressions then run on either, and numpy spares the overhead of awkward's dispatch.
    """
    return ak.to_numpy(values) if isinstance(values, ak.Array) else values


def float64(values: Any) -> Any:
    """Convert to double precision, whatever the file stores."""
    if isinstance(values, np.ndarray):
        return values.astype(np.float64, copy=False)
    return ak.values_astype(values, np.float64)


class Flat:
    """One object per event: attributes are flat arrays (see :func:`plain`), each read once.

    Parameters
    ----------
    records : array of records
        One object per event, its quantities as fields or properties.
    """

    def __init__(self, records: Any, read: dict[str, Any] | None = None) -> None:
        self._records = records
        self._read = read or {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._read:
            self._read[name] = plain(getattr(self._records, name))
        return self._read[name]

    def __getitem__(self, mask: Any) -> Flat:
        """Keep the objects of some events."""
        read = {name: values[mask] for name, values in self._read.items()}
        return Flat(self._records[mask], read)


@dataclass(frozen=True, slots=True)
class Selection:
    """Steps of a selection, and the way from all events to those that pass.

    Attributes
    ----------
    steps : mapping of str to tuple of array of bool
        For each step the masks to apply one after the other, each to what the one before left.
    """

    steps: Mapping[str, tuple[Any, ...]]

    def passing(self, per_event: Any, step: str | None = None) -> Any:
        """Keep the entries of a per-event array that pass a step (default: the last)."""
        for mask in self.steps[step or list(self.steps)[-1]]:
            per_event = per_event[mask]
        return per_event
