"""What a mixture fit minimises: likelihood of data, or cross-entropy of data and reference."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError, ParameterError
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.mixture import alpha_names, log_prior_ratio, shares

__all__ = ["LARGEST", "Loss", "MixtureObjective"]

Array = NDArray[np.float64]
Sums = tuple[float, Array, Array]
Loss = Literal["likelihood", "cross-entropy"]

LARGEST = 1 - 1e-6
"""Largest signal fraction: at 1 events without any signal-like feature would be impossible."""


class MixtureObjective:
    """Deviance of (masses, mu, alpha...), its gradient and its information matrix.

    Parameters
    ----------
    data : RatioGrid
        Density ratios of the data.
    reference : RatioGrid, optional
        Density ratios of background events, in any number; for the cross-entropy alone.
    loss : {"likelihood", "cross-entropy"}
        -2 ln likelihood of the data over that of background, or twice the cross-entropy of data
        and reference.
    background_ratio : float, optional
        Background events of the reference over those of the data, where the sample was made such
        that this is known (1 as published). Otherwise the numbers of events are taken as they are.

    Raises
    ------
    ModelError
        If there are no events.
    ParameterError
        If the reference is missing, or of other hypotheses.
    """

    def __init__(
        self,
        data: RatioGrid,
        reference: RatioGrid | None = None,
        *,
        loss: Loss = "likelihood",
        background_ratio: float | None = None,
    ) -> None:
        if loss not in ("likelihood", "cross-entropy"):
            raise ParameterError(
                f"There is no loss {loss!r}: it is 'likelihood' or 'cross-entropy'."
            )
        if not len(data) or (reference is not None and not len(reference)):
            raise ModelError("A mixture is fitted to events, and there are none.")
        if loss == "cross-entropy" and reference is None:
            raise ParameterError("The cross-entropy needs a reference: background events.")
        if reference is not None and reference.names != data.names:
            raise ParameterError(
                f"Data know the hypotheses {data.names}, the reference {reference.names}."
            )
        if background_ratio is not None and not background_ratio > 0:
            raise ParameterError(f"background_ratio must be positive, not {background_ratio}.")
        self.data, self.loss = data, loss
        self.reference = reference if loss == "cross-entropy" else None
        self.background_ratio = background_ratio
        self._last: tuple[bytes, Sums] = (b"", (0.0, np.empty(0), np.empty((0, 0))))
        axes = [axis for axis in data.axes if axis.free]
        alphas = alpha_names(data.hypotheses)
        self.masses = len(axes)
        self.names = (*(axis.name for axis in axes), "mu", *alphas)
        self.lower = np.array([*(axis.low for axis in axes), 0.0, *(0.0 for _ in alphas)])
        self.upper = np.array([*(axis.high for axis in axes), LARGEST, *(1.0 for _ in alphas)])

    @property
    def prior(self) -> float:
        """Logarithm of the numbers' ratio, data over reference, without signal."""
        return self._log_prior(0.0)[0]

    def point(self, theta: Array) -> tuple[float, float]:
        """Masses, those of axes with a single node included."""
        free = iter(theta[: self.masses].tolist())
        x, y = (next(free) if axis.free else axis.low for axis in self.data.axes)
        return x, y

    def _log_prior(self, mu: float) -> tuple[float, float]:
        """ln of the numbers' ratio, data over reference, and its derivative by mu."""
        if self.background_ratio is not None:
            return -float(np.log(self.background_ratio) + np.log1p(-mu)), 1 / (1 - mu)
        reference = 1 if self.reference is None else len(self.reference)
        return log_prior_ratio(len(self.data), reference), 0.0

    def _sums(self, theta: Array) -> Sums:
        """Deviance, gradient and information, of the last point from memory."""
        key = theta.tobytes()
        if key != self._last[0]:
            self._last = (key, self._compute(theta))
        return self._last[1]

    def _compute(self, theta: Array) -> Sums:
        mu = float(theta[self.masses])
        share, slopes = shares(theta[self.masses + 1 :])
        count = self.data.hypotheses
        prior, prior_slope = self._log_prior(mu)
        # derivatives of yields, masses and prior by the parameters
        chain = np.zeros((count + 3, len(theta)))
        for row, place in enumerate(p for p in (0, 1) if self.data.axes[p].free):
            chain[count + place, row] = 1.0
        chain[:count, self.masses] = share
        chain[:count, self.masses + 1 :] = mu * slopes
        if self.reference is None:
            loss, gradient, information = self.data.sums(mu * share, *self.point(theta))
        else:
            chain[count + 2, self.masses] = prior_slope
            first, second = (
                grid.sums(mu * share, *self.point(theta), kind=kind, prior=prior)
                for grid, kind in ((self.data, 1), (self.reference, -1))
            )
            loss = first[0] + second[0]
            gradient, information = first[1] + second[1], first[2] + second[2]
        return 2 * loss, 2 * chain.T @ gradient, chain.T @ information @ chain

    def evaluate(self, theta: Array) -> tuple[float, Array]:
        """Deviance and its gradient."""
        deviance, gradient, _ = self._sums(theta)
        return deviance, gradient

    def information(self, theta: Array) -> Array:
        """Information of the parameters: products of slopes of the events."""
        return self._sums(theta)[2]
