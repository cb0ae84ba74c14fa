"""Take out of z what is simple: its marginals, its trend with the condition, its correlations.

What is left is close to a standard normal and hardly depends on the condition, so that a model
without a network can learn the rest, and can cross the gap between two sidebands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from hepml.ml.scalers import Gaussianise

__all__ = ["Residuals"]

Array = NDArray[np.float64]

# A scale never falls below this share of the overall one, wherever its trend is extrapolated to.
LEAST_SCALE = 0.2


class Residuals:
    """z to residuals r and back, given the condition.

    Each feature is mapped to a normal distribution by its quantiles; mean and logarithm of the
    scale are polynomials of the condition; a triangular matrix takes out the correlations.

    Parameters
    ----------
    degree : int
        Degree of the trends.
    """

    mean: Array
    scale: Array
    least: Array
    mixing: Array

    def __init__(self, degree: int = 2) -> None:
        self.degree = degree

    def fit(self, z: Array, condition: Array, weight: Array) -> Self:
        """Learn from rows."""
        self.marginals = Gaussianise().fit(z)
        g = self.marginals.transform(z)
        self.low, self.high = float(condition.min()), float(condition.max())
        if not self.high > self.low:
            self.high = self.low + 1.0
        basis = self._basis(condition)
        root = np.sqrt(weight)[:, None]
        self.mean = np.asarray(np.linalg.lstsq(basis * root, g * root, rcond=None)[0])
        rest = g - basis @ self.mean
        overall = np.maximum(np.sqrt((weight[:, None] * rest**2).mean(axis=0)), 1e-12)
        self.least = np.log(LEAST_SCALE * overall)
        # E ln|r| of a normal variable is -0.635: the trend is right where residuals are normal
        size = np.log(np.maximum(np.abs(rest), 1e-3 * overall))
        self.scale = np.linalg.lstsq(basis * root, size * root, rcond=None)[0]
        self.scale[0] += np.log(overall) - (weight[:, None] * (basis @ self.scale)).mean(axis=0)
        rest = rest / np.exp(self._log_scale(basis))
        self.mixing = np.asarray(np.linalg.cholesky(_covariance(rest, weight)))
        return self

    def _basis(self, condition: Array) -> Array:
        x = (2 * condition - self.low - self.high) / (self.high - self.low)
        # a condition far outside keeps the trend of the range's end
        return np.asarray(legendre.legvander(np.clip(x, -1.2, 1.2), self.degree))

    def _log_scale(self, basis: Array) -> Array:
        return np.maximum(basis @ self.scale, self.least)

    def forward(self, z: Array, condition: Array) -> tuple[Array, Array]:
        """Residuals, and ln |dr/dz| of each row."""
        basis = self._basis(condition)
        g = self.marginals.transform(z)
        scale = self._log_scale(basis)
        rest = (g - basis @ self.mean) / np.exp(scale)
        slope = (self.marginals.log_derivative(z) - scale).sum(axis=1)
        r: Array = np.asarray(np.linalg.solve(self.mixing, rest.T).T, dtype=np.float64)
        return r, slope - np.log(np.diag(self.mixing)).sum()

    def backward(self, r: Array, condition: Array) -> Array:
        """z of residuals."""
        basis = self._basis(condition)
        g = basis @ self.mean + np.exp(self._log_scale(basis)) * (r @ self.mixing.T)
        return self.marginals.inverse_transform(g)

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        arrays = {name: getattr(self, name).tolist() for name in _ARRAYS}
        return {
            "degree": self.degree,
            "range": [self.low, self.high],
            "marginals": self.marginals.to_json(),
            **arrays,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """What ``to_json`` gave, again."""
        made = cls(found["degree"])
        made.low, made.high = found["range"]
        made.marginals = Gaussianise.from_json(found["marginals"])
        for name in _ARRAYS:
            setattr(made, name, np.asarray(found[name], dtype=np.float64))
        return made


_ARRAYS = ("mean", "scale", "least", "mixing")


def _covariance(rest: Array, weight: Array) -> Array:
    """Weighted covariance about zero, kept away from singular."""
    found = (rest * weight[:, None]).T @ rest / weight.sum()
    floor = 1e-6 * float(np.trace(found)) / len(found)
    return np.asarray(found + floor * np.eye(len(found)))
