"""Density ratios of events at all masses: known on a grid, smooth in between, normalised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError, ParameterError
from hepml.ml.dijet.kappa import Kappa
from hepml.ml.dijet.kernels import log_ratios_on_grid, mixture_sums
from hepml.ml.dijet.ratios import log_kappa
from hepml.ml.dijet.splines import Axis

__all__ = ["Kappa", "RatioGrid"]

Array = NDArray[np.float64]
Singles = NDArray[np.float32]

# Columns of a product of matrices at once: 12 x 12 nodes in double precision stay below 100 MB.
_BLOCK = 65_536


class RatioGrid:
    """ln L of events under each hypothesis of the signal, as a function of up to two masses.

    Between the nodes ln L is a cubic spline in each mass, with continuous second derivatives.

    Parameters
    ----------
    log_ratios : array, shape (hypotheses, nodes of x, nodes of y, events)
        ln L, or logits to be normalised, at the nodes. Dimensions of masses that there are not
        may be left out.
    masses : mapping of str to array, optional
        Names and nodes of up to two masses [GeV], x first.
    names : sequence of str, optional
        Names of the hypotheses.
    symmetric : bool
        Whether ln L stays the same where the masses are exchanged: the first is then the larger.

    Raises
    ------
    ParameterError
        If the shapes disagree, or axes of a symmetric grid differ.
    ModelError
        If a value is not finite.
    """

    def __init__(
        self,
        log_ratios: NDArray[Any],
        masses: Mapping[str, NDArray[Any]] | None = None,
        *,
        names: Sequence[str] | None = None,
        symmetric: bool = False,
    ) -> None:
        values = np.asarray(log_ratios)
        given = [Axis(name, np.asarray(nodes)) for name, nodes in (masses or {}).items()]
        if len(given) > 2:
            raise ParameterError("Density ratios depend on two masses at most.")
        shape = tuple(len(axis.nodes) for axis in given)
        if values.ndim != len(given) + 2 or values.shape[1:-1] != shape:
            raise ParameterError(
                f"Density ratios of shape {values.shape} do not fit nodes of masses {shape}: "
                "(hypotheses, nodes..., events) is needed."
            )
        if symmetric and not (len(given) == 2 and np.array_equal(given[0].nodes, given[1].nodes)):
            raise ParameterError("A symmetric grid needs two masses with the same nodes.")
        if not np.isfinite(values).all():
            raise ModelError("Density ratios must be finite, and some are not.")
        fixed = [Axis(f"unused_{place}", np.zeros(1)) for place in range(2 - len(given))]
        self.axes: tuple[Axis, Axis] = (*given, *fixed)  # type: ignore[assignment]
        self.symmetric = symmetric
        self.kappa: Kappa | None = None
        hypotheses, events = len(values), values.shape[-1]
        sizes = (hypotheses, *(len(axis.nodes) for axis in self.axes), events)
        self.coefficients = _coefficients(values.reshape(sizes), self.axes)
        self.names = tuple(names or (f"signal_{place + 1}" for place in range(hypotheses)))
        if len(self.names) != hypotheses:
            raise ParameterError(f"{hypotheses} hypotheses have {len(self.names)} names.")

    def __len__(self) -> int:
        return int(self.coefficients.shape[-1])

    @property
    def hypotheses(self) -> int:
        """How many hypotheses of the signal there are."""
        return len(self.names)

    def _copy(self, coefficients: Singles, kappa: Kappa | None) -> RatioGrid:
        found = object.__new__(RatioGrid)
        found.axes, found.symmetric, found.names = self.axes, self.symmetric, self.names
        found.coefficients, found.kappa = coefficients, kappa
        return found

    def take(self, rows: NDArray[Any]) -> RatioGrid:
        """Some of the events, by mask or number; a number may occur more than once."""
        return self._copy(np.ascontiguousarray(self.coefficients[..., rows]), self.kappa)

    def only(self, name: str) -> RatioGrid:
        """The same events under one hypothesis.

        Raises
        ------
        ParameterError
            If there is no such hypothesis.
        """
        if name not in self.names:
            raise ParameterError(f"There is no hypothesis {name!r}: {', '.join(self.names)}.")
        place = self.names.index(name)
        kappa = self.kappa
        if kappa is not None:
            kappa = replace(kappa, coefficients=kappa.coefficients[place : place + 1])
        found = self._copy(self.coefficients[place : place + 1], kappa)
        found.names = (name,)
        return found

    def with_kappa(self, kappa: Kappa | None) -> RatioGrid:
        """The same events, normalised."""
        if kappa is not None and len(kappa.coefficients) != self.hypotheses:
            raise ParameterError("The normalisation belongs to other hypotheses.")
        return self._copy(self.coefficients, kappa)

    def worst_mean(self, weights: Array | None = None, *, points: int = 40, seed: int = 0) -> float:
        """Largest distance from 1 of the mean of L over these events, at masses drawn at random.

        For background events, with their weights if they have any; those that made the
        normalisation agree to rounding, others to their statistical error.
        """
        rng = np.random.default_rng(seed)
        worst = 0.0
        for _ in range(points if any(axis.free for axis in self.axes) else 1):
            x, y = (float(rng.uniform(axis.low, axis.high)) for axis in self.axes)
            means = np.expm1(-log_kappa(self.log_ratios(x, y), weights))
            worst = max(worst, float(np.abs(means).max()))
        return worst

    def log_ratios(self, x: float = 0.0, y: float = 0.0) -> Singles:
        """ln L at a point, shape (hypotheses, events).

        Raises
        ------
        ParameterError
            If the masses lie outside the grid.
        """
        (i, wx, _), (j, wy, _) = self.axes[0].at(x), self.axes[1].at(y)
        out = np.empty((self.hypotheses, len(self)), np.float32)
        log_ratios_on_grid(self.coefficients, i, j, wx, wy, out)
        if self.kappa is not None:
            out += self.kappa.at(x, y)[:, :1].astype(np.float32)
        return out

    def sums(
        self, yields: Array, x: float = 0.0, y: float = 0.0, *, kind: int = 0, prior: float = 0.0
    ) -> tuple[float, Array, Array]:
        """Sum over the events of a loss of ln(1 + sum of s (L - 1)), with its derivatives.

        Parameters
        ----------
        yields : array, shape (hypotheses,)
            s: share of each hypothesis in the data, adding up to mu.
        x, y : float
            Masses [GeV]; left out where there are none.
        kind, prior
            Which loss, see `hepml.ml.dijet.kernels.mixture_sums`.

        Returns
        -------
        loss : float
        gradient : array, shape (hypotheses + 3,)
            By the yields, x, y and the prior.
        information : array, shape (hypotheses + 3, hypotheses + 3)
        """
        splines, slopes = np.zeros((2, 4)), np.zeros((2, 4))
        first = [0, 0]
        for place, mass in enumerate((x, y)):
            first[place], values, grown = self.axes[place].at(mass)
            splines[place, : len(values)], slopes[place, : len(grown)] = values, grown
        offsets = np.zeros((self.hypotheses, 3))
        if self.kappa is not None:
            offsets = np.ascontiguousarray(self.kappa.at(x, y))
        gradient = np.empty(self.hypotheses + 3)
        information = np.empty((self.hypotheses + 3, self.hypotheses + 3))
        used = np.asarray(yields, np.float64)
        loss = mixture_sums(
            self.coefficients,
            first[0],
            first[1],
            splines,
            slopes,
            offsets,
            used,
            kind,
            prior,
            gradient,
            information,
        )
        return float(loss), gradient, information


def _coefficients(values: NDArray[Any], axes: tuple[Axis, Axis]) -> Singles:
    """Coefficients of B-splines; the events in blocks, since this is done in double precision."""
    out = np.empty(values.shape, np.float32)
    first, second = (axis.coefficients() for axis in axes)
    step = max(_BLOCK // (values.shape[1] * values.shape[2]), 1)
    for start in range(0, values.shape[-1], step):
        part = values[..., start : start + step].astype(np.float64)
        along_x = np.tensordot(first, part, axes=(1, 1))  # (x, hypotheses, y, events)
        both = np.tensordot(second, along_x, axes=(1, 2))  # (y, x, hypotheses, events)
        out[..., start : start + step] = both.transpose(2, 1, 0, 3)
    return out
