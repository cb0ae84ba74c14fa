"""Pseudo-experiments: p-values without asymptotic formulae, and fits of injected signals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from hepml.errors import StatisticsError
from hepml.stats.excess import Outcome, SignalTest
from hepml.stats.many import Many, run_many
from hepml.stats.parallel import Progress, run_blocks
from hepml.stats.results import Toys
from hepml.stats.significance import significance_of

__all__ = ["Injected", "background_toys", "injected_toys", "summarise", "throw"]

Array = NDArray[np.float64]

COVERAGE = 0.682689492137  # of one standard deviation

# Minimisers end at slightly different places: this close, two test statistics are equal.
TIE = 1e-5


@dataclass(frozen=True, eq=False)
class Injected:
    """Fits of pseudo-experiments with a known signal.

    Attributes
    ----------
    signal : float
        Injected events.
    S, sigma_S : array
        Fitted signal and its standard error, of the fits that converged.
    failed : int
        Fits that did not converge.
    """

    signal: float
    S: Array
    sigma_S: Array
    failed: int

    @property
    def pulls(self) -> Array:
        """(fitted - injected) / standard error: mean 0 and width 1 if the fit is unbiased."""
        return (self.S - self.signal) / self.sigma_S


def background_toys(
    test: SignalTest,
    outcome: Outcome,
    number: int,
    *,
    seed: int = 0,
    workers: int = 2,
    progress: Progress | None = None,
) -> Toys:
    """The p-value of an excess from pseudo-experiments of the background alone.

    They are thrown from the background fitted to sidebands and signal region together, the
    hypothesis that is tested with its own best parameters, as the LHC experiments do
    (ATL-PHYS-PUB-2011-011, section 3). The sideband fit would throw in a deficit or an excess of
    its own. Each is fitted like the data.

    Parameters
    ----------
    test, outcome : SignalTest, Outcome
        The test and what it found in the data.
    number : int
        Pseudo-experiments.
    seed : int
        Pseudo-experiment i has random stream i of this seed, whatever the number of workers.
    workers : int
        Processes; the result does not depend on it.
    progress : callable, optional
        Called with what is being done, how much is done and how much there is.
    """
    parts = _run(test, outcome, 0.0, number, seed, workers, progress)
    valid = np.concatenate([part.valid for part in parts])
    q0 = np.concatenate([part.q0 for part in parts])[valid]
    return summarise(q0, int((~valid).sum()), outcome.excess.q0, seed)


def injected_toys(
    test: SignalTest,
    outcome: Outcome,
    signal: float,
    number: int,
    *,
    seed: int = 0,
    workers: int = 2,
    progress: Progress | None = None,
) -> Injected:
    """Fit pseudo-experiments of the background plus a known number of signal events.

    Parameters
    ----------
    signal : float
        Events to inject, at least 0.

    Raises
    ------
    StatisticsError
        If ``signal`` is negative.
    """
    if not signal >= 0:
        raise StatisticsError(f"A signal of at least 0 events can be injected, not {signal:g}.")
    parts = _run(test, outcome, signal, number, seed, workers, progress)
    valid = np.concatenate([part.valid for part in parts])
    S = np.concatenate([part.S for part in parts])[valid]
    sigma = np.concatenate([part.sigma_S for part in parts])[valid]
    return Injected(signal, S, sigma, int((~valid).sum()))


def throw(mean: Array, scale: Array, seed: int, first: int, last: int) -> Array:
    """Scaled Poisson counts around a mean, of shape (last - first, rows); one stream each."""
    events = np.maximum(mean, 0) / scale
    streams = (np.random.SeedSequence(seed, spawn_key=(toy,)) for toy in range(first, last))
    return scale * np.stack([np.random.default_rng(stream).poisson(events) for stream in streams])


def summarise(q0: Array, failed: int, observed: float, seed: int) -> Toys:
    """p-value with its interval; fits that failed count as more significant than the data.

    The interval is Clopper and Pearson's, 68 %. The data are one more experiment of the same
    kind: (k + 1) / (n + 1) is never 0 (Davison and Hinkley, Bootstrap Methods, 4.2).
    """
    number = len(q0) + failed
    above = failed + int((q0 >= observed - TIE * (1 + observed)).sum())
    tail = 0.5 * (1 - COVERAGE)
    low = beta.ppf(tail, above, number - above + 1) if above else 0.0
    high = beta.ppf(1 - tail, above + 1, number - above) if above < number else 1.0
    p = (above + 1) / (number + 1)
    return Toys(
        number=number,
        failed=failed,
        seed=seed,
        p=p,
        p_low=float(low),
        p_high=float(high),
        Z=significance_of(p),
        q0=tuple(q0.tolist()),
    )


def _run(
    test: SignalTest,
    outcome: Outcome,
    signal: float,
    number: int,
    seed: int,
    workers: int,
    progress: Progress | None,
) -> list[Many]:
    mean = np.maximum(outcome.null.expected, 0) + signal * test.template
    task = partial(_block, test, mean, outcome.likelihood.typical_scale, seed)
    return run_blocks(task, number, workers=workers, progress=progress)


def _block(test: SignalTest, mean: Array, scale: Array, seed: int, first: int, last: int) -> Many:
    counts = throw(mean, scale, seed, first, last)
    return run_many(test, counts, counts * scale)
