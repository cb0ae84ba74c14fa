"""Look elsewhere: how often background alone makes a window as significant as the best one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.stats.excess import Outcome, SignalTest
from hepml.stats.many import run_many
from hepml.stats.parallel import Progress, run_blocks
from hepml.stats.rows import bin_rows
from hepml.stats.significance import log10_p_value, significance_of_log10
from hepml.stats.toys import summarise, throw

__all__ = [
    "GOOD",
    "LEAST",
    "LEVEL",
    "ScanWindow",
    "expectation",
    "global_significance",
    "gross_vitells",
]

Array = NDArray[np.float64]
Found = Sequence[tuple["ScanWindow", Outcome]]

# Events in the sidebands below which a window is not fitted: less than one in each bin.
LEAST = 30

# Goodness of fit below which a window's background is not believed: a peak in its sidebands.
GOOD = 0.01

# q0 whose upward crossings are counted: low, where they are many (Gross and Vitells). With the
# published steps the result is an upper bound, 1.5 times the share of pseudo-experiments.
LEVEL = 1.0


@dataclass(frozen=True)
class ScanWindow:
    """A test on some of the scan's bins.

    Attributes
    ----------
    test : SignalTest
        The test.
    first : int
        Its first bin among the scan's.
    """

    test: SignalTest
    first: int

    def part(self, values: Array) -> Array:
        """Values of this window, from those of all bins (the last axis)."""
        return values[..., self.first : self.first + len(self.test.binning.edges) - 1]

    def enough(self, events: Array) -> NDArray[np.bool_]:
        """Whether the sidebands hold enough events, given those of this window's bins."""
        binning = self.test.binning
        inside = events[..., binning.start : binning.stop].sum(axis=-1)
        return np.asarray(events.sum(axis=-1) - inside >= LEAST)


def global_significance(
    found: Found,
    counts: Array,
    variances: Array,
    number: int,
    *,
    seed: int = 0,
    workers: int = 2,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Global p-value of the largest q0 of all windows; the fields of a scan that say so.

    Pseudo-experiments of the whole range are scanned as the data are. Where none reaches the
    data, the p-value is P(q0 > c) + N exp(-(c - u) / 2) with the mean number N of upward crossings
    of q0 through a low level u (Gross and Vitells, arXiv:1005.1891, equation 3).

    Parameters
    ----------
    found : sequence of (ScanWindow, Outcome)
        The fitted windows in order of mass.
    counts, variances : array of shape (bins,)
        Data of the whole range.
    number : int
        Pseudo-experiments.
    """
    mean = expectation(found, len(counts))
    if mean is None:
        return {"message": "no window is described by the background: no global p-value"}
    average = variances.sum() / counts.sum()
    scale = np.where(counts > 0, variances / np.where(counts > 0, counts, 1.0), average)
    windows = tuple(window for window, _ in found)
    task = partial(_block, windows, mean, scale, seed)
    blocks = run_blocks(task, number, workers=workers, progress=progress, what="scanning toys")
    largest, crossings, valid = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    observed = max(outcome.excess.q0 for _, outcome in found)
    toys = summarise(largest[valid], int((~valid).sum()), observed, seed)
    rate = float(crossings[valid].mean()) if valid.any() else float(len(found))
    reached = toys.p_low > 0
    log10_p = math.log10(toys.p) if reached else gross_vitells(observed, rate)
    return {
        "global_p": 10.0**log10_p,
        "global_log10_p": log10_p,
        "global_Z": significance_of_log10(log10_p),
        "global_method": "toys" if reached else "upcrossings",
        "level": LEVEL,
        "upcrossings": rate,
        "toys": toys,
    }


def expectation(found: Found, bins: int) -> Array | None:
    """Background of the whole range, stitched from the windows' fits; ``None`` without any.

    Each bin has the mean of what those windows predict whose signal region holds it. Fits
    that do not describe their sidebands are left out, and what they leave open is interpolated:
    beside a large peak a polynomial predicts structure that is no background. All is smoothed
    by a cubic over a window's width, which a window's background can follow: the errors of single
    fits would add to the spread of pseudo-experiments (twice as many beyond 3 sigma).
    """
    from scipy.signal import savgol_filter

    good = [(window, outcome) for window, outcome in found if outcome.goodness >= GOOD]
    if not good:
        return None
    total, used = np.zeros(bins), np.zeros(bins)
    for place, (window, outcome) in enumerate(good):
        binning = window.test.binning
        # the outermost windows also predict what lies outside of all signal regions
        start = 0 if place == 0 else binning.start
        stop = len(binning.edges) - 1 if place == len(good) - 1 else binning.stop
        predicted, _ = outcome.free.integral(bin_rows(binning))
        chosen = slice(window.first + start, window.first + stop)
        total[chosen] += np.maximum(predicted[start:stop], 0)
        used[chosen] += 1
    known = np.flatnonzero(used)
    # in the logarithm: spectra fall like powers of the mass; 1e-3 events are none
    logs = np.log(np.maximum(total[known] / used[known], 1e-3))
    width = max(len(window.test.binning.edges) - 1 for window, _ in good)
    smooth = savgol_filter(
        np.interp(np.arange(bins), known, logs), min(width, bins) // 2 * 2 - 1, 3
    )
    return np.asarray(np.exp(smooth))


def _block(
    windows: tuple[ScanWindow, ...], mean: Array, scale: Array, seed: int, first: int, last: int
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Largest q0, upward crossings, and whether all fits converged, of each pseudo-experiment."""
    counts = throw(mean, scale, seed, first, last)
    variances = counts * scale
    q0 = np.zeros((last - first, len(windows)))
    valid = np.ones(last - first, dtype=np.bool_)
    for place, window in enumerate(windows):
        fitted = window.enough(window.part(counts / scale))
        test = window.test
        rows, squares = (test.rows(window.part(part)[fitted]) for part in (counts, variances))
        many = run_many(test, rows, squares)
        q0[fitted, place] = many.q0
        valid[fitted] &= many.valid
    above = q0 >= LEVEL
    crossings = (above[:, 1:] & ~above[:, :-1]).sum(axis=1)
    return q0.max(axis=1), crossings.astype(np.float64), valid


def gross_vitells(q0: float, crossings: float) -> float:
    """Decimal logarithm of the global p-value of a largest q0, at most 0.

    Parameters
    ----------
    q0 : float
        The largest one.
    crossings : float
        Mean number of upward crossings of ``LEVEL`` by background alone.
    """
    if q0 <= LEVEL:
        return 0.0
    local = log10_p_value(math.sqrt(q0))
    if crossings == 0:
        return local
    elsewhere = math.log10(crossings) - 0.5 * (q0 - LEVEL) / math.log(10)
    larger = max(local, elsewhere)
    return min(larger + math.log10(10 ** (local - larger) + 10 ** (elsewhere - larger)), 0.0)
