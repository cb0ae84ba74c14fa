"""Run one signal test on many spectra: together where the model is linear, else one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.errors import StatisticsError
from hepml.stats.excess import SignalTest
from hepml.stats.fit import positivity
from hepml.stats.newton import Batch, fit_many

__all__ = ["Many", "is_linear", "run_many"]

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Many:
    """What a test found in each spectrum; all arrays are of shape (spectra,).

    Attributes
    ----------
    q0, S, sigma_S, B : array
        See :class:`~hepml.stats.results.Excess`; 0 where a fit failed.
    valid : array of bool
        Whether both fits converged.
    """

    q0: Array
    S: Array
    sigma_S: Array
    B: Array
    valid: Flags


def is_linear(test: SignalTest) -> bool:
    """Whether the model is linear in its parameters, so that many spectra are fitted at once."""
    fixed = not (test.free_mass or test.free_width)
    return fixed and test.background.family == "polynomial"


def run_many(test: SignalTest, counts: Array, variances: Array) -> Many:
    """Fit both models to each spectrum; the same as ``test.run`` on one after the other.

    Parameters
    ----------
    test : SignalTest
        The two models.
    counts, variances : array of shape (spectra, rows)
        Sums of weights and of squared weights of the fitted rows.
    """
    scales = np.where(counts > 0, variances / np.where(counts > 0, counts, 1.0), 1.0)
    if is_linear(test):
        found = _count(test, counts, scales) if test.peaks is None else _shape(test, counts, scales)
    else:
        zero = np.zeros(len(counts))
        found = Many(zero, zero.copy(), zero.copy(), zero.copy(), np.zeros(len(counts), np.bool_))
    for place in np.flatnonzero(~found.valid):
        _one(test, counts[place], variances[place], found, int(place))
    return found


def _count(test: SignalTest, counts: Array, scales: Array) -> Many:
    background = test.background
    guard, region = positivity(background), _matrix(test, "region_rows")[0]
    full = _matrix(test, "fitted_rows")
    free = fit_many(full[:-1], guard, counts[:, :-1], scales[:, :-1])
    null = fit_many(full, guard, counts, scales)
    expected = free.theta @ region
    variance = np.einsum("i,tij,j->t", region, free.covariance, region)
    signal = counts[:, -1] - expected
    error = np.sqrt(counts[:, -1] * scales[:, -1] + np.maximum(variance, 0))
    # without sidebands there is no background
    some = counts[:, :-1].sum(axis=1) > 0
    return _many(free, null, signal, error, expected, some)


def _shape(test: SignalTest, counts: Array, scales: Array) -> Many:
    background = test.background
    grid, full = positivity(background), _matrix(test, "fitted_rows")
    matrix = np.column_stack([full, test.template])
    # the background is positive everywhere, and so is background plus signal in each row
    guard = np.vstack([np.column_stack([grid, np.zeros(len(grid))]), matrix])
    free = fit_many(matrix, guard, counts, scales)
    null = fit_many(full, grid, counts, scales)
    expected = free.theta[:, :-1] @ _matrix(test, "region_rows")[0]
    error = np.sqrt(np.maximum(free.covariance[:, -1, -1], 0))
    return _many(free, null, free.theta[:, -1], error, expected, counts.sum(axis=1) > 0)


def _matrix(test: SignalTest, rows: str) -> Array:
    """Counts of rows for each unit coefficient."""
    chosen = getattr(test, rows)
    return np.asarray(chosen.integrate(test.background.basis(chosen.nodes)))


def _many(
    free: Batch, null: Batch, signal: Array, error: Array, background: Array, some: Flags
) -> Many:
    valid = free.valid & null.valid & some
    q0 = np.where(signal > 0, np.maximum(null.deviance - free.deviance, 0), 0)
    q0, signal, error, background = (
        np.where(valid, part, 0.0) for part in (q0, signal, error, background)
    )
    return Many(q0, signal, error, background, valid)


def _one(test: SignalTest, counts: Array, variances: Array, found: Many, place: int) -> None:
    """Fit one spectrum with MINUIT; it stays failed if that fails too."""
    try:
        outcome = test.run(counts, variances)
    except StatisticsError:
        return
    if outcome.valid:
        excess = outcome.excess
        found.q0[place], found.S[place] = excess.q0, excess.S
        found.sigma_S[place], found.B[place] = excess.sigma_S, excess.B
        found.valid[place] = True
