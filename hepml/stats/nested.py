"""Look elsewhere over working points: how often some cut on a score is as significant by chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import StatisticsError
from hepml.stats.backgrounds import Background
from hepml.stats.excess import SignalTest
from hepml.stats.many import run_many
from hepml.stats.parallel import Progress, run_blocks
from hepml.stats.results import HuntRow, Toys
from hepml.stats.toys import summarise, throw
from hepml.stats.trials import LEVEL, gross_vitells

__all__ = ["Nested", "nested_toys"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Nested:
    """Pseudo-experiments of nested cuts.

    Attributes
    ----------
    points : tuple of Toys
        The p-value of each working point by itself.
    largest : Toys
        That of the most significant one, wherever it is.
    upcrossings : float
        Mean number of upward crossings of ``hepml.stats.trials.LEVEL`` by q0, from the tightest
        cut to the loosest.
    log10_p : float
        Decimal logarithm of the global p-value: the share of pseudo-experiments, or where none
        reaches the data, from the crossings (Gross and Vitells, arXiv:1005.1891, equation 3).
    method : {"toys", "upcrossings"}
        Which of the two.
    """

    points: tuple[Toys, ...]
    largest: Toys
    upcrossings: float
    log10_p: float
    method: Literal["toys", "upcrossings"]


def nested_toys(
    test: SignalTest,
    rows: Sequence[HuntRow],
    number: int,
    *,
    seed: int = 0,
    workers: int = 2,
    progress: Progress | None = None,
) -> Nested:
    """Local and global p-values of cuts of which each keeps part of what the one before kept.

    The events of a pseudo-experiment are thrown once: those between two cuts are independent, and
    a tighter cut sees what is left of the same events. So the correlation of the working points is
    that of the data. Expected is at each cut the background fitted to sidebands and signal region
    together; where a tighter cut would expect more than a looser one, the tighter one is believed.
    The score itself is not trained anew.

    Parameters
    ----------
    test : SignalTest
        The test of all rows (a count, with unit weights).
    rows : sequence of HuntRow
        Fitted working points of one score, from the loosest to the tightest.
    number : int
        Pseudo-experiments.
    seed, workers, progress
        See :func:`~hepml.stats.toys.background_toys`.

    Raises
    ------
    StatisticsError
        If there is no working point, or one was not fitted.
    """
    observed = np.array([_observed(row) for row in rows])
    if not len(observed):
        raise StatisticsError("There is no working point to make pseudo-experiments of.")
    expected = np.array([_null(test, row) for row in rows])
    above = np.maximum.accumulate(expected[::-1], axis=0)
    slices = np.diff(above, axis=0, prepend=np.zeros((1, above.shape[1])))
    task = partial(_block, test, slices, seed)
    blocks = run_blocks(
        task, number, workers=workers, progress=progress, what="toys of all working points"
    )
    q0, valid = (np.concatenate(parts)[:, ::-1] for parts in zip(*blocks, strict=True))
    whole = valid.all(axis=1)
    points = tuple(
        summarise(q0[valid[:, k], k], int((~valid[:, k]).sum()), observed[k], seed)
        for k in range(len(rows))
    )
    best = float(observed.max())
    largest = summarise(q0[whole].max(axis=1), int((~whole).sum()), best, seed)
    high = q0[whole] >= LEVEL
    crossings = float((high[:, :-1] & ~high[:, 1:]).sum(axis=1).mean()) if whole.any() else 1.0
    reached = largest.p_low > 0
    log10_p = math.log10(largest.p) if reached else gross_vitells(best, crossings)
    return Nested(points, largest, crossings, log10_p, "toys" if reached else "upcrossings")


def _observed(row: HuntRow) -> float:
    if row.excess is None:
        raise StatisticsError(f"{row.selection} was not fitted: {row.status}")
    return row.excess.q0


def _null(test: SignalTest, row: HuntRow) -> Array:
    """Counts that the background alone expects, of sidebands and signal region."""
    if row.joint is None:
        raise StatisticsError(f"{row.selection} was not fitted: {row.status}")
    own = test.background
    background = Background(row.joint.family, row.joint.degree, own.left, own.right)
    size = row.joint.degree + 1
    theta = np.asarray(row.joint.parameters[:size])
    return np.maximum(background.component(test.fitted_rows).evaluate(theta)[0], 0.0)


def _block(
    test: SignalTest, slices: Array, seed: int, first: int, last: int
) -> tuple[Array, NDArray[np.bool_]]:
    """q0 of each pseudo-experiment and cut, and whether the fits converged; tightest first."""
    size, rows = slices.shape
    flat = slices.ravel()
    parts = throw(flat, np.ones_like(flat), seed, first, last)
    counts = parts.reshape(last - first, size, rows).cumsum(axis=1).reshape(-1, rows)
    many = run_many(test, counts, counts)
    shape = (last - first, size)
    return many.q0.reshape(shape), many.valid.reshape(shape)
