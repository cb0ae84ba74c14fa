"""Profile-likelihood intervals: how far a parameter goes while the others follow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.descent import Deviance, Stop, descend
from hepml.ml.dijet.diagonal import descend_ordered, ordered_covariance

__all__ = ["BetterMinimum", "End", "find_end", "profile_point"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Relative accuracy of an interval's length.
_ACCURACY = 0.01
_STEPS = 16
# Deviance below that of the best fit that cannot be a matter of rounding.
_LOWER = 0.02


class BetterMinimum(Exception):  # noqa: N818
    """A profile found parameters that fit better than the best fit.

    Attributes
    ----------
    theta : array
        These parameters.
    """

    def __init__(self, theta: Array) -> None:
        super().__init__("a profile went below the minimum")
        self.theta = theta


@dataclass(frozen=True, slots=True)
class End:
    """One end of an interval.

    Attributes
    ----------
    value : float or None
        Where the deviance has risen enough; the limit if it does not.
    open : bool
        Whether the limit came first.
    failed : bool
        Whether the end was not found to the accuracy wanted, or a profile did not converge.
    """

    value: float
    open: bool = False
    failed: bool = False


def profile_point(
    objective: Deviance,
    guesses: Sequence[Array],
    place: int,
    value: float,
    held: Mask,
    *,
    ordered: tuple[int, int] | None = None,
) -> Stop:
    """Best fit with one parameter held at a value.

    Parameters
    ----------
    objective : Deviance
        What is minimised.
    guesses : sequence of array
        Where to begin: at the best of them.
    place : int
        The parameter.
    value : float
        Its value.
    held : array of bool
        Parameters that are held anyway.
    ordered : tuple of int, optional
        Two parameters of which the first is never below the second: masses of which the deviance
        is an even function of the difference.
    """
    lower, upper = objective.lower.copy(), objective.upper.copy()
    if ordered is not None and place == ordered[0]:
        upper[ordered[1]] = min(upper[ordered[1]], value)
    if ordered is not None and place == ordered[1]:
        lower[ordered[0]] = max(lower[ordered[0]], value)
    starts = np.where(held, guesses, np.clip(guesses, lower, upper))
    starts[:, place] = value
    start = min(starts, key=lambda theta: objective.evaluate(theta)[0])
    fixed = held.copy()
    fixed[place] = True
    if ordered is not None and place not in ordered:
        return descend_ordered(objective, start, ordered, held=fixed)
    return descend(objective, start, held=fixed, lower=lower, upper=upper)


def find_end(
    objective: Deviance,
    best: Stop,
    place: int,
    direction: int,
    rise: float,
    held: Mask,
    *,
    ordered: tuple[int, int] | None = None,
) -> End:
    """Where the profile has risen by so much, on one side of the best fit.

    The root of the rise is nearly a straight line, and is followed by secants in a bracket.

    Parameters
    ----------
    objective, best, place, held, ordered
        See :func:`profile_point`.
    direction : {-1, 1}
        Side.
    rise : float
        Of the deviance: 1 for 68.3 %.

    Raises
    ------
    BetterMinimum
        If the profile goes below the best fit.
    """
    limit = float((objective.lower if direction < 0 else objective.upper)[place])
    centre, wanted = float(best.theta[place]), math.sqrt(rise)
    room = abs(limit - centre)
    if room <= 1e-9 * max(abs(limit), abs(centre), 1e-9):
        return End(centre, open=True)
    slopes, unit = _directions(objective, best.theta, place, held, ordered)
    bracket = _Bracket(wanted)
    step, near = min(unit * wanted, room), best
    for _ in range(_STEPS):
        value = centre + direction * step if step < room else limit
        # as the best fit goes, or on from the last point inside, where there is another minimum
        guesses = [
            theta + slopes * (value - theta[place]) * follow
            for theta, follow in ((best.theta, 1), (near.theta, 1), (near.theta, 0))
        ]
        found = profile_point(objective, guesses, place, value, held, ordered=ordered)
        if found.deviance < best.deviance - _LOWER and found.converged:
            raise BetterMinimum(found.theta)
        risen = math.sqrt(max(found.deviance - best.deviance, 0.0))
        if abs(risen - wanted) < _ACCURACY * wanted:
            return End(value, failed=not found.converged)
        if risen < wanted and step >= room:
            return End(limit, open=True, failed=not found.converged)
        near = found if risen < wanted else near
        step = min(bracket.next(step, risen), room)
    return End(centre + direction * step, failed=True)


class _Bracket:
    """Where to look next for a root: secants in a bracket, bold steps before there is one."""

    def __init__(self, wanted: float) -> None:
        self.wanted = wanted
        self.inner, self.outer = (0.0, -wanted), (math.inf, math.inf)
        self.last = 0

    def next(self, step: float, risen: float) -> float:
        """Next distance, after what was found at this one."""
        side = -1 if risen < self.wanted else 1
        if side < 0:
            self.inner = (step, risen - self.wanted)
        else:
            self.outer = (step, risen - self.wanted)
        if math.isinf(self.outer[0]):
            factor = self.wanted / max(risen, self.wanted / 4)
            return step * min(max(factor, 1.05), 4.0)
        # an end that stays is weighed less, or the other one creeps (Illinois algorithm)
        if side == self.last < 0:
            self.outer = (self.outer[0], self.outer[1] / 2)
        elif side == self.last > 0:
            self.inner = (self.inner[0], self.inner[1] / 2)
        self.last = side
        (low, below), (high, above) = self.inner, self.outer
        share = -below / max(above - below, 1e-12)
        return low + (high - low) * min(max(share, 0.02), 0.98)


def _directions(
    objective: Deviance, theta: Array, place: int, held: Mask, ordered: tuple[int, int] | None
) -> tuple[Array, float]:
    """How the other parameters follow this one, and its error."""
    margin = 1e-9 * (objective.upper - objective.lower)
    inside = (theta > objective.lower + margin) & (theta < objective.upper - margin)
    free = ~held & (inside | (np.arange(len(theta)) == place))
    matrix, _ = ordered_covariance(objective, theta, free, ordered)
    variance = float(matrix[place, place])
    slopes = matrix[place] / variance if variance > 0 else np.zeros(len(theta))
    # a parameter about which nothing is known has no scale but its limits
    widest = float(objective.upper[place] - objective.lower[place]) / 4
    return slopes, min(math.sqrt(max(variance, 0.0)), widest) or widest
