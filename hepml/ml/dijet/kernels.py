"""Mixture likelihood of events whose density ratios are splines of the masses, compiled.

One pass over the events does what numpy would need a dozen temporary arrays for.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled

__all__ = ["log_means_on_line", "log_ratios_on_grid", "mixture_sums"]

Singles = NDArray[np.float32]
Array = NDArray[np.float64]

# Events at once: three rows of them stay in the cache.
_BLOCK = 1024


@compiled
def log_ratios_on_grid(
    coefficients: Singles, first: int, second: int, wx: Array, wy: Array, out: Singles
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
    out : array of float32, shape (hypotheses, events)
        Filled with the values.
    """
    hypotheses, _, _, events = coefficients.shape
    for k in range(hypotheses):
        for e in range(events):
            out[k, e] = 0.0
        for i in range(len(wx)):
            for j in range(len(wy)):
                row = coefficients[k, first + i, second + j]
                weight = np.float32(wx[i] * wy[j])
                # at a node itself some of them do not count
                if abs(weight) > 1e-12:
                    for e in range(events):
                        out[k, e] += weight * row[e]


@compiled
def log_means_on_line(
    line: Singles, log_weights: Array, seconds: NDArray[np.int64], wy: Array, out: Array
) -> None:
    """Logarithm of the weighted sum of exp(spline) over the events, at many values of y.

    Parameters
    ----------
    line : array of float32, shape (hypotheses, nodes of y, events)
        Coefficients of the B-splines of y at one value of x.
    log_weights : array, shape (events,)
        Logarithms of the events' weights.
    seconds : array of int64, shape (values,)
        First nodes of y that count at each value.
    wy : array, shape (values, count)
        B-splines from there on.
    out : array, shape (hypotheses, values)
        Filled with the logarithms.
    """
    hypotheses, _, events = line.shape
    z = np.empty(_BLOCK, np.float32)
    for k in range(hypotheses):
        for v in range(len(seconds)):
            top, total = -np.inf, 0.0
            for start in range(0, events, _BLOCK):
                size = min(_BLOCK, events - start)
                for e in range(size):
                    z[e] = np.float32(log_weights[start + e])
                for j in range(wy.shape[1]):
                    node = line[k, seconds[v] + j, start : start + size]
                    weight = np.float32(wy[v, j])
                    for e in range(size):
                        z[e] += weight * node[e]
                highest = float(z[:size].max())
                if highest > top:
                    total *= math.exp(top - highest) if total > 0 else 0.0
                    top = highest
                for e in range(size):
                    total += math.exp(float(z[e]) - top)
            out[k, v] = top + math.log(total)


@compiled
def mixture_sums(
    coefficients: Singles,
    first: int,
    second: int,
    splines: Array,
    slopes: Array,
    offsets: Array,
    yields: Array,
    kind: int,
    prior: float,
    gradient: Array,
    information: Array,
) -> float:
    """Sum of a loss over events, of its derivatives, and their information matrix.

    The loss is a function of v = ln(1 + sum of s (L - 1)) of each event, with yields s.

    Parameters
    ----------
    coefficients : array of float32, shape (hypotheses, nodes of x, nodes of y, events)
        Of the B-splines that ln L is made of.
    first, second : int
        First nodes of x and y that count.
    splines, slopes : array, shape (2, 4)
        B-splines of x and y from there on, and their derivatives; zero past an axis's own.
    offsets : array, shape (hypotheses, 3)
        Added to ln L and to its derivatives.
    yields : array, shape (hypotheses,)
        Share of each hypothesis in the data.
    kind : int
        0: the loss is -v. 1: ln(1 + exp(-(v + prior))), of data. -1: ln(1 + exp(v + prior)), of
        the reference.
    prior : float
        See above.
    gradient : array, shape (hypotheses + 3,)
        Filled with derivatives by the yields, by x and y, and by the prior (by v itself for
        kind 0).
    information : array, shape (hypotheses + 3, hypotheses + 3)
        Filled with the sum of products of derivatives of v, weighted by the curvature of the loss
        (by 1 for kind 0, which is what they are for a likelihood).
    """
    hypotheses, nodes_x, nodes_y, events = coefficients.shape
    count = hypotheses + 3
    z = np.empty((hypotheses, _BLOCK), np.float32)
    by_x = np.empty((hypotheses, _BLOCK), np.float32)
    by_y = np.empty((hypotheses, _BLOCK), np.float32)
    row = np.empty(count)
    row[count - 1] = 1.0
    gradient[:] = 0.0
    information[:] = 0.0
    loss, rest = 0.0, 1.0
    for k in range(hypotheses):
        rest -= yields[k]
    for start in range(0, events, _BLOCK):
        size = min(_BLOCK, events - start)
        for k in range(hypotheses):
            for e in range(size):
                z[k, e] = np.float32(offsets[k, 0])
                by_x[k, e] = np.float32(offsets[k, 1])
                by_y[k, e] = np.float32(offsets[k, 2])
            for i in range(min(4, nodes_x)):
                for j in range(min(4, nodes_y)):
                    node = coefficients[k, first + i, second + j, start : start + size]
                    weight = np.float32(splines[0, i] * splines[1, j])
                    slope_x = np.float32(slopes[0, i] * splines[1, j])
                    slope_y = np.float32(splines[0, i] * slopes[1, j])
                    for e in range(size):
                        z[k, e] += weight * node[e]
                        by_x[k, e] += slope_x * node[e]
                        by_y[k, e] += slope_y * node[e]
        for e in range(size):
            # at any size of L: relative to the largest of 1 and all L
            top = 0.0
            for k in range(hypotheses):
                top = max(top, float(z[k, e]))
            one = math.exp(-top)
            total = rest * one
            for k in range(hypotheses):
                row[k] = math.exp(float(z[k, e]) - top)
                total += yields[k] * row[k]
            value = top + math.log(total)
            x_sum, y_sum = 0.0, 0.0
            for k in range(hypotheses):
                share = row[k] / total
                x_sum += yields[k] * share * by_x[k, e]
                y_sum += yields[k] * share * by_y[k, e]
                row[k] = share - one / total
            row[hypotheses], row[hypotheses + 1] = x_sum, y_sum
            slope, curvature = -1.0, 1.0
            if kind == 0:
                loss -= value
            else:
                odds = -kind * (value + prior)
                grown = math.exp(-abs(odds))
                loss += max(odds, 0.0) + math.log1p(grown)
                chance = (1.0 if odds > 0 else grown) / (1.0 + grown)
                slope, curvature = -kind * chance, chance * (1.0 - chance)
            for a in range(count):
                gradient[a] += slope * row[a]
                for b in range(a + 1):
                    information[a, b] += curvature * row[a] * row[b]
    for a in range(count):
        for b in range(a):
            information[b, a] = information[a, b]
    return loss
