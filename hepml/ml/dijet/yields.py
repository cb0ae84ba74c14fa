"""Deviance of yields at fixed masses: events like no signal are counted, the others kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.objective import MixtureObjective
from hepml.ml.dijet.yield_kernels import keep_events, log_ratios_on_line, yield_sums

__all__ = ["CUT", "Events", "Yields", "along"]

Array = NDArray[np.float64]
Singles = NDArray[np.float32]

CUT = -2.0
"""ln L below which sums of L and of its squares say all of an event, at yields below a tenth."""

# Yields that leave no background are no candidates.
_LARGEST = 0.999
_ROUNDS = 25
_CLOSE = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Density ratios of events at one pair of masses.

    Attributes
    ----------
    excess : array, shape (hypotheses, kept events)
        L - 1 of events that are like some signal.
    rest : int
        The other events.
    sums : array, shape (hypotheses,)
        Sums of L over the other events.
    squares : array, shape (hypotheses, hypotheses)
        Sums of products of L over the other events.
    """

    excess: Array
    rest: int
    sums: Array
    squares: Array


@dataclass(frozen=True, slots=True, eq=False)
class Yields:
    """Deviance as a function of the yields.

    Attributes
    ----------
    data : Events
        Of the data.
    reference : Events or None
        Of the reference, for the cross-entropy.
    prior : float
        ln of the numbers' ratio, data over reference.
    """

    data: Events
    reference: Events | None = None
    prior: float = 0.0

    def deviance(self, yields: Array) -> float:
        """Twice the loss; infinite where no background is left."""
        if not np.sum(yields) < 1:
            return float("inf")
        return self._sums(np.asarray(yields, np.float64))[0]

    def _sums(self, yields: Array) -> tuple[float, Array, Array]:
        gradient, information = np.zeros(len(yields)), np.zeros((len(yields), len(yields)))
        sides = [(self.data, 0)]
        if self.reference is not None:
            sides = [(self.data, 1), (self.reference, -1)]
        loss = sum(
            yield_sums(
                item.excess,
                item.rest,
                item.sums,
                item.squares,
                yields,
                kind,
                self.prior,
                gradient,
                information,
            )
            for item, kind in sides
        )
        return 2 * loss, gradient, information

    def best(self, start: Array | None = None) -> tuple[Array, float]:
        """Yields of the lowest deviance, and this, by Newton's method inside the limits.

        Parameters
        ----------
        start : array, shape (hypotheses,), optional
            Where to begin.

        Returns
        -------
        yields : array, shape (hypotheses,)
            None below 0.
        deviance : float
            Less that without signal: at most 0.
        """
        count = len(self.data.sums)
        nothing, slopes, _ = self._sums(np.zeros(count))
        if (slopes >= 0).all():
            return np.zeros(count), 0.0
        found = np.full(count, 1e-3 / count) if start is None else np.maximum(start, 1e-6)
        value, gradient, information = self._sums(found)
        for _ in range(_ROUNDS):
            step = _step(found, gradient, information)
            if -float(step @ gradient) < _CLOSE:
                break
            size = 1.0
            while size > 1e-4:
                tried = np.maximum(found + size * step, 0.0)
                if tried.sum() < _LARGEST:
                    new = self._sums(tried)
                    if new[0] <= value:
                        break
                size /= 2
            else:
                break
            found, (value, gradient, information) = tried, new
        return (found, value - nothing) if value < nothing else (np.zeros(count), 0.0)


def _step(yields: Array, gradient: Array, information: Array) -> Array:
    """Newton's step of those yields that are free to move."""
    free = (yields > 0) | (gradient < 0)
    step = np.zeros(len(yields))
    for _ in range(len(yields)):
        if not free.any():
            break
        part = information[np.ix_(free, free)]
        # two hypotheses may be alike
        part = part + 1e-9 * np.trace(part) * np.eye(len(part))
        step[:] = 0.0
        step[free] = np.linalg.solve(part, -gradient[free])
        # what is at 0 and would go on below stays, and the others go their way without it
        pushed = free & (yields <= 0) & (step < 0)
        if not pushed.any():
            break
        free = free & ~pushed
    return step


def along(
    objective: MixtureObjective, x: float, ys: Array, *, cut: float = CUT
) -> Iterator[Yields]:
    """Yields at one value of the first mass and many of the second [GeV].

    Parameters
    ----------
    objective : MixtureObjective
        Data, and reference where it has one.
    x : float
        First mass.
    ys : array
        Second masses.
    cut : float
        ln L below which an event is like no signal.
    """
    sides = [item for item in (objective.data, objective.reference) if item is not None]
    lines = [_line(grid, x) for grid in sides]
    prior = objective.prior
    for y in ys.tolist():
        events = []
        for grid, line in zip(sides, lines, strict=True):
            first, splines, _ = grid.axes[1].at(y)
            offsets = np.zeros(grid.hypotheses)
            if grid.kappa is not None:
                offsets = grid.kappa.at(x, y)[:, 0]
            events.append(_kept(line, first, splines, offsets, cut))
        yield Yields(events[0], events[1] if len(events) > 1 else None, prior)


def _line(grid: RatioGrid, x: float) -> Singles:
    """Coefficients of the splines of the second mass at one value of the first."""
    first, splines, _ = grid.axes[0].at(x)
    out = np.zeros((grid.hypotheses, *grid.coefficients.shape[2:]), np.float32)
    for place, weight in enumerate(splines.tolist()):
        # at a node itself some of them do not count
        if abs(weight) > 1e-12:
            out += np.float32(weight) * grid.coefficients[:, first + place]
    return out


def _kept(line: Singles, first: int, splines: Array, offsets: Array, cut: float) -> Events:
    hypotheses, _, events = line.shape
    log_ratios = np.empty((hypotheses, events), np.float32)
    log_ratios_on_line(line, first, splines, np.asarray(offsets, np.float64), log_ratios)
    # single precision does not hold more; what is beyond is exponentiated one by one
    ratios = np.exp(np.minimum(log_ratios, np.float32(80)))
    excess = np.empty((hypotheses, events))
    sums, squares = np.zeros(hypotheses), np.zeros((hypotheses, hypotheses))
    count = keep_events(log_ratios, ratios, float(np.exp(cut)), excess, sums, squares)
    return Events(np.ascontiguousarray(excess[:, :count]), events - count, sums, squares)
