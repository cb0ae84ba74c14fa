"""Profile-likelihood intervals: how far a parameter goes while the others follow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.descent import Deviance, Stop, covariance, descend

__all__ = ["BetterMinimum", "End", "find_end", "profile_point"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Relative accuracy of an interval's length.
_ACCURACY = 0.01
_STEPS = 12
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
    best: Array,
    place: int,
    value: float,
    held: Mask,
    *,
    guess: Array | None = None,
    ordered: tuple[int, int] | None = None,
) -> Stop:
    """Best fit with one parameter held at a value.

    Parameters
    ----------
    objective : Deviance
        What is minimised.
    best : array
        Parameters of the best fit.
    place : int
        The parameter.
    value : float
        Its value.
    held : array of bool
        Parameters that are held anyway.
    guess : array, optional
        Where to begin.
    ordered : tuple of int, optional
        Two parameters of which the first is never below the second.
    """
    theta = np.array(best if guess is None else guess)
    theta[place] = value
    lower, upper = objective.lower.copy(), objective.upper.copy()
    if ordered is not None and place == ordered[0]:
        upper[ordered[1]] = min(upper[ordered[1]], value)
    if ordered is not None and place == ordered[1]:
        lower[ordered[0]] = max(lower[ordered[0]], value)
    fixed = held.copy()
    fixed[place] = True
    return descend(objective, theta, held=fixed, lower=lower, upper=upper)


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
    slopes, unit = _directions(objective, best.theta, place, held)
    inner, outer = (0.0, 0.0), (math.inf, math.inf)
    step, smooth = min(unit * wanted, room), True
    for _ in range(_STEPS):
        guess = np.clip(best.theta + slopes * direction * step, objective.lower, objective.upper)
        value = centre + direction * step if step < room else limit
        found = profile_point(
            objective, best.theta, place, value, held, guess=guess, ordered=ordered
        )
        if found.deviance < best.deviance - _LOWER and found.converged:
            raise BetterMinimum(found.theta)
        smooth = smooth and found.converged
        risen = math.sqrt(max(found.deviance - best.deviance, 0.0))
        if abs(risen - wanted) < _ACCURACY * wanted:
            return End(value, failed=not smooth)
        if risen < wanted:
            if step >= room:
                return End(limit, open=True, failed=not smooth)
            inner = (step, risen)
        else:
            outer = (step, risen)
        step = min(_next(inner, outer, wanted), room)
    return End(centre + direction * step, failed=True)


def _next(inner: tuple[float, float], outer: tuple[float, float], wanted: float) -> float:
    """Next distance to try: a secant inside the bracket, a bold step before there is one."""
    if math.isinf(outer[0]):
        factor = wanted / max(inner[1], wanted / 4)
        return inner[0] * min(max(factor, 1.05), 4.0)
    low, high = inner[0], outer[0]
    share = (wanted - inner[1]) / max(outer[1] - inner[1], 1e-12)
    return low + (high - low) * min(max(share, 0.05), 0.95)


def _directions(objective: Deviance, theta: Array, place: int, held: Mask) -> tuple[Array, float]:
    """How the other parameters follow this one, and its error."""
    free = ~held
    slopes = np.zeros(len(theta))
    matrix = covariance(objective, theta, free)
    row = int(free[:place].sum())
    variance = float(matrix[row, row])
    if variance > 0:
        slopes[free] = matrix[row] / variance
    # a parameter about which nothing is known has no scale but its limits
    widest = float(objective.upper[place] - objective.lower[place]) / 4
    return slopes, min(math.sqrt(max(variance, 0.0)), widest) or widest
