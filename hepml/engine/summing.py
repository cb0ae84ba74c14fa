"""Add up the histograms of many chunks as arrays; objects are made once, at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import hist
import numpy as np

from hepml.histograms import add_histograms

__all__ = ["HistogramSums", "Stored"]

# one histogram as UHI writes it: axes, metadata, storage with its arrays as lists
Stored = Mapping[str, Any]
Arrays = dict[str, np.ndarray[Any, Any]]


class HistogramSums:
    """Sums of histograms by name, in the order in which they are added.

    Making a histogram object costs a hundred times as much as adding its bins, and nearly all
    chunks of a run have the same axes: bins are added as arrays for each set of axes that occurs.
    """

    def __init__(self) -> None:
        self._groups: dict[str, list[tuple[Stored, Arrays]]] = {}

    def add(self, histograms: Mapping[str, Stored]) -> None:
        """Add one chunk's histograms, all of them or (where one is damaged) none.

        Raises
        ------
        ValueError
            If the arrays of a histogram do not have the shape that its axes ask for.
        """
        ready = [
            (self._group(name, stored), _arrays(stored)) for name, stored in histograms.items()
        ]
        for total, arrays in ready:
            if any(total[key].shape != arrays[key].shape for key in total):
                raise ValueError("a histogram has other bins than its axes say")
        for total, arrays in ready:
            for key, values in arrays.items():
                total[key] += values

    def _group(self, name: str, stored: Stored) -> Arrays:
        """The sums of the histograms of this name that have the same axes."""
        groups = self._groups.setdefault(name, [])
        for known, total in groups:
            if known["axes"] == stored["axes"]:
                return total
        total = {key: np.zeros_like(values) for key, values in _arrays(stored).items()}
        groups.append((stored, total))
        return total

    def total(self, start: Mapping[str, hist.Hist[Any]]) -> dict[str, hist.Hist[Any]]:
        """Return the sums as histograms, added to those given."""
        return add_histograms([start, *self._objects()])

    def _objects(self) -> Iterable[dict[str, hist.Hist[Any]]]:
        for name, groups in self._groups.items():
            for stored, total in groups:
                storage = {"type": stored["storage"]["type"], **total}
                yield {name: hist.Hist({**stored, "storage": storage})}


def _arrays(stored: Stored) -> Arrays:
    """Bin contents: values, and variances where there are weights."""
    return {
        key: np.asarray(values, dtype=np.float64)
        for key, values in stored["storage"].items()
        if key != "type"
    }
