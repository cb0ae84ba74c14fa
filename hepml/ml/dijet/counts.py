"""How many events a weakly supervised sample is made of."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from hepml.errors import ModelError, ParameterError

__all__ = ["Counts", "Short", "count_events", "signal_shares"]

logger = logging.getLogger(__name__)

Short = Literal["shrink", "error"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many events a sample is made of.

    Attributes
    ----------
    reference, background : int
        Background events in the reference and in the data.
    signal : tuple of int
        Signal events in the data, by mode.
    wanted : float
        Signal fraction S/(S+B) of the data that was asked for.
    notes : tuple of str
        What a reader must know: where less was made than was asked for.
    """

    reference: int
    background: int
    signal: tuple[int, ...]
    wanted: float
    notes: tuple[str, ...] = ()

    @property
    def data(self) -> int:
        """Events of the data."""
        return self.background + sum(self.signal)

    @property
    def fraction(self) -> float:
        """Signal fraction of the data as made; 0 without data."""
        return sum(self.signal) / self.data if self.data else 0.0


def signal_shares(modes: int, alpha: float | Sequence[float] | None) -> tuple[float, ...]:
    """Share of each mode in the signal.

    Parameters
    ----------
    modes : int
        How many decay modes there are.
    alpha : float, sequence of float or None
        Share of the second mode where there are two, of all but the first where there are more.
        ``None`` for one mode, and for that alone.

    Raises
    ------
    ParameterError
        If alpha is missing, superfluous or no share.
    """
    given = () if alpha is None else tuple(np.atleast_1d(np.asarray(alpha, float)).tolist())
    if modes < 1:
        raise ParameterError("At least one decay mode of the signal is needed.")
    if len(given) != modes - 1:
        raise ParameterError(
            f"{modes} decay mode(s) need {modes - 1} value(s) of alpha, and {len(given)} are given."
        )
    if not all(0 <= share <= 1 for share in given) or sum(given) > 1 + 1e-12:
        raise ParameterError(f"alpha must be shares of the signal from 0 to 1, not {alpha}.")
    return (max(1.0 - sum(given), 0.0), *given)


def count_events(
    background: int,
    available: Sequence[int],
    mu: float,
    alpha: float | Sequence[float] | None = None,
    *,
    short: Short = "shrink",
    rng: np.random.Generator | None = None,
) -> Counts:
    """Split the background in halves and add signal to one of them.

    Reference and data get half of the background each, rounded down; the signal is
    N(data background) mu / (1 - mu), rounded down, and its modes are rounded down again: as
    arXiv:2405.08889 does it.

    Parameters
    ----------
    background : int
        Background events that there are.
    available : sequence of int
        Signal events that there are, by mode.
    mu : float
        Signal fraction S/(S+B) of the data, from 0 to below 1.
    alpha : float or sequence of float, optional
        See :func:`signal_shares`.
    short : {"shrink", "error"}
        Where there is too little signal: smaller halves with a note, or an error.
    rng : numpy Generator, optional
        Let the events of the data fluctuate by Poisson's law around these numbers. The reference
        gives way where the data's background needs more than half.

    Raises
    ------
    ParameterError
        If mu or alpha is out of range.
    ModelError
        If there is no background, or too little signal and that is an error.
    """
    if not 0 <= mu < 1:
        raise ParameterError(f"mu is a signal fraction S/(S+B), from 0 to below 1, not {mu}.")
    shares = signal_shares(len(available), alpha)
    half = background // 2
    if not half:
        raise ModelError(f"{background} background events cannot be split in two halves.")
    total = _floor(half * mu / (1 - mu))
    wanted = tuple(_floor(total * share) for share in shares)
    counts = Counts(half, half, wanted, mu)
    if any(need > there for need, there in zip(wanted, available, strict=True)):
        counts = _shrunk(counts, available, shares, short)
    return counts if rng is None else _fluctuated(counts, background, available, shares, rng)


def _floor(value: float) -> int:
    # 10 * (1 - 0.9) is 0.9999999999999998 and means 1
    return math.floor(value * (1 + 1e-12) + 1e-12)


def _shrunk(
    counts: Counts, available: Sequence[int], shares: tuple[float, ...], short: Short
) -> Counts:
    """The largest sample of the wanted fraction that the signal suffices for."""
    text = (
        f"mu = {counts.wanted:g} needs {' + '.join(map(str, counts.signal))} signal events for "
        f"{counts.background:,} of background, and there are "
        f"{' + '.join(map(str, available))}."
    )
    most = min(
        _floor(there / share) for there, share in zip(available, shares, strict=True) if share > 0
    )
    half = min(_floor(most * (1 - counts.wanted) / counts.wanted), counts.background)
    if short == "error" or not half:
        raise ModelError(f"{text} Give more signal, a smaller mu, or allow a smaller sample.")
    note = f"{text} Reference and data were reduced to {half:,} background events each."
    logger.warning(note)
    return replace(
        counts,
        reference=half,
        background=half,
        signal=tuple(_floor(most * share) for share in shares),
        notes=(note,),
    )


def _fluctuated(
    counts: Counts,
    background: int,
    available: Sequence[int],
    shares: tuple[float, ...],
    rng: np.random.Generator,
) -> Counts:
    expected = counts.background * counts.wanted / (1 - counts.wanted)
    drawn = min(int(rng.poisson(counts.background)), background)
    signal = [int(rng.poisson(expected * share)) for share in shares]
    kept = tuple(min(pair) for pair in zip(signal, available, strict=True))
    notes = counts.notes
    if kept != tuple(signal):
        note = (
            f"The signal fluctuated to {' + '.join(map(str, signal))} events, and there are "
            f"{' + '.join(map(str, available))}: all of them are used."
        )
        logger.warning(note)
        notes = (*notes, note)
    return replace(
        counts,
        reference=min(counts.reference, background - drawn),
        background=drawn,
        signal=kept,
        notes=notes,
    )
