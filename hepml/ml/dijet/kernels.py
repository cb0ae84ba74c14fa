"""Mixture likelihood of events whose density ratios are splines of the masses, compiled.

One pass over the events does what numpy would need a dozen temporary arrays for.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled

__all__ = ["log_mixture_on_grid", "log_ratios_on_grid"]

Singles = NDArray[np.float32]
Array = NDArray[np.float64]

# Events at once: three rows of them stay in the cache.
_BLOCK = 1024


@compiled
def log_ratios_on_grid(
    coefficients: Singles, first: int, second: int, wx: Array, wy: Array, out: Array
) -> None:
    """Value of the splines at one point.

    Parameters
    ----------
    coefficients : array of float32, shape (hypotheses, nodes of x, nodes of y, events)
        Of the B-splines.
    first, second : int
        First nodes of x and y that count.
    wx, wy : array
        B-splines from there on.
    out : array, shape (hypotheses, events)
        Filled with the values.
    """
    hypotheses, _, _, events = coefficients.shape
    for k in range(hypotheses):
        for e in range(events):
            out[k, e] = 0.0
        for i in range(len(wx)):
            for j in range(len(wy)):
                row = coefficients[k, first + i, second + j]
                weight = wx[i] * wy[j]
                for e in range(events):
                    out[k, e] += weight * row[e]


@compiled
def log_mixture_on_grid(
    coefficients: Singles,
    first: int,
    second: int,
    splines: Array,
    slopes: Array,
    offsets: Array,
    yields: Array,
    value: Array,
    gradient: Array,
) -> None:
    """ln(1 + sum of s (L - 1)) and its derivatives by the yields s and the masses.

    Parameters
    ----------
    coefficients : array of float32, shape (hypotheses, nodes of x, nodes of y, events)
        Of the B-splines that ln L is made of.
    first, second : int
        First nodes of x and y that count.
    splines, slopes : array, shape (2, count)
        B-splines of x and y from there on, and their derivatives; zero past an axis's own.
    offsets : array, shape (hypotheses, 3)
        Added to ln L and to its derivatives.
    yields : array, shape (hypotheses,)
        Share of each hypothesis in the data.
    value : array, shape (events,)
        Filled with the logarithm.
    gradient : array, shape (hypotheses + 2, events)
        Filled with the derivatives by the yields, then by x and y.
    """
    hypotheses, nodes_x, nodes_y, events = coefficients.shape
    width = splines.shape[1]
    z = np.empty((hypotheses, _BLOCK), np.float32)
    by_x = np.empty((hypotheses, _BLOCK), np.float32)
    by_y = np.empty((hypotheses, _BLOCK), np.float32)
    rest = 1.0
    for k in range(hypotheses):
        rest -= yields[k]
    for start in range(0, events, _BLOCK):
        size = min(_BLOCK, events - start)
        for k in range(hypotheses):
            for e in range(size):
                z[k, e] = np.float32(offsets[k, 0])
                by_x[k, e] = np.float32(offsets[k, 1])
                by_y[k, e] = np.float32(offsets[k, 2])
            for i in range(min(width, nodes_x)):
                for j in range(min(width, nodes_y)):
                    row = coefficients[k, first + i, second + j, start : start + size]
                    weight = np.float32(splines[0, i] * splines[1, j])
                    slope_x = np.float32(slopes[0, i] * splines[1, j])
                    slope_y = np.float32(splines[0, i] * slopes[1, j])
                    for e in range(size):
                        z[k, e] += weight * row[e]
                        by_x[k, e] += slope_x * row[e]
                        by_y[k, e] += slope_y * row[e]
        for e in range(size):
            top = 0.0
            for k in range(hypotheses):
                top = max(top, float(z[k, e]))
            one = math.exp(-top)
            total = rest * one
            for k in range(hypotheses):
                grown = math.exp(float(z[k, e]) - top)
                gradient[k, start + e] = grown
                total += yields[k] * grown
            value[start + e] = top + math.log(total)
            x_sum, y_sum = 0.0, 0.0
            for k in range(hypotheses):
                share = gradient[k, start + e] / total
                x_sum += yields[k] * share * by_x[k, e]
                y_sum += yields[k] * share * by_y[k, e]
                gradient[k, start + e] = share - one / total
            gradient[hypotheses, start + e] = x_sum
            gradient[hypotheses + 1, start + e] = y_sum
