"""Histograms of features for several selections, in bins that suit them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hepml.ml.anomaly.pieces import Histogram

__all__ = ["band_histograms", "selected_histograms"]

Array = NDArray[np.float64]

BINS = 40
# A positive quantity whose 99 % quantile is so many times its 1 % quantile gets a log axis.
SPREAD = 30.0


def selected_histograms(
    features: Sequence[str], units: Mapping[str, str], selections: Sequence[tuple[str, Array]]
) -> tuple[Histogram, ...]:
    """A histogram of each feature, with the counts of every selection.

    Parameters
    ----------
    features : sequence of str
        Names of the columns.
    units : mapping of str to str
        Their units.
    selections : sequence of (str, array of shape (rows, features))
        Names and values; the bins are those of the first.
    """
    found = []
    for place, name in enumerate(features):
        edges, log = _edges(selections[0][1][:, place])
        counts = [_count(values[:, place], edges) for _, values in selections]
        found.append(
            Histogram(
                name=name,
                unit=units.get(name, ""),
                log=log,
                edges=tuple(edges.tolist()),
                selections=tuple(title for title, _ in selections),
                counts=tuple(tuple(part.tolist()) for part in counts),
            )
        )
    return tuple(found)


def band_histograms(
    name: str, unit: str, edges: Array, selections: Sequence[tuple[str, Array, float]]
) -> Histogram:
    """One quantity in given bins: names, values, and a factor on their counts."""
    counts = [np.histogram(values, edges)[0] * factor for _, values, factor in selections]
    return Histogram(
        name=name,
        unit=unit,
        edges=tuple(edges.tolist()),
        selections=tuple(title for title, *_ in selections),
        counts=tuple(tuple(part.tolist()) for part in counts),
    )


def _edges(values: Array) -> tuple[Array, bool]:
    """Edges from the 0.5 % to the 99.5 % quantile, of equal width or equal ratio."""
    if not len(values):
        return np.linspace(0.0, 1.0, BINS + 1), False
    low, high = (float(edge) for edge in np.quantile(values, (0.005, 0.995)))
    inner = np.quantile(values, (0.01, 0.99))
    if values.min() > 0 and inner[1] > SPREAD * inner[0] > 0:
        return np.geomspace(low, high, BINS + 1), True
    if not high > low:
        return np.linspace(low - 0.5, low + 0.5, BINS + 1), False
    return np.linspace(low, high, BINS + 1), False


def _count(values: Array, edges: Array) -> Array:
    """Entries per bin; what lies beyond is in the outermost bins."""
    inside = np.clip(values, edges[0], np.nextafter(edges[-1], edges[0]))
    return np.histogram(inside, edges)[0].astype(np.float64)
