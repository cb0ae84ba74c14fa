"""Fit a model to rows of counts, and keep its background from going negative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from hepml.errors import StatisticsError
from hepml.stats.backgrounds import Background, Component
from hepml.stats.likelihood import Likelihood
from hepml.stats.minimum import Limits, Minimum, minimise, minimise_above
from hepml.stats.results import Fit
from hepml.stats.rows import Rows

__all__ = ["Fitted", "fit_model", "positivity"]

Array = NDArray[np.float64]

# Points at which the sign of a fitted polynomial is looked at.
GRID = 160


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted background with or without a signal.

    Attributes
    ----------
    background : Background
        The family.
    minimum : Minimum
        Where the fit ended; the background's coefficients come first.
    expected : array of shape (rows,)
        Fitted counts.
    names : tuple of str
        Names of all parameters.
    constrained : bool
        Whether the background had to be kept from going negative.
    """

    background: Background
    minimum: Minimum
    expected: Array
    names: tuple[str, ...]
    constrained: bool

    @property
    def deviance(self) -> float:
        """Deviance at the minimum."""
        return self.minimum.deviance

    @property
    def coefficients(self) -> Array:
        """The background's coefficients."""
        return self.minimum.theta[: self.background.degree + 1]

    @property
    def signal(self) -> Array:
        """The signal's parameters."""
        return self.minimum.theta[self.background.degree + 1 :]

    def integral(self, rows: Rows) -> tuple[Array, Array]:
        """Background of other rows and its standard error."""
        expected, slope = self.background.component(rows).evaluate(self.coefficients)
        size = len(self.coefficients)
        covariance = self.minimum.covariance[:size, :size]
        variance = np.einsum("ri,ij,rj->r", slope, covariance, slope)
        return expected, np.sqrt(np.maximum(variance, 0.0))

    def result(self, rows: int) -> Fit:
        """The fit as a typed result; ``rows`` is the number of fitted rows."""
        minimum = self.minimum
        ndf = rows - len(minimum.theta)
        errors = np.sqrt(np.maximum(np.diag(minimum.covariance), 0.0))
        messages = [minimum.message] if minimum.message else []
        if self.constrained:
            messages.append("the background touches zero")
        return Fit(
            family=self.background.family,
            degree=self.background.degree,
            names=self.names,
            parameters=tuple(minimum.theta.tolist()),
            errors=tuple(errors.tolist()),
            covariance=tuple(tuple(line) for line in minimum.covariance.tolist()),
            deviance=minimum.deviance,
            ndf=ndf,
            goodness=float(chi2.sf(minimum.deviance, ndf)) if ndf > 0 else 1.0,
            valid=minimum.valid,
            constrained=self.constrained,
            message="; ".join(messages),
        )


def fit_model(
    background: Background,
    rows: Rows,
    likelihood: Likelihood,
    signal: Component | None = None,
    *,
    signal_start: Sequence[float] = (),
    signal_limits: Limits | None = None,
    start: Array | None = None,
) -> Fitted:
    """Fit background, or background plus signal, to counts.

    Parameters
    ----------
    background : Background
        Family and degree.
    rows : Rows
        What the counts integrate.
    likelihood : Likelihood
        The counts.
    signal : Component, optional
        Signal on the same rows.
    signal_start, signal_limits : sequence
        Start and limits of the signal's parameters.
    start : array, optional
        Starting coefficients of the background; default: weighted least squares.

    Raises
    ------
    StatisticsError
        If there are no events to fit.
    """
    if not likelihood.counts.sum() > 0:
        raise StatisticsError(
            "Nothing to fit: the weights in the fitted range add up to zero. Check the mass "
            "column, the window and the selection."
        )
    if start is None:
        start = background.start(rows, likelihood.counts, likelihood.variances)
    part = background.component(rows)
    limits: list[tuple[float | None, float | None] | None] | None = None
    if background.family == "bernstein":
        limits = [(0.0, None)] * len(start)
        start = np.maximum(start, 1e-3 * max(float(np.max(start)), 1e-6))
    if signal_limits is not None:
        limits = [*(limits or [None] * len(start)), *signal_limits]
    elif limits is not None:
        limits = [*limits, *([None] * len(signal_start))]
    values = np.concatenate([start, np.asarray(signal_start, dtype=np.float64)])
    objective = _Objective(likelihood, part, len(start), signal)
    minimum = minimise(objective, values, limits)
    names = (*background.names, *(signal.names if signal is not None else ()))
    fitted = Fitted(background, minimum, objective.expected(minimum.theta), names, False)
    return (
        _kept_positive(fitted, objective, limits) if background.family == "polynomial" else fitted
    )


class _Objective:
    """Deviance, gradient and information of background plus signal."""

    def __init__(
        self, likelihood: Likelihood, part: Component, split: int, signal: Component | None
    ) -> None:
        self._likelihood, self._part, self._split, self._signal = likelihood, part, split, signal

    def _model(self, theta: Array) -> tuple[Array, Array]:
        expected, slope = self._part.evaluate(theta[: self._split])
        if self._signal is not None:
            more, slopes = self._signal.evaluate(theta[self._split :])
            return expected + more, np.hstack([slope, slopes])
        return expected, slope

    def expected(self, theta: Array) -> Array:
        return self._model(theta)[0]

    def evaluate(self, theta: Array) -> tuple[float, Array]:
        expected, slope = self._model(theta)
        value, by_row = self._likelihood.deviance(expected)
        return value, slope.T @ by_row

    def information(self, theta: Array, *, observed: bool) -> Array:
        return self._likelihood.information(*self._model(theta), observed=observed)


def _kept_positive(fitted: Fitted, objective: _Objective, limits: Limits | None) -> Fitted:
    """Fit again above zero where a polynomial went below: no density is negative."""
    background = fitted.background
    grid = positivity(background)
    if (grid @ fitted.coefficients).min() >= 0:
        return fitted
    # start from a flat background of the same size, which is allowed
    flat = np.zeros_like(fitted.coefficients)
    flat[0] = max(float(np.mean(np.maximum(grid @ fitted.coefficients, 0))), 1e-9)
    matrix = np.pad(grid, ((0, 0), (0, len(fitted.signal))))
    start = np.concatenate([flat, fitted.signal])
    minimum = minimise_above(objective, start, matrix, limits)
    return replace(
        fitted, minimum=minimum, expected=objective.expected(minimum.theta), constrained=True
    )


def positivity(background: Background) -> Array:
    """Values of the basis where a polynomial's sign is looked at: close together at the ends."""
    x = np.cos(np.linspace(np.pi, 0, GRID))
    centre, half = background.left + background.right, background.right - background.left
    return background.basis(0.5 * (centre + half * x))
