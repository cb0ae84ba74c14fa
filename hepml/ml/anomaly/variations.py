"""The same scores with other degrees and bins of the background fit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.ml.anomaly.pieces import Variation
from hepml.ml.anomaly.reweighting import signal_weights
from hepml.ml.anomaly.scored import Context
from hepml.stats.backgrounds import Background
from hepml.stats.degrees import BINS, DEGREES
from hepml.stats.excess import SignalTest
from hepml.stats.many import Many, run_many
from hepml.stats.points import working_point
from hepml.stats.scales import sideband_scale
from hepml.stats.significance import log10_p_value
from hepml.stats.trials import LEAST

__all__ = ["vary_scores"]

Array = NDArray[np.float64]


def vary_scores(context: Context) -> Iterator[Variation]:
    """Cuts on the strategy's score and the weighted fit, with degrees 3, 5, 7 and 7, 11, 15 bins.

    Nothing is trained anew, so that only the fit varies; what cannot be fitted is left out.
    """
    asked = context.asked
    own = (asked.order(context.window), asked.bins)
    every = sorted({*((degree, bins) for degree in DEGREES for bins in BINS), own})
    rates, weights = _cuts(context)
    for place, (degree, bins) in enumerate(every):
        if context.progress is not None:
            context.progress(f"fits of degree {degree} in {bins} bins", place, len(every))
        window = context.window
        family = Background("polynomial", degree, window.left, window.right)
        try:
            test = SignalTest(window.binning(bins), family)
        except ParameterError:
            continue  # too few bins for the degree
        yield _variation(context, test, rates, weights)


def _cuts(context: Context) -> tuple[tuple[float, ...], list[NDArray[np.bool_]]]:
    """False-positive rates below 1, and which events pass each."""
    score = context.sample.scores.get(context.sample.score)
    if score is None:
        return (), []
    rates = tuple(rate for rate in context.asked.points if rate < 1)
    return rates, [score >= working_point(score, ~context.inside, rate) for rate in rates]


def _variation(
    context: Context, test: SignalTest, rates: Sequence[float], passed: list[NDArray[np.bool_]]
) -> Variation:
    mass = context.sample.mass
    counts = np.array(
        [
            test.rows(test.binning.count(mass[rows])[0])
            for rows in (np.ones(len(mass), bool), *passed)
        ]
    )
    found = run_many(test, counts, counts)
    Z = np.sqrt(found.q0)  # noqa: N806
    usable = found.valid & (counts[:, :-1].sum(axis=1) >= LEAST)
    return Variation(
        degree=test.background.degree,
        bins=test.binning.bins,
        fpr=tuple(rates),
        Z=tuple(float(z) if good else None for z, good in _pairs(Z, found)),
        log10_p=tuple(log10_p_value(float(z)) if good else None for z, good in _pairs(Z, found)),
        inclusive=float(Z[0]) if found.valid[0] else None,
        best=float(Z[1:][usable[1:]].max()) if usable[1:].any() else None,
        reweighted=_weighted(context, test, found),
    )


def _pairs(significances: Array, found: Many) -> list[tuple[float, bool]]:
    """Of the cuts: the first is no cut."""
    return list(zip(significances[1:].tolist(), found.valid[1:].tolist(), strict=True))


def _weighted(context: Context, test: SignalTest, inclusive: Many) -> float | None:
    """Z of the weighted events, with the share of signal of this variation."""
    sample, signal = context.sample, float(inclusive.S[0])
    if sample.ratio is None or not signal > 0:
        return None
    mu = signal / (signal + max(float(inclusive.B[0]), 0.0))
    weights = signal_weights(sample.ratio, mu)
    counts, squares = test.binning.count(sample.mass, weights)
    scale = sideband_scale(test.binning, counts, squares)
    rows = test.rows(counts)[None]
    found = run_many(test, rows, rows * scale)
    return math.sqrt(float(found.q0[0])) if found.valid[0] else None
