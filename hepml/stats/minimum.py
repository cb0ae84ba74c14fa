"""Minimise a deviance with MINUIT: analytic gradient, prescaled parameters, honest convergence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Limits", "Minimum", "Objective", "minimise", "minimise_above"]

Array = NDArray[np.float64]
Limits = Sequence[tuple[float | None, float | None] | None]

ACCURACY = 1e-3  # of the deviance: MINUIT stops when the estimated distance is 0.002 x this


class Objective(Protocol):
    """What is minimised."""

    def evaluate(self, theta: Array) -> tuple[float, Array]:
        """Deviance and its gradient."""

    def information(self, theta: Array, *, observed: bool) -> Array:
        """Observed or expected information matrix of the parameters."""


@dataclass(frozen=True, slots=True)
class Minimum:
    """Where MINUIT stopped.

    Attributes
    ----------
    theta, covariance : array
        Parameters and the inverse of the observed information there (of the expected one where
        the fit was held above zero).
    deviance : float
        Smallest deviance.
    valid : bool
        Whether MINUIT reports convergence.
    message : str
        Why not, otherwise empty.
    """

    theta: Array
    covariance: Array
    deviance: float
    valid: bool
    message: str


def minimise(objective: Objective, start: Array, limits: Limits | None = None) -> Minimum:
    """Minimise from a start.

    The parameters are scaled by the information matrix at the start, so that MINUIT sees a bowl
    that is nearly round: with limits along the axes, without limits along its own axes.

    Parameters
    ----------
    objective : Objective
        Deviance, gradient and information matrix.
    start : array
        Starting values, inside the limits.
    limits : sequence of (low, high) or None, optional
        Limits of each parameter; ``None`` for an open side.
    """
    from iminuit import Minuit

    start = np.asarray(start, dtype=np.float64)
    transform = _scaling(objective.information(start, observed=False), diagonal=limits is not None)
    memory = _Memory(objective, start, transform)
    minuit = Minuit(memory.value, np.zeros(len(start)), grad=memory.gradient)
    minuit.errordef = Minuit.LEAST_SQUARES  # a deviance is -2 ln L
    minuit.errors = np.ones(len(start))
    minuit.tol = ACCURACY
    if limits is not None:
        for place, pair in enumerate(limits):
            if pair is not None:
                unit, origin = transform[place, place], start[place]
                minuit.limits[place] = tuple(
                    None if edge is None else (edge - origin) / unit for edge in pair
                )
    for strategy in (0, 1, 2):
        minuit.strategy = strategy
        minuit.migrad(ncall=5_000)
        if minuit.valid:
            break
    theta = start + transform @ np.asarray(minuit.values)
    return _minimum(objective, theta, bool(minuit.valid), _message(minuit), observed=True)


def minimise_above(
    objective: Objective, start: Array, matrix: Array, limits: Limits | None = None
) -> Minimum:
    """Minimise where ``matrix @ theta`` is at least zero, with SciPy's SLSQP.

    MINUIT knows limits of single parameters only. For a polynomial the problem is convex: there
    is one minimum.
    """
    from scipy.optimize import Bounds, LinearConstraint, minimize

    transform = _scaling(objective.information(start, observed=False), diagonal=limits is not None)
    memory = _Memory(objective, start, transform)
    origin = np.zeros(len(start))
    lower, upper = np.full(len(start), -np.inf), np.full(len(start), np.inf)
    for place, pair in enumerate(limits or ()):
        low, high = pair or (None, None)
        unit = transform[place, place]
        lower[place] = -np.inf if low is None else (low - start[place]) / unit
        upper[place] = np.inf if high is None else (high - start[place]) / unit
    found = minimize(
        memory.value,
        origin,
        jac=memory.gradient,
        method="SLSQP",
        bounds=Bounds(lower, upper),
        constraints=[LinearConstraint(matrix @ transform, -(matrix @ start), np.inf)],
        options={"ftol": 1e-9, "maxiter": 1_000},
    )
    theta = start + transform @ found.x
    message = "" if found.success else f"SLSQP did not converge: {found.message}"
    # at an edge, rows without data carry what is known
    return _minimum(objective, theta, bool(found.success), message, observed=False)


def _minimum(
    objective: Objective, theta: Array, valid: bool, message: str, *, observed: bool
) -> Minimum:
    covariance = _inverse(objective.information(theta, observed=observed))
    return Minimum(theta, covariance, objective.evaluate(theta)[0], valid, message)


class _Memory:
    """MINUIT asks for value and gradient separately; both come from one evaluation."""

    def __init__(self, objective: Objective, start: Array, transform: Array) -> None:
        self._objective, self._start, self._transform = objective, start, transform
        self._at: bytes = b""
        self._value, self._gradient = 0.0, start

    def _evaluate(self, scaled: Array) -> None:
        at = np.asarray(scaled).tobytes()
        if at != self._at:
            theta = self._start + self._transform @ scaled
            self._value, gradient = self._objective.evaluate(theta)
            self._gradient, self._at = self._transform.T @ gradient, at

    def value(self, scaled: Array) -> float:
        self._evaluate(scaled)
        return self._value

    def gradient(self, scaled: Array) -> Array:
        self._evaluate(scaled)
        return self._gradient


def _scaling(information: Array, *, diagonal: bool) -> Array:
    """Matrix T with T^T (information) T near one."""
    size = np.sqrt(np.maximum(np.diag(information), 1e-300))
    unit = np.diag(1 / size)
    if diagonal:
        return unit
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    # directions without information keep a finite step
    values = np.maximum(values, 1e-10 * max(float(values[-1]), 1e-300))
    return np.asarray(unit @ (vectors / np.sqrt(values)))


def _inverse(information: Array) -> Array:
    """Inverse, with a large but finite variance in directions without information."""
    transform = _scaling(information, diagonal=False)
    return np.asarray(transform @ transform.T)


def _message(minuit: object) -> str:
    state = getattr(minuit, "fmin", None)
    if state is None or state.is_valid:
        return ""
    reasons = [
        text
        for bad, text in (
            (state.has_reached_call_limit, "too many calls"),
            (state.is_above_max_edm, f"distance to the minimum {state.edm:.2g}"),
            (state.hesse_failed, "no error matrix"),
        )
        if bad
    ]
    return "MINUIT did not converge" + (": " + ", ".join(reasons) if reasons else "")
