"""Minimise a smooth deviance inside limits, with some of the parameters held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Deviance", "Stop", "covariance", "descend"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Estimated distance to the minimum, in units of the deviance, that counts as being there.
CLOSE = 0.005
_ROUNDS = 3
_STEPS = 15


class Deviance(Protocol):
    """What is minimised."""

    lower: Array
    upper: Array

    def evaluate(self, theta: Array) -> tuple[float, Array]:
        """Deviance and its gradient."""

    def information(self, theta: Array) -> Array:
        """Information matrix of the parameters."""


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """Where the descent ended.

    Attributes
    ----------
    theta : array
        Parameters.
    deviance : float
        There.
    distance : float
        Estimated distance of the deviance to its minimum.
    calls : int
        Evaluations.
    """

    theta: Array
    deviance: float
    distance: float
    calls: int

    @property
    def converged(self) -> bool:
        """Whether this is the minimum as far as the gradient can tell."""
        return self.distance < CLOSE


def descend(
    objective: Deviance,
    start: Array,
    *,
    held: Mask | None = None,
    lower: Array | None = None,
    upper: Array | None = None,
) -> Stop:
    """Descend from a start, by Newton's method with the events' own information matrix.

    Where that does not lead down, which happens far from the minimum, L-BFGS-B goes on, in units
    of the parameters' errors.

    Parameters
    ----------
    objective : Deviance
        Deviance, gradient, information and limits.
    start : array
        Where to begin; what lies outside the limits is moved to them.
    held : array of bool, optional
        Parameters that stay as they are.
    lower, upper : array, optional
        Tighter limits than the objective's.
    """
    low = objective.lower if lower is None else lower
    high = objective.upper if upper is None else upper
    free = np.ones(len(start), bool) if held is None else ~held
    theta = np.where(free, np.clip(start, low, high), start).astype(np.float64)
    calls = 0
    for _ in range(_ROUNDS):
        theta, used = _newton(objective, theta, free, low, high)
        calls += used
        distance = _distance(objective, theta, free, low, high)
        if distance < CLOSE:
            break
        theta, used = _round(objective, theta, free, low, high)
        calls += used
        distance = _distance(objective, theta, free, low, high)
    for _ in range(_ROUNDS):
        if distance < CLOSE:
            break
        theta, distance, used = _curved(objective, theta, free, low, high, distance)
        calls += used
    return Stop(theta, objective.evaluate(theta)[0], distance, calls)


def _newton(
    objective: Deviance, theta: Array, free: Mask, low: Array, high: Array
) -> tuple[Array, int]:
    """Steps that a shorter step replaces where the deviance does not fall."""
    calls = 1
    for _ in range(_STEPS):
        deviance, gradient = objective.evaluate(theta)
        moving = free & ~_pressed(theta, gradient, low, high)
        if not moving.any():
            break
        step = np.zeros(len(theta))
        step[moving] = -covariance(objective, theta, moving) @ gradient[moving] / 2
        if -float(step @ gradient) / 2 < CLOSE / 1000:
            break
        for size in (1.0, 0.5, 0.25, 0.0625):
            tried = _within(theta + size * step, low, high)
            tried = np.where(moving, tried, theta)
            calls += 1
            if objective.evaluate(tried)[0] < deviance:
                theta = tried
                break
        else:
            break
    return theta, calls


def _round(
    objective: Deviance, theta: Array, free: Mask, low: Array, high: Array
) -> tuple[Array, int]:
    from scipy.optimize import minimize

    unit = _units(objective, theta, low, high)[free]
    offset = objective.evaluate(theta)[0]

    def scaled(step: Array) -> tuple[float, Array]:
        place = theta.copy()
        place[free] = np.clip(theta[free] + unit * step, low[free], high[free])
        value, gradient = objective.evaluate(place)
        return value - offset, gradient[free] * unit

    bounds = list(zip((low - theta)[free] / unit, (high - theta)[free] / unit, strict=True))
    found = minimize(
        scaled,
        np.zeros(int(free.sum())),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"gtol": 1e-2, "ftol": 1e-7, "maxiter": 60, "maxls": 20},
    )
    place = theta.copy()
    place[free] = _within(theta[free] + unit * found.x, low[free], high[free])
    return place, int(found.nfev)


def _units(objective: Deviance, theta: Array, low: Array, high: Array) -> Array:
    """Errors of the parameters one by one, where they are of use as a length."""
    size = np.diag(objective.information(theta))
    widest = (high - low) / 4
    return np.minimum(1 / np.sqrt(np.maximum(size, 1e-300)), np.maximum(widest, 1e-12))


def _curved(
    objective: Deviance, theta: Array, free: Mask, low: Array, high: Array, distance: float
) -> tuple[Array, float, int]:
    """A step by the deviance's own curvature, where the events' information says too little.

    It does where few events decide: at their maximum slopes vanish, and so do products of them.
    """
    gradient = objective.evaluate(theta)[1]
    moving = free & ~_pressed(theta, gradient, low, high)
    width = high - low
    sizes = np.clip(0.1 * _units(objective, theta, low, high), 1e-6 * width, 2e-3 * width)
    rows = []
    for place in np.flatnonzero(moving):
        aside = theta.copy()
        # towards the middle, which is inside the limits
        sign = 1.0 if theta[place] < (low[place] + high[place]) / 2 else -1.0
        aside[place] += sign * sizes[place]
        rows.append((objective.evaluate(aside)[1] - gradient)[moving] * sign / sizes[place])
    matrix = (np.array(rows) + np.array(rows).T) / 2
    size = np.sqrt(np.maximum(np.abs(np.diag(matrix)), 1e-200))
    if np.linalg.eigvalsh(matrix / np.outer(size, size))[0] < 1e-4:
        return theta, distance, len(rows)
    step = np.zeros(len(theta))
    step[moving] = -np.linalg.solve(matrix, gradient[moving])
    tried = _within(theta + step, low, high)
    found = -float(gradient @ step) / 2
    # rounding is what is left where a step does not lead down
    lower = objective.evaluate(tried)[0] <= objective.evaluate(theta)[0]
    return tried if lower else theta, min(found, distance), len(rows) + 1


def _within(theta: Array, low: Array, high: Array) -> Array:
    """Moved to the limits, also what is next to them."""
    margin = 1e-12 * (high - low)
    return np.where(theta < low + margin, low, np.where(theta > high - margin, high, theta))


def _pressed(theta: Array, gradient: Array, low: Array, high: Array) -> Mask:
    """Parameters that only a limit keeps from moving on."""
    return ((theta <= low) & (gradient >= 0)) | ((theta >= high) & (gradient <= 0))


def _distance(objective: Deviance, theta: Array, free: Mask, low: Array, high: Array) -> float:
    """A quarter of g V g: the deviance is twice what the information belongs to."""
    gradient = objective.evaluate(theta)[1]
    moving = free & ~_pressed(theta, gradient, low, high)
    if not moving.any():
        return 0.0
    slope = gradient[moving]
    return float(slope @ covariance(objective, theta, moving) @ slope) / 4


def covariance(objective: Deviance, theta: Array, moving: Mask) -> Array:
    """Inverse information of some parameters; large but finite where nothing is known."""
    information = objective.information(theta)[np.ix_(moving, moving)]
    # squares of 1e-100 and of its inverse are still numbers
    size = np.sqrt(np.maximum(np.diag(information), 1e-200))
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    values = np.maximum(values, 1e-10 * max(float(values[-1]), 1e-10))
    root = vectors / np.sqrt(values) / size[:, None]
    return np.asarray(root @ root.T)
