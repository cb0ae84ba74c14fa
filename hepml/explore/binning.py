"""Bins that show a distribution whatever its tails: round edges, whole numbers in the middle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Spread", "choose_edges"]

Floats = NDArray[np.float64]

_MOST_UNIT_BINS = 45


@dataclass(frozen=True, slots=True)
class Spread:
    """What is known of the values of a column.

    Attributes
    ----------
    low, high : float
        Least and greatest value.
    inner_low, inner_high : float
        Range without the tails, over all classes.
    count : int
        Finite values in a typical class.
    integer : bool
        Whether all of them are whole numbers.
    unit : str
        Unit of the column.
    """

    low: float
    high: float
    inner_low: float
    inner_high: float
    count: int
    integer: bool
    unit: str = ""


def choose_edges(spread: Spread) -> Floats:
    """Edges of about 10 to 50 bins of one width.

    Whole numbers get bins around them. Tails are cut off where they would squeeze the rest; angles
    keep their whole range; a range that nearly begins at 0 does.
    """
    if spread.integer:
        return _integer_edges(spread)
    if spread.unit == "rad" and (full := _angles(spread)) is not None:
        return full
    low, high = _limits(spread)
    if high <= low:
        # a constant: so that it stands in the middle of some bin
        step = _nice(0.1 * abs(low) or 1.0)
        return np.asarray(low + step * (np.arange(11) - 5.5) / 5)
    step = _nice((high - low) / _target(spread.count))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return np.asarray(np.arange(first, last + 1) * step)


def _target(count: int) -> int:
    """Bins that so many values can fill, within limits."""
    return int(np.clip(3 * count ** (1 / 3), 15, 45))


def _limits(spread: Spread) -> tuple[float, float]:
    low, high = spread.inner_low, spread.inner_high
    width = high - low
    if width <= 0:
        # one value is nearly all there is: show the others
        low, high = spread.low, spread.high
        width = high - low
    # no tail is cut off for a few per cent of the range
    if low - spread.low < 0.1 * width:
        low = spread.low
    if spread.high - high < 0.1 * width:
        high = spread.high
    if spread.low >= 0 and low < 0.2 * high:
        low = 0.0
    return low, high


def _integer_edges(spread: Spread) -> Floats:
    low, high = math.floor(spread.inner_low), math.ceil(spread.inner_high)
    if spread.high - spread.low < _MOST_UNIT_BINS:
        low, high = int(spread.low), int(spread.high)
    elif spread.low >= 0 and low < 0.2 * high:
        low = 0
    if high == low:
        # a single bin would look like a flat line
        low, high = low - 1, high + 1
    step = 1
    if high - low >= _MOST_UNIT_BINS:
        step = max(int(_nice((high - low) / 40)), 1)
        low = step * (low // step)
    bins = (high - low) // step + 1
    return np.asarray(low - 0.5 + step * np.arange(bins + 1, dtype=np.float64))


def _angles(spread: Spread) -> Floats | None:
    """The whole circle, or half of it, where values fill most of it."""
    bins = 2 * (_target(spread.count) // 2)
    width = spread.high - spread.low
    if -math.pi - 1e-3 <= spread.low and spread.high <= math.pi + 1e-3:
        # float32 has values beyond pi
        end = float(np.nextafter(np.float32(math.pi), np.float32(4.0)))
        if spread.low >= 0 and width > 0.8 * math.pi:
            return np.linspace(0.0, end, bins + 1)
        if width > 1.6 * math.pi:
            return np.linspace(-end, end, bins + 1)
    return None


def _nice(width: float) -> float:
    """The closest round number: 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(width))
    return power * min(
        (1.0, 2.0, 2.5, 5.0, 10.0), key=lambda item: abs(math.log(item * power / width))
    )
