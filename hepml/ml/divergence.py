"""How far spectra differ in shape: the divergence of Jensen and Shannon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["divergence", "divergences"]

Floats = NDArray[np.float64]


def divergence(counts: Floats) -> float | None:
    """Jensen-Shannon divergence [bit] of spectra, weighted by their sums.

    Parameters
    ----------
    counts : array of float64, shape (slices, bins)
        Sums of weights; negative ones count as nothing.

    Returns
    -------
    float or None
        ``None`` without entries.
    """
    each = divergences(counts)
    return None if each is None else float(np.nansum(each[0] * each[1]))


def divergences(counts: Floats) -> tuple[Floats, Floats] | None:
    """Share of each slice, and the divergence [bit] of its shape from that of all (NaN: empty)."""
    positive = np.maximum(counts, 0.0)
    sums = positive.sum(axis=1)
    if not sums.sum() > 0:
        return None
    shares = sums / sums.sum()
    shapes = np.divide(
        positive, sums[:, None], out=np.full_like(positive, np.nan), where=sums[:, None] > 0
    )
    together = positive.sum(axis=0) / sums.sum()
    safe = np.where(together > 0, together, 1.0)
    ratio = np.where(shapes > 0, shapes / safe, 1.0)
    terms = np.where(np.isnan(shapes), np.nan, shapes * np.log2(ratio))
    return shares, terms.sum(axis=1)
