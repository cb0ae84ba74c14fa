"""The binned Poisson likelihood, scaled where events have weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hepml.errors import StatisticsError

__all__ = ["Likelihood"]

Array = NDArray[np.float64]

# Below this many (effective) events a row's deviance goes on as a parabola, so that a linear
# model may pass through zero on its way to the minimum; the fit then checks its sign.
FLOOR = 1e-4


class Likelihood:
    """Deviance of expected counts: -2 ln(likelihood / likelihood of the data themselves).

    With weights each row is a scaled Poisson (Bohm and Zech, arXiv:1309.1287): counts and
    expectation are divided by c = (sum of squared weights) / (sum of weights); 1 for empty rows.
    Unit weights are the ordinary Poisson.

    Parameters
    ----------
    counts, variances : array of shape (rows,)
        Sums of weights and of squared weights.

    Raises
    ------
    StatisticsError
        If a row's sum of weights is negative, or not finite.
    """

    def __init__(self, counts: Array, variances: Array) -> None:
        counts = np.asarray(counts, dtype=np.float64)
        variances = np.asarray(variances, dtype=np.float64)
        if not (np.isfinite(counts).all() and np.isfinite(variances).all()):
            raise StatisticsError("Some bins hold weights that are not finite; remove them first.")
        if (counts < 0).any():
            first = int(np.argmax(counts < 0))
            raise StatisticsError(
                f"The weights of bin {first} add up to {counts[first]:g}. A Poisson likelihood "
                "needs sums of at least 0: use wider bins, or drop the events of negative weight."
            )
        if (variances[counts > 0] <= 0).any():
            raise StatisticsError("A bin with events needs a variance above 0.")
        self.counts, self.variances = counts, variances
        self.scale = np.where(counts > 0, variances / np.where(counts > 0, counts, 1.0), 1.0)
        self._n = counts / self.scale
        safe = np.where(self._n > 0, self._n, 1.0)
        self._saturated = float(2 * np.sum(self._n * np.log(safe) - self._n))

    @property
    def typical_scale(self) -> Array:
        """Scale of each row, for counts that are thrown: the average one for empty rows."""
        average = self.variances.sum() / max(float(self.counts.sum()), 1e-300)
        return np.where(self.counts > 0, self.scale, average or 1.0)

    def deviance(self, expected: Array) -> tuple[float, Array]:
        """Deviance and its derivative by each row's expected count."""
        n, scaled = self._n, expected / self.scale
        used = np.maximum(scaled, FLOOR)
        terms = 2 * (used - n * np.log(used))
        slope = 2 * (1 - n / used)
        low = scaled < FLOOR
        if low.any():
            step, bend = (scaled - FLOOR)[low], 2 * (n[low] / FLOOR**2 + 1 / FLOOR)
            terms[low] += slope[low] * step + 0.5 * bend * step**2
            slope[low] += bend * step
        return float(terms.sum()) + self._saturated, slope / self.scale

    def information(self, expected: Array, derivative: Array, *, observed: bool) -> Array:
        """Information matrix of the parameters, observed or expected (Fisher).

        The second derivative of half the deviance without the model's own curvature: exact for
        a linear model.
        """
        scaled = np.maximum(expected / self.scale, FLOOR)
        size = (self._n if observed else scaled) / (scaled * self.scale) ** 2
        return np.asarray(derivative.T @ (derivative * size[:, None]))
