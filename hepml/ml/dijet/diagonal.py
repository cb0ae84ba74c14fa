"""Descents over two masses whose order is a convention, also where they meet."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.descent import CLOSE, Deviance, Stop, covariance, descend

__all__ = ["Tied", "descend_ordered", "ordered_covariance"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Pair = tuple[int, int]

# Share of a mass's range within which two masses are near each other, and that at which the
# deviance is asked whether they move apart.
_NEAR, _ASIDE = 0.05, 0.002


class Tied:
    """A deviance whose two masses are one and the same.

    It is an even function of their difference, so that its slope and its information vanish where
    they meet: there a descent neither starts nor ends. With one mass it is like any other.

    Parameters
    ----------
    objective : Deviance
        Of both masses.
    pair : tuple of int
        Their places; the second parameter is left out.
    """

    def __init__(self, objective: Deviance, pair: Pair) -> None:
        self.objective, self.pair = objective, pair
        count = len(objective.lower)
        self.matrix = np.delete(np.eye(count), pair[1], axis=1)
        self.matrix[pair[1], pair[0]] = 1.0
        self.lower = self.short(objective.lower)
        self.upper = self.short(objective.upper)

    def short(self, theta: Array) -> Array:
        """Parameters without the second mass."""
        return np.delete(theta, self.pair[1])

    def long(self, theta: Array) -> Array:
        """Parameters with both masses."""
        return np.asarray(self.matrix @ theta)

    def evaluate(self, theta: Array) -> tuple[float, Array]:
        """Deviance and its gradient."""
        deviance, gradient = self.objective.evaluate(self.long(theta))
        return deviance, self.matrix.T @ gradient

    def information(self, theta: Array) -> Array:
        """Information matrix of the parameters."""
        return np.asarray(
            self.matrix.T @ self.objective.information(self.long(theta)) @ self.matrix
        )


def descend_ordered(
    objective: Deviance, start: Array, pair: Pair, *, held: Mask | None = None
) -> Stop:
    """Descend over two masses that may be exchanged; the first comes out larger, or they are equal.

    Parameters
    ----------
    objective : Deviance
        An even function of the masses' difference.
    start : array
        Where to begin.
    pair : tuple of int
        Places of the masses.
    held : array of bool, optional
        Parameters that stay as they are; neither mass.
    """
    first, second = pair
    width = float((objective.upper - objective.lower)[first])
    stops: list[Stop] = []
    if abs(start[first] - start[second]) > _ASIDE * width:
        found = _sorted(descend(objective, start, held=held), pair)
        if found.converged and found.theta[first] - found.theta[second] > _NEAR * width:
            return found
        stops, start = [found], found.theta
    tied = Tied(objective, pair)
    middle = start.copy()
    middle[first] = (start[first] + start[second]) / 2
    end = descend(tied, tied.short(middle), held=None if held is None else np.delete(held, second))
    equal = replace(end, theta=tied.long(end.theta))
    apart = _apart(objective, equal.theta, pair, _ASIDE * width)
    if apart is not None and not any(
        stop.converged and stop.deviance < end.deviance for stop in stops
    ):
        stops.append(_sorted(descend(objective, apart, held=held), pair))
    best = min([equal, *stops], key=lambda stop: stop.deviance)
    # next to the diagonal nothing tells that this is a minimum: there it is what is on it
    best = equal if equal.deviance < best.deviance + CLOSE else best
    return replace(best, calls=equal.calls + sum(stop.calls for stop in stops))


def _sorted(found: Stop, pair: Pair) -> Stop:
    """The same with the larger mass first."""
    if found.theta[pair[0]] >= found.theta[pair[1]]:
        return found
    theta = found.theta.copy()
    theta[list(pair)] = theta[list(pair[::-1])]
    return replace(found, theta=theta)


def _apart(objective: Deviance, theta: Array, pair: Pair, aside: float) -> Array | None:
    """Where the deviance is lower with the masses apart; ``None`` where it rises."""
    first, second = pair
    moved = theta.copy()
    moved[first] = min(theta[first] + aside, objective.upper[first])
    moved[second] = max(theta[second] - aside, objective.lower[second])
    away = (moved[first] - moved[second]) / 2
    gradient = objective.evaluate(moved)[1]
    slope = float(gradient[first] - gradient[second])
    if slope >= 0 or not away > 0:
        return None
    matrix = objective.information(moved)
    size = float(matrix[first, first] + matrix[second, second] - 2 * matrix[first, second])
    # it is nearly a parabola of the squared distance
    square = away**2 - slope * away / size if size > 0 else away**2
    room = min(objective.upper[first] - theta[first], theta[second] - objective.lower[second])
    far = min(math.sqrt(square), max(room, away))
    moved[first] = min(theta[first] + far, objective.upper[first])
    moved[second] = max(theta[second] - far, objective.lower[second])
    return moved


def ordered_covariance(
    objective: Deviance, theta: Array, free: Mask, pair: Pair | None
) -> tuple[Array, Mask]:
    """Inverse information of the free parameters, with equal masses as one.

    Returns
    -------
    matrix : array, shape (parameters, parameters)
        Zero where a parameter is not free.
    tied : array of bool
        The masses, where they are one.
    """
    count = len(theta)
    matrix, tied = np.zeros((count, count)), np.zeros(count, bool)
    if pair is None or theta[pair[0]] > theta[pair[1]] or not free[list(pair)].all():
        if free.any():
            matrix[np.ix_(free, free)] = covariance(objective, theta, free)
        return matrix, tied
    one = Tied(objective, pair)
    tied[list(pair)] = True
    less = one.short(free.astype(np.float64)) > 0
    part = np.zeros((count - 1, count - 1))
    part[np.ix_(less, less)] = covariance(one, one.short(theta), less)
    return one.matrix @ part @ one.matrix.T, tied
