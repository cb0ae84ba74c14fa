"""Sums over events at fixed masses, compiled: events like no signal enter by sums of L alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled

__all__ = ["keep_events", "yield_sums"]

Array = NDArray[np.float64]
Singles = NDArray[np.float32]

# ln L below which it is none, above which single precision does not hold L, and from which on an
# event counts as pure signal.
_NOTHING, _HUGE, _CERTAIN = -12.0, 80.0, 300.0
_BLOCK = 1024


@compiled
def keep_events(
    line: Singles,
    first: int,
    splines: Array,
    offsets: Array,
    cut: float,
    excess: Array,
    sums: Array,
    squares: Array,
) -> int:
    """L - 1 of events that are like some signal, and sums of L over the others.

    Parameters
    ----------
    line : array of float32, shape (hypotheses, nodes, events)
        Coefficients of B-splines of ln L.
    first : int
        First node that counts.
    splines : array
        B-splines from there on.
    offsets : array, shape (hypotheses,)
        Added to ln L.
    cut : float
        ln L above which an event is kept.
    excess : array, shape (hypotheses, events)
        Filled from the left.
    sums, squares : array, shape (hypotheses,) and (hypotheses, hypotheses)
        Added to.

    Returns
    -------
    int
        Events that are kept.
    """
    hypotheses, _, events = line.shape
    z = np.empty((hypotheses, _BLOCK), np.float32)
    small = np.empty(hypotheses)
    count = 0
    for start in range(0, events, _BLOCK):
        size = min(_BLOCK, events - start)
        for k in range(hypotheses):
            for e in range(size):
                z[k, e] = np.float32(offsets[k])
            for j in range(len(splines)):
                node = line[k, first + j, start : start + size]
                weight = np.float32(splines[j])
                for e in range(size):
                    z[k, e] += weight * node[e]
        for e in range(size):
            top = z[0, e]
            for k in range(1, hypotheses):
                top = max(top, z[k, e])
            if top > cut:
                for k in range(hypotheses):
                    if z[k, e] < _HUGE:
                        excess[k, count] = float(math.exp(z[k, e])) - 1.0
                    else:
                        excess[k, count] = math.exp(min(float(z[k, e]), _CERTAIN))
                count += 1
            elif top > _NOTHING:
                for k in range(hypotheses):
                    small[k] = math.exp(z[k, e])
                    sums[k] += small[k]
                    for other in range(k + 1):
                        squares[k, other] += small[k] * small[other]
    for k in range(hypotheses):
        for other in range(k):
            squares[other, k] = squares[k, other]
    return count


@compiled
def _of_event(value: float, kind: int, prior: float) -> tuple[float, float, float]:
    """Loss of ln Lambda, its slope and its curvature, see `hepml.ml.dijet.kernels`."""
    if kind == 0:
        return -value, -1.0, 1.0
    odds = -kind * (value + prior)
    grown = math.exp(-abs(odds))
    chance = (1.0 if odds > 0 else grown) / (1.0 + grown)
    return max(odds, 0.0) + math.log1p(grown), -kind * chance, chance * (1.0 - chance)


@compiled
def yield_sums(
    excess: Array,
    rest: int,
    sums: Array,
    squares: Array,
    yields: Array,
    kind: int,
    prior: float,
    gradient: Array,
    information: Array,
) -> float:
    """Sum of a loss over events at fixed masses; its derivatives are added to what is there.

    Parameters
    ----------
    excess, rest, sums, squares
        See `hepml.ml.dijet.yields.Events`.
    yields : array, shape (hypotheses,)
        Share of each hypothesis in the data.
    kind, prior
        See `hepml.ml.dijet.kernels.mixture_sums`.
    gradient : array, shape (hypotheses,)
        By the yields.
    information : array, shape (hypotheses, hypotheses)
        Products of slopes, weighted by the curvature of the loss.
    """
    hypotheses, events = excess.shape
    total, left = 0.0, 1.0
    row = np.empty(hypotheses)
    for k in range(hypotheses):
        left -= yields[k]
    for e in range(events):
        inside = 1.0
        for k in range(hypotheses):
            inside += yields[k] * excess[k, e]
        loss, slope, curvature = _of_event(math.log(inside), kind, prior)
        total += loss
        for a in range(hypotheses):
            row[a] = excess[a, e] / inside
            gradient[a] += slope * row[a]
            for b in range(a + 1):
                information[a, b] += curvature * row[a] * row[b]
    if rest > 0:
        loss, slope, curvature = _of_event(math.log(left), kind, prior)
        # by the mixture itself, to second order in the sum of yields x L
        first, second = slope / left, ((curvature if kind != 0 else 0.0) - slope) / left**2
        mean, square = 0.0, 0.0
        for a in range(hypotheses):
            row[a] = 0.0
            for b in range(hypotheses):
                row[a] += squares[a, b] * yields[b]
            mean += yields[a] * sums[a]
            square += yields[a] * row[a]
        total += rest * loss + first * mean + second * square / 2
        for a in range(hypotheses):
            gradient[a] += first * (sums[a] - rest) + second * (row[a] - mean)
            for b in range(a + 1):
                part = rest - sums[a] - sums[b] + squares[a, b]
                information[a, b] += curvature / left**2 * part
    for a in range(hypotheses):
        for b in range(a):
            information[b, a] = information[a, b]
    return total
