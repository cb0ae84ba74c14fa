"""Weight events by their likelihood ratio of signal and background, and check the ratio first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import StatisticsError
from hepml.ml.anomaly.pieces import Histogram, RatioBin, RatioCheck
from hepml.stats.excess import Outcome, SignalTest
from hepml.stats.many import Many, run_many
from hepml.stats.parallel import Progress, run_blocks
from hepml.stats.results import Toys
from hepml.stats.toys import summarise

__all__ = ["check_ratio", "reliability", "signal_weights", "weight_histogram", "weighted_toys"]

Array = NDArray[np.float64]

# Largest weight (the published limit).
CLIP = 1e9
# A mean ratio this close to 1, or within so many standard errors of it, passes.
TOLERANCE, ERRORS = 0.05, 3.0
BINS = 10


def signal_weights(ratio: Array, mu: float) -> Array:
    """Estimate p_signal / p_background of events: W = max(0, (r - (1 - mu)) / mu).

    In the signal region r = p_data / p_background = (1 - mu) + mu p_signal / p_background
    (arXiv:2502.14036). A ratio of 1 everywhere gives weights of 1.

    Parameters
    ----------
    ratio : array of shape (n,)
        Likelihood ratios r, at least 0.
    mu : float
        Share of signal in the signal region.

    Raises
    ------
    StatisticsError
        If ``mu`` is not above 0 and at most 1: without an excess there is no signal to weight
        for.
    """
    if not 0 < mu <= 1:
        raise StatisticsError(
            f"The share of signal in the signal region is {mu:.3g}: weights are defined above 0 "
            "and up to 1 only."
        )
    return np.clip((ratio - (1 - mu)) / mu, 0.0, CLIP)


def check_ratio(ratio: Array, of: Literal["samples", "sidebands"]) -> RatioCheck:
    """Compare the mean likelihood ratio of background with 1.

    Parameters
    ----------
    ratio : array of shape (n,)
        Ratios of background events, at least two.
    of : {"samples", "sidebands"}
        What they are.
    """
    mean = float(ratio.mean())
    error = float(ratio.std(ddof=1) / math.sqrt(len(ratio)))
    off = abs(mean - 1)
    good = off <= TOLERANCE or off <= ERRORS * error
    return RatioCheck(of=of, events=len(ratio), mean=mean, error=error, good=good)


def reliability(data: Array, samples: Array, bins: int = BINS) -> tuple[RatioBin, ...]:
    """Share of data over share of background samples, in bins of the ratio that was predicted.

    Parameters
    ----------
    data, samples : array
        Ratios of data of the signal region and of background samples there, by models that never
        saw them.
    bins : int
        Bins of equally many samples; empty ones are left out.
    """
    if not len(data) or not len(samples):
        return ()
    edges = np.unique(np.quantile(samples, np.linspace(0, 1, bins + 1)[1:-1]))
    of_data, of_samples = (np.searchsorted(edges, part, side="right") for part in (data, samples))
    found = []
    for place in range(len(edges) + 1):
        inside = of_samples == place
        n, m = int((of_data == place).sum()), int(inside.sum())
        if n and m:
            observed = n / len(data) / (m / len(samples))
            error = observed * math.sqrt(1 / n + 1 / m)
            mean = float(samples[inside].mean())
            found.append(RatioBin(ratio=mean, observed=observed, error=error, data=n, samples=m))
    return tuple(found)


def weight_histogram(weights: Array, region: NDArray[np.bool_]) -> Histogram:
    """Weights in the signal region and in the sidebands, in bins of equal width up to 99.5 %."""
    top = max(float(np.quantile(weights, 0.995)), 2.0)
    edges = np.linspace(0.0, top, 41)
    inside = np.minimum(weights, np.nextafter(top, 0))
    counts = [np.histogram(inside[part], edges)[0].astype(float) for part in (region, ~region)]
    return Histogram(
        name="weight",
        edges=tuple(edges.tolist()),
        selections=("signal region", "sidebands"),
        counts=tuple(tuple(part.tolist()) for part in counts),
    )


@dataclass(frozen=True, eq=False)
class _Thrower:
    """Counts of background events and the weights that they may have."""

    test: SignalTest
    events: Array
    weights: Array
    seed: int


def weighted_toys(
    test: SignalTest,
    outcome: Outcome,
    weights: Array,
    number: int,
    *,
    seed: int = 0,
    workers: int = 2,
    progress: Progress | None = None,
) -> Toys:
    """The p-value of a weighted excess from background events with weights drawn from sidebands.

    The scaled Poisson holds for many events of similar weight. Here each event of the weighted
    background draws the weight of a sideband event, and the sums are fitted with one scale, that
    of the sidebands, as the data are.

    Parameters
    ----------
    test, outcome : SignalTest, Outcome
        The test and what it found in the weighted data.
    weights : array of shape (n,)
        Weights of the sideband events.
    number, seed, workers, progress
        See :func:`~hepml.stats.toys.background_toys`.

    Raises
    ------
    StatisticsError
        If the weights of the sidebands add up to nothing.
    """
    mean = float(weights.mean()) if len(weights) else 0.0
    if not mean > 0:
        raise StatisticsError("All sideband events have weight 0: nothing can be thrown.")
    events = np.maximum(outcome.null.expected, 0) / mean
    task = partial(_block, _Thrower(test, events, weights, seed))
    parts = run_blocks(task, number, workers=workers, progress=progress, what="weighted toys")
    valid = np.concatenate([part.valid for part in parts])
    q0 = np.concatenate([part.q0 for part in parts])[valid]
    return summarise(q0, int((~valid).sum()), outcome.excess.q0, seed)


def _block(thrower: _Thrower, first: int, last: int) -> Many:
    rows = len(thrower.events)
    sums, squares = np.zeros((last - first, rows)), np.zeros((last - first, rows))
    for place, toy in enumerate(range(first, last)):
        stream = np.random.default_rng(np.random.SeedSequence(thrower.seed, spawn_key=(toy,)))
        row = np.repeat(np.arange(rows), stream.poisson(thrower.events))
        drawn = thrower.weights[stream.integers(0, len(thrower.weights), len(row))]
        sums[place] = np.bincount(row, drawn, rows)
        side = row < rows - 1  # the last row is the signal region
        total = float(drawn[side].sum())
        scale = float((drawn[side] ** 2).sum()) / total if total > 0 else 1.0
        squares[place] = sums[place] * scale
    return run_many(thrower.test, sums, squares)
