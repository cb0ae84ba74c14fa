"""Which events weakly supervised samples are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.keys import key_position
from hepml.ml.dijet.counts import Counts, Short, count_events, signal_shares

__all__ = ["Composition", "Counts", "assemble", "compose", "count_events", "signal_shares"]

Ints = NDArray[np.int64]
_SALT = 0x44494A45


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """Which events a sample is made of: row numbers of the arrays of keys.

    Attributes
    ----------
    reference, background : array of int64
        Rows of the background, none in both.
    signal : tuple of array of int64
        Rows of each mode's signal.
    counts : Counts
        How many they are.
    """

    reference: Ints
    background: Ints
    signal: tuple[Ints, ...]
    counts: Counts


def compose(
    background: Sequence[NDArray[Any]],
    signal: Sequence[Sequence[NDArray[Any]]],
    mu: float,
    alpha: float | Sequence[float] | None = None,
    *,
    seed: int = 0,
    poisson: bool = False,
    nested: bool = False,
    short: Short = "shrink",
) -> Composition:
    """Choose the events of a weakly supervised sample by their keys.

    The same event is chosen or not in whatever order the events are read.

    Parameters
    ----------
    background : sequence of arrays
        Key columns of the background.
    signal : sequence of sequences of arrays
        Key columns of each mode's signal.
    mu, alpha : float
        See :func:`count_events`.
    seed : int
        Another seed gives another choice.
    poisson : bool
        Let the numbers of the data fluctuate.
    nested : bool
        Let the signal of a small mu be part of that of a larger one; otherwise another mu is
        another choice, and points of a scan are less correlated.
    short : {"shrink", "error"}
        See :func:`count_events`.

    Raises
    ------
    ParameterError, ModelError
        See :func:`count_events`.
    """
    bits = 0 if nested else int(np.float64(mu).view(np.uint64))
    sizes = [len(keys[0]) if len(keys) else 0 for keys in signal]
    size = len(background[0]) if len(background) else 0
    rng = np.random.default_rng([seed, _SALT, bits]) if poisson else None
    counts = count_events(size, sizes, mu, alpha, short=short, rng=rng)
    order = _order(background, seed ^ _SALT)
    last = counts.reference + counts.background
    chosen = tuple(
        _order(keys, seed ^ _SALT ^ bits ^ (mode + 1))[:number]
        for mode, (keys, number) in enumerate(zip(signal, counts.signal, strict=True))
    )
    return Composition(order[: counts.reference], order[counts.reference : last], chosen, counts)


def _order(keys: Sequence[NDArray[Any]], seed: int) -> Ints:
    """Rows in the order of the hash of their keys."""
    if not len(keys):
        return np.empty(0, np.int64)
    return np.argsort(key_position([np.asarray(k) for k in keys], seed), kind="stable")


def assemble(
    composition: Composition,
    background: NDArray[Any],
    signal: Sequence[NDArray[Any]],
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """The rows of a sample in one array.

    Parameters
    ----------
    composition : Composition
        Which rows.
    background : array, shape (events, ...)
        Values of all background events.
    signal : sequence of arrays
        Values of all signal events of each mode.

    Returns
    -------
    values : array
        Reference, background of the data, signal of the data.
    data : array of int64
        1 for data, 0 for the reference: what a weak classifier may know.
    truth : array of int64
        0 for background, 1, 2... for the modes of the signal: what it may not.
    """
    parts = [background[composition.reference], background[composition.background]]
    parts += [values[rows] for values, rows in zip(signal, composition.signal, strict=True)]
    sizes = [len(part) for part in parts]
    data = np.repeat([0, *[1] * (len(parts) - 1)], sizes)
    truth = np.repeat([0, 0, *range(1, len(parts) - 1)], sizes)
    return np.concatenate(parts), data.astype(np.int64), truth.astype(np.int64)
