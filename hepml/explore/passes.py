"""Two passes over the rows of a table: what the values are like, then the filled bins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column
from hepml.explore.binning import Spread, choose_edges
from hepml.explore.classes import RowClasses
from hepml.parts import to_numpy
from hepml.tables import FeatureTable

__all__ = ["PROBABILITIES", "Filled", "Survey", "fill_bins", "survey"]

Floats = NDArray[np.float64]
Batch = tuple[NDArray[np.int64], Floats, list[NDArray[np.float64]]]

PROBABILITIES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

# Rows of a class that are kept for quantiles; all of them where there are no more.
_KEPT = 40_000
# Range of the bins without tails, in every class.
_TAILS = (0.005, 0.99)
# Classes with fewer rows say nothing about the range.
_FEW = 20


@dataclass(slots=True, eq=False)
class Survey:
    """What the rows of one class are like; one entry a column where there is an array.

    Attributes
    ----------
    rows, negative : int
        Rows, and those of negative weight.
    weight : float
        Sum of weights.
    nan, infinite, defined : array of int64
        Rows whose value is NaN, infinite, and neither.
    sum_weights, sum_values : array of float64
        Sum of weights and of weights times values, of finite values.
    low, high : array of float64
        Least and greatest finite value.
    fractional : array of bool
        Whether some value is no whole number.
    kept, kept_weights : array
        Some rows, drawn at random, shape (rows, columns), and their weights.
    """

    rows: int
    negative: int
    weight: float
    nan: NDArray[np.int64]
    infinite: NDArray[np.int64]
    defined: NDArray[np.int64]
    sum_weights: Floats
    sum_values: Floats
    low: Floats
    high: Floats
    fractional: NDArray[np.bool_]
    kept: NDArray[np.float32]
    kept_weights: Floats
    draws: Floats = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def empty(cls, columns: int) -> Survey:
        """No rows yet."""
        return cls(
            rows=0,
            negative=0,
            weight=0.0,
            nan=np.zeros(columns, np.int64),
            infinite=np.zeros(columns, np.int64),
            defined=np.zeros(columns, np.int64),
            sum_weights=np.zeros(columns),
            sum_values=np.zeros(columns),
            low=np.full(columns, np.inf),
            high=np.full(columns, -np.inf),
            fractional=np.zeros(columns, np.bool_),
            kept=np.zeros((0, columns), np.float32),
            kept_weights=np.zeros(0),
        )

    def add(self, weights: Floats, columns: Sequence[Floats], random: np.random.Generator) -> None:
        """Count rows."""
        self.rows += len(weights)
        self.negative += int((weights < 0).sum())
        self.weight += float(weights.sum())
        for place, values in enumerate(columns):
            finite = np.isfinite(values)
            undefined = int(np.isnan(values).sum())
            good, own = values[finite], weights[finite]
            self.nan[place] += undefined
            self.defined[place] += len(good)
            self.infinite[place] += len(values) - len(good) - undefined
            if len(good):
                self.sum_weights[place] += own.sum()
                self.sum_values[place] += (own * good).sum()
                self.low[place] = min(self.low[place], good.min())
                self.high[place] = max(self.high[place], good.max())
                self.fractional[place] |= bool((good != np.rint(good)).any())
        self._keep(weights, columns, random)

    def _keep(
        self, weights: Floats, columns: Sequence[Floats], random: np.random.Generator
    ) -> None:
        """Keep the rows with the least of random numbers: every row has the same chance."""
        draws = random.random(len(weights))
        if len(self.draws) == _KEPT:
            chosen = np.flatnonzero(draws < self.draws.max())
        else:
            chosen = np.arange(len(draws))
        with np.errstate(over="ignore"):
            rows = [values[chosen].astype(np.float32) for values in columns]
        self.draws = np.concatenate([self.draws, draws[chosen]])
        self.kept = np.concatenate([self.kept, np.column_stack(rows)])
        self.kept_weights = np.concatenate([self.kept_weights, weights[chosen]])
        if len(self.draws) > _KEPT:
            least = np.sort(np.argpartition(self.draws, _KEPT)[:_KEPT])
            self.draws, self.kept = self.draws[least], self.kept[least]
            self.kept_weights = self.kept_weights[least]

    def finite(self, place: int) -> tuple[Floats, Floats]:
        """Kept finite values of a column, sorted, and their weights."""
        values = self.kept[:, place].astype(np.float64)
        order = np.argsort(values, kind="stable")
        order = order[np.isfinite(values[order])]
        return values[order], self.kept_weights[order]

    def quantiles(self, place: int) -> dict[str, float]:
        """Weighted quantiles; those of counts where weights add up to nothing."""
        values, weights = self.finite(place)
        if not len(values):
            return {}
        if weights.sum() <= 0:
            weights = np.ones(len(values))
        # a negative weight must not make the sum fall again
        share = np.maximum.accumulate(np.cumsum(weights)) / weights.sum()
        found = np.minimum(np.searchsorted(share, PROBABILITIES), len(values) - 1)
        return {f"{p:g}": float(values[i]) for p, i in zip(PROBABILITIES, found, strict=True)}


@dataclass(slots=True, eq=False)
class Filled:
    """Bins of one column; shapes (classes, bins) and (classes,)."""

    edges: Floats
    values: Floats
    variances: Floats
    below: Floats
    above: Floats
    squares: Floats


def _batches(
    table: FeatureTable, columns: Sequence[Column], classes: RowClasses, size: int
) -> Iterator[Batch]:
    reads = classes.reads
    for batch in table.batches([*reads, *(column.name for column in columns)], size):
        if len(batch):
            number, weights = classes.read(batch)
            values = [to_numpy(item).astype(np.float64) for item in batch.columns[len(reads) :]]
            yield number, weights, values


def survey(
    table: FeatureTable, columns: Sequence[Column], classes: RowClasses, size: int = 65_536
) -> Iterator[tuple[int, dict[int, Survey]]]:
    """First pass: yields the rows so far, and by class what they are like."""
    random = np.random.default_rng(0)
    found: dict[int, Survey] = {}
    rows = 0
    for number, weights, values in _batches(table, columns, classes, size):
        for item in np.unique(number).tolist():
            own = number == item
            known = found.setdefault(item, Survey.empty(len(columns)))
            known.add(weights[own], [column[own] for column in values], random)
        rows += len(number)
        yield rows, found


def edges_of(column: Column, place: int, found: Sequence[Survey]) -> tuple[Floats, bool]:
    """Edges of a column's bins, and whether it holds whole numbers; no edges without values."""
    used = [item for item in found if item.defined[place]]
    if not used:
        return np.zeros(0), False
    enough = [item for item in used if item.defined[place] >= _FEW] or used
    inner = np.array([np.quantile(item.finite(place)[0], _TAILS) for item in enough])
    whole = not any(item.fractional[place] for item in used)
    # momenta that happen to be whole numbers are none
    integer = np.dtype(column.dtype).kind in "biu" or (whole and not column.unit)
    spread = Spread(
        low=float(min(item.low[place] for item in used)),
        high=float(max(item.high[place] for item in used)),
        inner_low=float(inner[:, 0].min()),
        inner_high=float(inner[:, 1].max()),
        count=int(np.median([item.defined[place] for item in enough])),
        integer=integer,
        unit=column.unit,
    )
    return choose_edges(spread), integer


def fill_bins(
    table: FeatureTable,
    columns: Sequence[Column],
    classes: RowClasses,
    edges: Sequence[Floats],
    means: Floats,
    size: int = 65_536,
) -> Iterator[tuple[int, list[Filled]]]:
    """Second pass: yields the rows so far, and the bins of every column.

    Parameters
    ----------
    edges : sequence of array
        Edges of each column's bins; none: it is passed over.
    means : array of float64, shape (classes, columns)
        Means of the first pass, about which squares are summed.
    """
    count = len(means)
    filled = [
        Filled(
            edge,
            *(np.zeros((count, max(len(edge) - 1, 0))) for _ in range(2)),
            *(np.zeros(count) for _ in range(3)),
        )
        for edge in edges
    ]
    rows = 0
    for number, weights, values in _batches(table, columns, classes, size):
        for place, (column, into) in enumerate(zip(values, filled, strict=True)):
            finite = np.isfinite(column)
            if len(into.edges) and finite.any():
                own = number[finite]
                _fill(into, own, weights[finite], column[finite], means[own, place])
        rows += len(number)
        yield rows, filled


def _fill(
    into: Filled, number: NDArray[np.int64], weights: Floats, values: Floats, mean: Floats
) -> None:
    count, bins = into.values.shape
    place = np.searchsorted(into.edges, values, side="right")
    # the last bin holds its upper edge
    place[values == into.edges[-1]] = bins
    flat = number * (bins + 2) + place
    shape = (count, bins + 2)
    sums = np.bincount(flat, weights, count * (bins + 2)).reshape(shape)
    squares = np.bincount(flat, weights**2, count * (bins + 2)).reshape(shape)
    into.values += sums[:, 1:-1]
    into.variances += squares[:, 1:-1]
    into.below += sums[:, 0]
    into.above += sums[:, -1]
    into.squares += np.bincount(number, weights * (values - mean) ** 2, count)
