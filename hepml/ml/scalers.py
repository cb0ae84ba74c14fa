"""Monotone transformers of features, each with its exact inverse and its derivative."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri
from sklearn.base import BaseEstimator, TransformerMixin

__all__ = ["STEPS", "Cushion", "Gaussianise", "Logit", "MinMax", "Scaler", "Standardise"]

Array = NDArray[np.float64]


class Scaler(TransformerMixin, BaseEstimator):
    """A rising function of each feature: what all transformers here share.

    Inputs and outputs are float64 of shape (rows, features). Beyond scikit-learn's methods there
    is the logarithm of the derivative, and JSON values instead of pickles.
    """

    kind: ClassVar[str]
    learned: ClassVar[tuple[str, ...]] = ()
    """Attributes that ``fit`` sets."""

    def fit(self, X: Array, y: Any = None) -> Self:  # noqa: N803
        """Learn from finite rows."""
        self.n_features_in_ = int(np.shape(X)[1])
        return self

    def transform(self, X: Array) -> Array:  # noqa: N803
        """Forward."""
        raise NotImplementedError

    def inverse_transform(self, X: Array) -> Array:  # noqa: N803
        """Backward, exactly; infinities give the ends of the domain."""
        raise NotImplementedError

    def log_derivative(self, X: Array) -> Array:  # noqa: N803
        """ln of the derivative by feature, at inputs of ``transform``."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Kind, parameters and learned values."""
        learned = {name: getattr(self, name).tolist() for name in self.learned}
        return {
            "kind": self.kind,
            "features": self.n_features_in_,
            "parameters": self.get_params(),
            "learned": learned,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """What ``to_json`` gave, again."""
        made = cls(**found["parameters"])
        made.n_features_in_ = found["features"]
        for name in cls.learned:
            setattr(made, name, np.asarray(found["learned"][name], dtype=np.float64))
        return made


class MinMax(Scaler):
    """Scale the range seen in training to (0, 1), with room above the maximum.

    Parameters
    ----------
    inflation : float
        A maximum of at least 0 is multiplied by it; a negative one is kept (as published).
    """

    kind = "minmax"
    learned = ("low_", "high_")

    def __init__(self, inflation: float = 1.2) -> None:
        self.inflation = inflation

    def fit(self, X: Array, y: Any = None) -> Self:  # noqa: N803
        """Learn minimum and maximum."""
        top = X.max(axis=0)
        self.low_: Array = X.min(axis=0)
        self.high_: Array = np.where(top >= 0, self.inflation * top, top)
        return super().fit(X)

    def transform(self, X: Array) -> Array:  # noqa: N803
        """Forward."""
        return np.asarray((X - self.low_) / (self.high_ - self.low_))

    def inverse_transform(self, X: Array) -> Array:  # noqa: N803
        """Backward."""
        return np.asarray(X * (self.high_ - self.low_) + self.low_)

    def log_derivative(self, X: Array) -> Array:  # noqa: N803
        """ln of the derivative."""
        return np.broadcast_to(-np.log(self.high_ - self.low_), X.shape)


class Cushion(Scaler):
    """Shrink (0, 1) by a cushion at either end, so that the logit stays finite.

    Parameters
    ----------
    size : float
        Width of a cushion; the published one is 0.02.
    """

    kind = "cushion"

    def __init__(self, size: float = 0.02) -> None:
        self.size = size

    def transform(self, X: Array) -> Array:  # noqa: N803
        """Forward."""
        return np.asarray((1 - 2 * self.size) * X + self.size)

    def inverse_transform(self, X: Array) -> Array:  # noqa: N803
        """Backward."""
        return np.asarray((X - self.size) / (1 - 2 * self.size))

    def log_derivative(self, X: Array) -> Array:  # noqa: N803
        """ln of the derivative."""
        return np.full(X.shape, np.log(1 - 2 * self.size))


class Logit(Scaler):
    """``ln(v / (1 - v + guard))``, defined for 0 < v < 1 + guard; NaN outside.

    Parameters
    ----------
    guard : float
        The published code's 1e-4. Its own inverse forgets it; this one does not.
    """

    kind = "logit"

    def __init__(self, guard: float = 1e-4) -> None:
        self.guard = guard

    def _within(self, v: Array) -> Array:
        top = 1 + self.guard
        return np.where((v > 0) & (v < top), v, np.nan)

    def transform(self, X: Array) -> Array:  # noqa: N803
        """Forward."""
        v = self._within(X)
        return np.asarray(np.log(v) - np.log(1 - v + self.guard))

    def inverse_transform(self, X: Array) -> Array:  # noqa: N803
        """Backward."""
        return np.asarray((1 + self.guard) * expit(X))

    def log_derivative(self, X: Array) -> Array:  # noqa: N803
        """ln of the derivative."""
        v = self._within(X)
        return np.asarray(np.log1p(self.guard) - np.log(v) - np.log(1 - v + self.guard))


class Standardise(Scaler):
    """Mean 0 and standard deviation 1 (of the population)."""

    kind = "standardise"
    learned = ("mean_", "scale_")

    def fit(self, X: Array, y: Any = None) -> Self:  # noqa: N803
        """Learn mean and standard deviation."""
        self.mean_: Array = X.mean(axis=0)
        self.scale_: Array = X.std(axis=0)
        return super().fit(X)

    def transform(self, X: Array) -> Array:  # noqa: N803
        """Forward."""
        return np.asarray((X - self.mean_) / self.scale_)

    def inverse_transform(self, X: Array) -> Array:  # noqa: N803
        """Backward."""
        return np.asarray(X * self.scale_ + self.mean_)

    def log_derivative(self, X: Array) -> Array:  # noqa: N803
        """ln of the derivative."""
        return np.broadcast_to(-np.log(self.scale_), X.shape)


class Gaussianise(Scaler):
    """Map each feature to a normal distribution by its own quantiles.

    Between the knots, and beyond them with the slope of the nearest segments, the function is
    linear, so that it can be inverted exactly. It takes any tail and any edge.

    Parameters
    ----------
    knots : int
        Most knots; they are at equal distances in the normal variable. There are no more than
        twice the cube root of the number of rows (Rice's rule for histograms).
    least : int
        Least rows between two knots, but for the outermost.
    """

    kind = "gaussianise"
    learned = ("x_", "g_", "last_")

    def __init__(self, knots: int = 60, least: int = 10) -> None:
        self.knots = knots
        self.least = least

    def fit(self, X: Array, y: Any = None) -> Self:  # noqa: N803
        """Learn the quantiles."""
        features = X.shape[1]
        self.x_: Array = np.zeros((features, self.knots))
        self.g_: Array = np.zeros((features, self.knots))
        last = np.zeros(features)
        for number in range(features):
            x, g = _quantiles(X[:, number], self.knots, self.least)
            count = len(x)
            self.x_[number, :count], self.g_[number, :count] = x, g
            last[number] = count - 1
        self.last_: Array = last
        return super().fit(X)

    def _column(self, number: int) -> tuple[Array, Array]:
        count = int(self.last_[number]) + 1
        return self.x_[number, :count], self.g_[number, :count]

    def transform(self, X: Array) -> Array:  # noqa: N803
        """Forward."""
        return np.column_stack(
            [_line(X[:, n], *self._column(n)) for n in range(self.n_features_in_)]
        )

    def inverse_transform(self, X: Array) -> Array:  # noqa: N803
        """Backward."""
        return np.column_stack(
            [_line(X[:, n], *self._column(n)[::-1]) for n in range(self.n_features_in_)]
        )

    def log_derivative(self, X: Array) -> Array:  # noqa: N803
        """ln of the derivative."""
        found = np.empty(X.shape)
        for number in range(self.n_features_in_):
            x, g = self._column(number)
            slope = np.diff(g) / np.diff(x)
            found[:, number] = np.log(slope[_segment(X[:, number], x)])
        return found


def _quantiles(values: Array, knots: int, least: int) -> tuple[Array, Array]:
    """Knots (values, normal scores), both strictly rising."""
    ordered = np.sort(values)
    size = len(ordered)
    inner = min(max(least / size, 0.5 / size), 0.25)
    edge = ndtri(0.5 / size)
    count = min(knots, round(2 * size ** (1 / 3))) - 2
    scores = np.linspace(ndtri(inner), -ndtri(inner), max(count, 2))
    scores = np.concatenate([[edge], scores, [-edge]]) if edge < scores[0] else scores
    x = np.interp(ndtr(scores) * size - 0.5, np.arange(size), ordered)
    # detectors round: equal values share the knot in the middle of their scores
    distinct, place = np.unique(x, return_inverse=True)
    middle = np.bincount(place, scores) / np.bincount(place)
    return distinct, middle


def _segment(values: Array, knots: Array) -> NDArray[np.int64]:
    """Number of the segment of each value; those outside belong to the outermost."""
    return np.clip(np.searchsorted(knots, values, side="right") - 1, 0, len(knots) - 2)


def _line(values: Array, start: Array, end: Array) -> Array:
    """Piecewise linear map of knots to knots, extended at both ends."""
    n = _segment(values, start)
    slope = (end[n + 1] - end[n]) / (start[n + 1] - start[n])
    return np.asarray(end[n] + (values - start[n]) * slope)


STEPS: dict[str, type[Scaler]] = {
    step.kind: step for step in (MinMax, Cushion, Logit, Standardise, Gaussianise)
}
"""Transformers by the name they have in JSON."""
