"""Sums over all pairs of rows and Gaussians, compiled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled

__all__ = ["log_density", "pick"]

Array = NDArray[np.float64]


@compiled
def log_density(
    rows: Array,
    condition: Array,
    centres: Array,
    widths: Array,
    masses: Array,
    log_weights: Array,
    width: float,
) -> Array:
    """ln of the sum over k of share k times a round normal density.

    Parameters
    ----------
    rows, condition : array, shapes (n, d) and (n,)
        Where.
    centres, widths : array, shapes (k, d) and (k,)
        Centres and standard deviations of the Gaussians.
    masses, log_weights : array, shape (k,)
        Their conditions, rising, and the logarithms of their weights.
    width : float
        Standard deviation of the kernel in the condition that shares follow.
    """
    n, d = rows.shape
    norm = log_weights - d * np.log(widths) - 0.5 * d * math.log(2 * math.pi)
    inverse = 0.5 / widths**2
    found = np.empty(n)
    for i in range(n):
        nearest = min(max(condition[i], masses[0]), masses[-1])
        place = np.searchsorted(masses, nearest)
        closest = masses[min(place, len(masses) - 1)] - nearest
        if place > 0:
            closest = min(closest, nearest - masses[place - 1])
        # the largest kernel is 1, so that the sum of shares is never 0
        shift = 0.5 * (closest / width) ** 2
        shares, top, total = 0.0, -np.inf, 0.0
        for k in range(len(masses)):
            kernel = shift - 0.5 * ((nearest - masses[k]) / width) ** 2
            if kernel < -36.0:
                continue
            shares += math.exp(kernel + log_weights[k])
            distance = 0.0
            for a in range(d):
                distance += (rows[i, a] - centres[k, a]) ** 2
            power = norm[k] + kernel - inverse[k] * distance
            if power > top:
                total = total * math.exp(top - power) + 1.0
                top = power
            elif power > top - 36.0:
                total += math.exp(power - top)
        found[i] = top + math.log(total) - math.log(shares)
    return found


@compiled
def pick(
    condition: Array, uniform: Array, masses: Array, log_weights: Array, width: float
) -> NDArray[np.int64]:
    """Number of a Gaussian for each condition, drawn by the shares of ``log_density``."""
    found = np.empty(len(condition), dtype=np.int64)
    steps = np.empty(len(masses))
    for i in range(len(condition)):
        nearest = min(max(condition[i], masses[0]), masses[-1])
        place = np.searchsorted(masses, nearest)
        closest = masses[min(place, len(masses) - 1)] - nearest
        if place > 0:
            closest = min(closest, nearest - masses[place - 1])
        shift = 0.5 * (closest / width) ** 2
        total = 0.0
        for k in range(len(masses)):
            kernel = shift - 0.5 * ((nearest - masses[k]) / width) ** 2
            if kernel >= -36.0:
                total += math.exp(kernel + log_weights[k])
            steps[k] = total
        found[i] = min(np.searchsorted(steps, uniform[i] * total, side="right"), len(masses) - 1)
    return found
