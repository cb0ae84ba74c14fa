"""Upper limits on a signal's yield by the CLs method."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import log_ndtr, logsumexp, ndtr, ndtri
from scipy.stats import nbinom, poisson

from hepml.errors import ParameterError, StatisticsError
from hepml.stats.excess import Outcome, SignalTest
from hepml.stats.fit import fit_model
from hepml.stats.likelihood import Likelihood
from hepml.stats.results import Limit

__all__ = ["counting_limit", "upper_limit"]

Array = NDArray[np.float64]

# Below this many events, observed and expected, asymptotic formulae exclude too much: by 3 % at
# this number, by a third at none.
FEW = 25.0

BAND = (-2.0, -1.0, 0.0, 1.0, 2.0)


def upper_limit(test: SignalTest, outcome: Outcome, confidence: float = 0.95) -> Limit:
    """Largest signal yield that is not excluded, with the background profiled.

    CLs with the profile-likelihood ratio q~ and its asymptotic distributions (Cowan, Cranmer,
    Gross and Vitells, arXiv:1007.1727, sections 2.5 and 3.7); the expected limits are those of the
    Asimov data set of the background fitted without signal. A count of few events is treated by
    :func:`counting_limit` instead, where those formulae do not hold.

    Parameters
    ----------
    test, outcome : SignalTest, Outcome
        The test and what it found in the data. Where its mass or width is free, the limit holds
        for the fitted ones.
    confidence : float
        Confidence level, between 0 and 1.

    Raises
    ------
    ParameterError
        If ``confidence`` is not between 0 and 1.
    StatisticsError
        If a fit with a fixed signal does not converge, or no signal is large enough to be excluded.
    """
    level = _level(confidence)
    test, outcome = _with_fixed_shape(test, outcome)
    excess, unit = outcome.excess, float(outcome.likelihood.typical_scale[-1])
    if test.peaks is None and max(excess.observed, excess.B) < FEW * unit:
        found = counting_limit(
            excess.observed / unit, excess.B / unit, excess.sigma_B / unit, confidence
        )
        limits = [unit * value for value in (found.observed, found.expected, *found.band)]
        return found.model_copy(
            update={"observed": limits[0], "expected": limits[1], "band": tuple(limits[2:])}
        )
    profile = _Profile(test, outcome)
    step = max(excess.sigma_S, unit)
    best = max(excess.S, 0.0)
    observed = _root(lambda s: profile.log_cls(s) - math.log(level), best, step)
    expected = []
    for shift in BAND:
        # the signal at which a background that fluctuates by this much is excluded
        wanted = shift - ndtri(level * ndtr(shift))
        expected.append(_root(lambda s, w=wanted: w - profile.distance(s), 0.0, step))  # type: ignore[misc]
    message = ""
    if test.peaks is not None and excess.observed < FEW * unit:
        message = "few events: the asymptotic limit may be too low, by up to a third"
    low, lower, middle, higher, high = expected
    return Limit(
        confidence=confidence,
        observed=observed,
        expected=middle,
        band=(low, lower, higher, high),
        message=message,
    )


def counting_limit(
    observed: float, background: float, error: float, confidence: float = 0.95
) -> Limit:
    """CLs limit of a count, by Poisson probabilities.

    The background is averaged over a gamma distribution with the given mean and standard error,
    the posterior of a Poisson measurement of it (Cousins and Highland, NIM A320 (1992) 331; Read,
    J. Phys. G 28 (2002) 2693). Without background and events the 95 % limit is 3.0.

    Parameters
    ----------
    observed : float
        Observed (effective) events; the largest whole number in it is used.
    background, error : float
        Expected events and standard error.
    """
    level = _level(confidence)
    count = _Count(max(background, 0.0), max(error, 0.0))

    def limit(events: int) -> float:
        return _root(
            lambda s: (
                count.log_cumulative(events, s)
                - count.log_cumulative(events, 0.0)
                - math.log(level)
            ),
            0.0,
            math.sqrt(events + 1.0) + error,
        )

    low, lower, middle, higher, high = (limit(count.quantile(float(ndtr(n)))) for n in BAND)
    return Limit(
        confidence=confidence,
        # a count that is whole but for rounding is whole
        observed=limit(math.floor(observed + 1e-6)),
        expected=middle,
        band=(low, lower, higher, high),
        method="counting",
    )


@dataclass(frozen=True)
class _Count:
    """Poisson events of a background that is known with an error, plus signal."""

    background: float
    error: float

    def _distribution(self) -> Callable[[str, Array], Array]:
        """Poisson averaged over a gamma distribution: the negative binomial."""
        mean, variance = self.background, self.error**2
        if variance < 1e-9 * mean or mean <= 1e-9:
            return lambda what, n: np.asarray(getattr(poisson, what)(n, mean))
        shape, share = mean**2 / variance, mean / (mean + variance)
        return lambda what, n: np.asarray(getattr(nbinom, what)(n, shape, share))

    def log_cumulative(self, events: int, signal: float) -> float:
        """ln P(at most ``events``)."""
        distribution, some = self._distribution(), np.arange(events + 1.0)
        return float(
            logsumexp(distribution("logpmf", some) + poisson.logcdf(events - some, signal))
        )

    def quantile(self, probability: float) -> int:
        """Smallest number of background events with at least this cumulative probability."""
        return int(self._distribution()("ppf", np.asarray(probability)))


class _Profile:
    """Test statistics of a fixed signal, in the data and in background-only Asimov data."""

    def __init__(self, test: SignalTest, outcome: Outcome) -> None:
        self._test, self._data = test, outcome.likelihood
        positive = outcome.excess.S > 0
        self._best = max(outcome.excess.S, 0.0)
        self._floor = outcome.free.deviance if positive else outcome.null.deviance
        rows = np.maximum(outcome.null.expected, 0.0)
        self._asimov = Likelihood(rows, rows * outcome.likelihood.typical_scale)
        self._bottom = test.fit_null(self._asimov).deviance

    def distance(self, signal: float) -> float:
        """How far the background alone is from this signal, in standard deviations."""
        return math.sqrt(max(self._deviance(self._asimov, signal) - self._bottom, 0.0))

    def log_cls(self, signal: float) -> float:
        """ln(CLs) of this signal."""
        if signal <= self._best:
            q = 0.0
        else:
            q = max(self._deviance(self._data, signal) - self._floor, 0.0)
        root, far = math.sqrt(q), self.distance(signal)
        if root <= far:
            return float(log_ndtr(-root) - log_ndtr(far - root))
        if far == 0:
            return 0.0  # no signal: nothing to exclude
        half = 0.5 / far
        return float(log_ndtr(-(q + far**2) * half) - log_ndtr(-(q - far**2) * half))

    def _deviance(self, likelihood: Likelihood, signal: float) -> float:
        if signal == 0:
            return self._test.fit_null(likelihood).deviance
        fitted = fit_model(
            self._test.background,
            self._test.fitted_rows,
            likelihood,
            _Fixed(signal * self._test.template),
        )
        if not fitted.minimum.valid:
            raise StatisticsError(
                f"No upper limit: the fit with {signal:.4g} signal events failed "
                f"({fitted.minimum.message}). Use a lower degree of the background, or wider bins."
            )
        return fitted.deviance


class _Fixed:
    """A signal without free parameters."""

    names: tuple[str, ...] = ()

    def __init__(self, rows: Array) -> None:
        self._rows, self._slopes = rows, np.empty((len(rows), 0))

    def evaluate(self, theta: Array) -> tuple[Array, Array]:
        """Expected counts; there is nothing to derive by."""
        return self._rows, self._slopes


def _with_fixed_shape(test: SignalTest, outcome: Outcome) -> tuple[SignalTest, Outcome]:
    """The same with mass and width fixed where they were fitted."""
    if test.peaks is None or not (test.free_mass or test.free_width):
        return test, outcome
    shift, stretch = test.fitted_shape(outcome)
    masses = tuple(mass * shift for mass in test.peaks.masses)
    peaks = replace(test.peaks, masses=masses, width=test.peaks.width * stretch)
    fixed = replace(test, peaks=peaks, free_mass=False, free_width=False)
    return fixed, fixed.run(outcome.likelihood.counts, outcome.likelihood.variances)


def _level(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ParameterError(f"A confidence level lies between 0 and 1, not {confidence:g}.")
    return 1 - confidence


def _root(function: Callable[[float], float], start: float, step: float) -> float:
    """Where a falling function, positive at the start, becomes zero."""
    low, high = start, start + 2 * step
    for _ in range(60):
        if function(high) < 0:
            return float(brentq(function, low, high, xtol=1e-4 * step, rtol=1e-6))
        low, high = high, start + 2 * (high - start)
    raise StatisticsError(
        f"No upper limit: even {high:.3g} signal events are not excluded. The background can take "
        "the place of any signal: use a lower degree, or wider sidebands."
    )
