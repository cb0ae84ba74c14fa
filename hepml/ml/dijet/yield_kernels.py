"""Sums over events at fixed masses, compiled: events like no signal enter by sums of L alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled

__all__ = ["keep_events", "log_ratios_on_line", "yield_sums"]

Array = NDArray[np.float64]
Singles = NDArray[np.float32]

# L above which single precision is left, and ln L from which on an event counts as pure signal.
_HUGE, _CERTAIN = 1e30, 300.0
# Products of losses between these have room for one more factor.
_SMALL, _LARGE = 1e-150, 1e150
_BLOCK = 1024


@compiled
def log_ratios_on_line(
    line: Singles, first: int, splines: Array, offsets: Array, out: Singles
) -> None:
    """ln L from the splines of one mass.

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
    out : array of float32, shape (hypotheses, events)
        Filled.
    """
    hypotheses, _, events = line.shape
    for k in range(hypotheses):
        for start in range(0, events, _BLOCK):
            size = min(_BLOCK, events - start)
            part = out[k, start : start + size]
            for e in range(size):
                part[e] = np.float32(offsets[k])
            for j in range(len(splines)):
                node = line[k, first + j, start : start + size]
                weight = np.float32(splines[j])
                for e in range(size):
                    part[e] += weight * node[e]


@compiled
def keep_events(
    log_ratios: Singles, ratios: Singles, cut: float, excess: Array, sums: Array, squares: Array
) -> int:
    """L - 1 of events that are like some signal, and sums of L over the others.

    Parameters
    ----------
    log_ratios, ratios : array of float32, shape (hypotheses, events)
        ln L and L.
    cut : float
        L above which an event is kept.
    excess : array, shape (hypotheses, events)
        Filled from the left.
    sums, squares : array, shape (hypotheses,) and (hypotheses, hypotheses)
        Added to.

    Returns
    -------
    int
        Events that are kept.
    """
    hypotheses, events = ratios.shape
    count = 0
    for e in range(events):
        top = ratios[0, e]
        for k in range(1, hypotheses):
            top = max(top, ratios[k, e])
        if top > cut:
            for k in range(hypotheses):
                value = float(ratios[k, e])
                if value > _HUGE:
                    value = math.exp(min(float(log_ratios[k, e]), _CERTAIN))
                excess[k, count] = value - 1.0
            count += 1
        else:
            for k in range(hypotheses):
                value = float(ratios[k, e])
                sums[k] += value
                for other in range(k + 1):
                    squares[k, other] += value * ratios[other, e]
    for k in range(hypotheses):
        for other in range(k):
            squares[other, k] = squares[k, other]
    return count


@compiled
def _at_rest(value: float, kind: int, prior: float) -> tuple[float, float, float]:
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
    # losses are logarithms of products, which are taken before these leave the double numbers
    product, ratio = 1.0, math.exp(prior)
    for e in range(events):
        inside = 1.0
        for k in range(hypotheses):
            inside += yields[k] * excess[k, e]
        slope, curvature = -1.0, 1.0
        if kind == 0:
            product /= inside
        else:
            grown = ratio * inside
            chance = 1.0 / (1.0 + grown)
            product *= 1.0 + (1.0 / grown if kind > 0 else grown)
            slope = -chance if kind > 0 else 1.0 - chance
            curvature = chance * (1.0 - chance)
        if not _SMALL < product < _LARGE:
            total += math.log(product)
            product = 1.0
        for a in range(hypotheses):
            row[a] = excess[a, e] / inside
            gradient[a] += slope * row[a]
            for b in range(a + 1):
                information[a, b] += curvature * row[a] * row[b]
    total += math.log(product)
    if rest > 0:
        # all others by sums of L and of its products, to second order in yields x L
        loss, slope, curvature = _at_rest(math.log(left), kind, prior)
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
