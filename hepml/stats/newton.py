"""Fit one linear model to many spectra at once: Newton's method on all of them together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Batch", "fit_many"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

STEPS = 60  # Newton steps before a spectrum is given up
CLOSE = 1e-9  # half the squared Newton decrement is the distance to the smallest deviance
GAP = 1e-6  # largest distance to the constrained minimum, in units of half the deviance
BOUNDARY = 0.95  # share of the way to the edge of the allowed region that one step may take


@dataclass(frozen=True, eq=False)
class Batch:
    """Fits of many spectra; the first axis is the spectrum.

    Attributes
    ----------
    theta : array of shape (spectra, parameters)
        Fitted parameters.
    deviance : array of shape (spectra,)
        Smallest deviance.
    covariance : array of shape (spectra, parameters, parameters)
        Inverse of the observed information.
    valid, constrained : array of bool of shape (spectra,)
        Whether the fit converged, and whether it had to be kept from going negative.
    """

    theta: Array
    deviance: Array
    covariance: Array
    valid: Flags
    constrained: Flags


def fit_many(matrix: Array, guard: Array, counts: Array, scale: Array) -> Batch:
    """Minimise the (scaled) Poisson deviance of counts that are linear in the parameters.

    The deviance is convex, and self-concordant where each filled row holds at least one event:
    Newton steps shortened by 1 / (1 + decrement) then converge from anywhere inside (Boyd and
    Vandenberghe, Convex Optimization, 9.6). Spectra whose minimum violates the guard are fitted
    again by a primal-dual interior-point method (11.7 there).

    Parameters
    ----------
    matrix : array of shape (rows, parameters)
        Expected counts per unit of each parameter; the first column is positive.
    guard : array of shape (conditions, parameters)
        ``guard @ theta`` must not be negative; its first column is positive.
    counts, scale : array of shape (spectra, rows)
        Counts, and (sum of squared weights) / (sum of weights); 1 for unit weights.
    """
    problem = _Problem(matrix, counts / scale, 1 / scale)
    size = len(matrix[0])
    theta = problem.start(guard)
    # too few filled rows leave directions free, in which only the guard stops the fit
    inside = (counts > 0).sum(axis=1) >= size
    valid = np.zeros(len(counts), dtype=np.bool_)
    theta[inside], valid[inside] = _newton(problem.take(inside), theta[inside])
    constrained = ~valid
    constrained[valid] = (theta[valid] @ guard.T).min(axis=1, initial=np.inf) < 0
    if constrained.any():
        part = problem.take(constrained)
        theta[constrained], valid[constrained] = _interior(part, part.flat(), guard)
    # a row of the model below zero has no likelihood
    valid &= problem.allowed(theta)
    safe = np.where(valid[:, None], theta, problem.flat())
    return Batch(
        safe, problem.deviance(safe), _inverse(problem.curvature(safe)[1]), valid, constrained
    )


@dataclass(frozen=True, eq=False)
class _Problem:
    """Half the deviance of many spectra: sum of slope x expected - n ln(expected)."""

    matrix: Array
    n: Array
    slope: Array

    def take(self, chosen: Flags | NDArray[np.int64]) -> _Problem:
        return _Problem(self.matrix, self.n[chosen], self.slope[chosen])

    def flat(self) -> Array:
        """Parameters of a flat background of the right size, which is always allowed."""
        theta = np.zeros((len(self.n), self.matrix.shape[1]))
        events = np.maximum((self.n / self.slope).sum(axis=1), 1e-6)
        theta[:, 0] = events / self.matrix[:, 0].sum()
        return theta

    def start(self, guard: Array) -> Array:
        """Weighted least squares where that is positive everywhere, else flat."""
        weight = self.slope**2 / (self.n + 1)
        square = _squares(self.matrix, weight)
        theta = _solve(square, (self.n / self.slope * weight) @ self.matrix)
        flat = self.flat()
        low = np.minimum((theta @ self.matrix.T).min(axis=1), (theta @ guard.T).min(axis=1))
        return np.where(low[:, None] > 0, theta, flat)

    def allowed(self, theta: Array) -> Flags:
        expected = theta @ self.matrix.T
        return np.asarray(
            np.isfinite(expected).all(axis=1) & ((expected > 0) | (self.n == 0)).all(axis=1)
        )

    def curvature(self, theta: Array) -> tuple[Array, Array]:
        """Gradient and Hessian."""
        expected = np.where(self.n > 0, theta @ self.matrix.T, 1.0)
        ratio = self.n / expected
        gradient = (self.slope - ratio) @ self.matrix
        return gradient, _squares(self.matrix, ratio / expected)

    def deviance(self, theta: Array) -> Array:
        """-2 ln(likelihood / likelihood of the data themselves)."""
        expected = theta @ self.matrix.T * self.slope
        filled = self.n > 0
        ratio = np.where(filled, self.n, 1.0) / np.where(filled, expected, 1.0)
        return np.asarray(2 * (expected - self.n + self.n * np.log(ratio)).sum(axis=1))


def _newton(problem: _Problem, theta: Array) -> tuple[Array, Flags]:
    """Minimise without a guard."""
    theta, done = theta.copy(), np.zeros(len(theta), dtype=np.bool_)
    todo = np.arange(len(theta))
    for _ in range(STEPS):
        if not len(todo):
            break
        part = problem.take(todo)
        gradient, hessian = part.curvature(theta[todo])
        step = _solve(hessian, gradient)
        decrement = np.sqrt(np.maximum((gradient * step).sum(axis=1), 0.0))
        damped = np.where(decrement > 0.25, 1 / (1 + decrement), 1.0)
        theta[todo] -= damped[:, None] * step
        # rows of less than one effective event may leave the allowed region: given up
        inside = part.allowed(theta[todo])
        close = inside & (0.5 * decrement**2 < CLOSE)
        done[todo[close]] = True
        todo = todo[inside & ~close]
    return theta, done


def _interior(problem: _Problem, theta: Array, guard: Array) -> tuple[Array, Flags]:
    """Minimise where ``guard @ theta`` is at least zero, from a start inside."""
    theta, done = theta.copy(), np.zeros(len(theta), dtype=np.bool_)
    room = theta @ guard.T
    force = 1 / np.maximum(room, 1e-12)
    todo = np.arange(len(theta))
    for _ in range(STEPS):
        if not len(todo):
            break
        part, here, push = problem.take(todo), room[todo], force[todo]
        gradient, hessian = part.curvature(theta[todo])
        gap = (here * push).sum(axis=1)
        aim = 0.1 * gap[:, None] / len(guard)
        lagrange = gradient - (aim / here) @ guard
        step = _solve(hessian + _squares(guard, push / here), -lagrange)
        change = step @ guard.T
        pressed = aim / here - push - push / here * change
        rows = step @ part.matrix.T
        expected = np.where(part.n > 0, theta[todo] @ part.matrix.T, np.inf)
        length = np.minimum.reduce(
            [_reach(here, change), _reach(push, pressed), _reach(expected, rows)]
        )[:, None]
        theta[todo] += length * step
        room[todo], force[todo] = here + length * change, push + length * pressed
        # the dual residual vanishes with full steps; the gap bounds what is left to gain
        residual = np.abs((gradient - push @ guard) * step).sum(axis=1)
        close = (gap < GAP) & (residual < GAP)
        done[todo[close]] = True
        todo = todo[~close & np.isfinite(theta[todo]).all(axis=1)]
    return theta, done


def _reach(values: Array, change: Array) -> Array:
    """Longest step, at most 1, that keeps positive values positive."""
    falling = change < 0
    limit = np.where(falling, -values / np.where(falling, change, -1.0), np.inf)
    return np.asarray(np.minimum(1.0, BOUNDARY * limit.min(axis=1)))


def _squares(matrix: Array, weight: Array) -> Array:
    """``matrix.T @ diag(weight) @ matrix`` for each spectrum's weights."""
    rows, size = matrix.shape
    pairs = (matrix[:, :, None] * matrix[:, None, :]).reshape(rows, size * size)
    return (weight @ pairs).reshape(len(weight), size, size)


def _solve(square: Array, right: Array) -> Array:
    """Solve each system; directions without information get a tiny curvature."""
    size = np.sqrt(np.maximum(np.einsum("tii->ti", square), 1e-300))
    unit = square / (size[:, :, None] * size[:, None, :])
    unit += 1e-12 * np.eye(square.shape[1])
    return np.asarray(np.linalg.solve(unit, (right / size)[:, :, None])[:, :, 0] / size)


def _inverse(square: Array) -> Array:
    """Inverse of each matrix, with a large but finite variance without information."""
    # without any information: a variance that a double holds
    size = np.sqrt(np.maximum(np.einsum("tii->ti", square), 1e-150))
    outer = size[:, :, None] * size[:, None, :]
    unit = square / outer + 1e-10 * np.eye(square.shape[1])
    return np.asarray(np.linalg.inv(unit) / outer)
