"""Test one spectrum for a signal: background alone against background plus signal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, StatisticsError
from hepml.stats.backgrounds import Background
from hepml.stats.fit import Fitted, fit_model
from hepml.stats.likelihood import Likelihood
from hepml.stats.results import Excess, Spectrum
from hepml.stats.rows import Evaluate, Rows, bin_rows, counting_rows
from hepml.stats.signals import Peaks, PeakYield
from hepml.stats.significance import closed_form, log10_p_value, p_value
from hepml.windows import Binning

__all__ = ["Outcome", "SignalTest"]

Array = NDArray[np.float64]
SHIFT, STRETCH = (0.97, 1.03), (1 / 3, 3.0)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a test found.

    Attributes
    ----------
    excess : Excess
        Yields and significance.
    free : Fitted
        With signal: in a count that is the fit of the sidebands alone.
    null : Fitted
        Background alone, of sidebands and signal region together.
    likelihood : Likelihood
        The fitted rows.
    """

    excess: Excess
    free: Fitted
    null: Fitted
    likelihood: Likelihood

    @property
    def valid(self) -> bool:
        """Whether both fits converged."""
        return self.free.minimum.valid and self.null.minimum.valid

    @property
    def goodness(self) -> float:
        """Probability of a worse fit of the model with signal; in a count of the sidebands."""
        rows = len(self.likelihood.counts)
        return self.free.result(rows - (0 if self.free.signal.size else 1)).goodness


@dataclass(frozen=True)
class SignalTest:
    """The two models that are compared, without data.

    Attributes
    ----------
    binning : Binning
        Bins of the window.
    background : Background
        Family and degree.
    peaks : Peaks or None
        Shape of the signal; ``None``: the signal region is one count, and the signal may be
        anything in it.
    evaluate : {"centre", "integral"}
        How a count's sideband bins see the background; a shape is always integrated.
    free_mass, free_width : bool
        Whether the peaks may shift together, by 3 % either way, or change their width, by a
        factor of 3. The significance is then a local one.
    """

    binning: Binning
    background: Background
    peaks: Peaks | None = None
    evaluate: Evaluate = "centre"
    free_mass: bool = False
    free_width: bool = False

    def __post_init__(self) -> None:
        rows = len(self.fitted_rows.starts)
        size = self.background.degree + 1
        if rows - 1 < size:
            raise ParameterError(
                f"{rows - 1} bins cannot fix a background of degree {self.background.degree}, "
                f"which has {size} parameters. Use more bins or a lower degree."
            )

    # --- rows -------------------------------------------------------------------------------

    @cached_property
    def fitted_rows(self) -> Rows:
        """What is fitted: for a count the sideband bins, then the whole signal region."""
        if self.peaks is None:
            return counting_rows(self.binning, self.evaluate)
        return bin_rows(self.binning)

    @cached_property
    def sideband_rows(self) -> Rows:
        """The sideband bins of a count."""
        last = int(self.fitted_rows.starts[-1])
        rows = self.fitted_rows
        return Rows(rows.nodes[:last], rows.weights[:last], rows.starts[:-1])

    @cached_property
    def region_rows(self) -> Rows:
        """The whole signal region as one row."""
        inner = self.binning.edges[self.binning.start : self.binning.stop + 1]
        rows = bin_rows(Binning(inner, 0, len(inner) - 1))
        return Rows(rows.nodes, rows.weights, np.zeros(1, dtype=np.int64))

    @cached_property
    def _bins(self) -> Rows:
        return bin_rows(self.binning)

    @cached_property
    def template(self) -> Array:
        """Share of the signal in each row; the whole in the signal region's row for a count."""
        if self.peaks is None:
            unit = np.zeros(len(self.fitted_rows.starts))
            unit[-1] = 1.0
            return unit
        return self.peaks.template(np.asarray(self.binning.edges))

    def rows(self, per_bin: Array) -> Array:
        """Sums over bins brought to what is fitted: for a count, sidebands and then one sum.

        The bins are the last axis.
        """
        if self.peaks is not None:
            return np.asarray(per_bin, dtype=np.float64)
        start, stop = self.binning.start, self.binning.stop
        inner = per_bin[..., start:stop].sum(axis=-1, keepdims=True)
        parts = [per_bin[..., :start], per_bin[..., stop:], inner]
        return np.concatenate(parts, axis=-1).astype(np.float64)

    # --- fits -------------------------------------------------------------------------------

    def run(self, counts: Array, variances: Array | None = None) -> Outcome:
        """Fit both models.

        Parameters
        ----------
        counts, variances : array
            Sums of weights and of squared weights, per bin or as :meth:`rows` gives them;
            ``variances`` may be left out for unit weights.

        Raises
        ------
        StatisticsError
            If there is nothing to fit.
        """
        if len(counts) == len(self.binning.edges) - 1:
            counts = self.rows(np.asarray(counts))
            variances = None if variances is None else self.rows(np.asarray(variances))
        likelihood = Likelihood(counts, counts if variances is None else variances)
        return self._count(likelihood) if self.peaks is None else self._shape(likelihood)

    def fit_null(self, likelihood: Likelihood, start: Array | None = None) -> Fitted:
        """Fit the background alone to all rows."""
        return fit_model(self.background, self.fitted_rows, likelihood, start=start)

    def fit_sidebands(self, likelihood: Likelihood) -> Fitted:
        """Fit the background to the sidebands alone (of a count)."""
        side = Likelihood(likelihood.counts[:-1], likelihood.variances[:-1])
        if not side.counts.sum() > 0:
            raise StatisticsError(
                "There are no events in the sidebands, so no background can be had from them."
            )
        return fit_model(self.background, self.sideband_rows, side)

    def _count(self, likelihood: Likelihood) -> Outcome:
        free = self.fit_sidebands(likelihood)
        null = self.fit_null(likelihood, start=_inside(free))
        background, error = (float(values[0]) for values in free.integral(self.region_rows))
        observed = float(likelihood.counts[-1])
        spread = math.hypot(math.sqrt(float(likelihood.variances[-1])), error)
        return self._outcome(
            likelihood, free, null, observed, (observed - background, spread), (background, error)
        )

    def _shape(self, likelihood: Likelihood) -> Outcome:
        if self.peaks is None:
            raise StatisticsError("A test without peaks has no shape.")
        null = self.fit_null(likelihood)
        signal = PeakYield(
            self.peaks,
            np.asarray(self.binning.edges),
            free_mass=self.free_mass,
            free_width=self.free_width,
        )
        excess = float(((likelihood.counts - null.expected) * self.template).sum())
        ranges = [SHIFT] * self.free_mass + [STRETCH] * self.free_width
        free = fit_model(
            self.background,
            self.fitted_rows,
            likelihood,
            signal,
            signal_start=(excess / float((self.template**2).sum()), *(1.0 for _ in ranges)),
            signal_limits=[None, *ranges] if ranges else None,
            start=_inside(null),
        )
        background, error = (float(values[0]) for values in free.integral(self.region_rows))
        place = len(free.coefficients)
        spread = math.sqrt(max(float(free.minimum.covariance[place, place]), 0.0))
        start, stop = self.binning.start, self.binning.stop
        observed = float(likelihood.counts[start:stop].sum())
        return self._outcome(
            likelihood, free, null, observed, (float(free.signal[0]), spread), (background, error)
        )

    def _outcome(
        self,
        likelihood: Likelihood,
        free: Fitted,
        null: Fitted,
        observed: float,
        signal: tuple[float, float],
        background: tuple[float, float],
    ) -> Outcome:
        q0 = max(null.deviance - free.deviance, 0.0) if signal[0] > 0 else 0.0
        significance = math.sqrt(q0)
        scale = float(likelihood.scale[-1])
        excess = Excess(
            observed=observed,
            S=signal[0],
            sigma_S=signal[1],
            B=background[0],
            sigma_B=background[1],
            q0=q0,
            Z=significance,
            p=p_value(significance),
            log10_p=log10_p_value(significance),
            Z_closed=closed_form(observed / scale, background[0] / scale, background[1] / scale),
        )
        return Outcome(excess, free, null, likelihood)

    # --- what is drawn ----------------------------------------------------------------------

    def spectrum(self, outcome: Outcome, counts: Array, variances: Array) -> Spectrum:
        """Data, background and signal per bin."""
        expected, error = outcome.free.integral(self._bins)
        signal = () if self.peaks is None else tuple(self._signal(outcome).tolist())
        return Spectrum(
            edges=self.binning.edges,
            start=self.binning.start,
            stop=self.binning.stop,
            counts=tuple(np.asarray(counts, dtype=np.float64).tolist()),
            variances=tuple(np.asarray(variances, dtype=np.float64).tolist()),
            background=tuple(expected.tolist()),
            background_error=tuple(error.tolist()),
            signal=signal,
        )

    def _signal(self, outcome: Outcome) -> Array:
        """Fitted signal per bin (of a shape)."""
        if self.peaks is None:
            return self.template
        shift, stretch = self.fitted_shape(outcome)
        edges = np.asarray(self.binning.edges)
        return outcome.excess.S * self.peaks.template(edges, shift, stretch)

    def fitted_shape(self, outcome: Outcome) -> tuple[float, float]:
        """Fitted factors on the masses and on the width; 1 where they are fixed."""
        rest = iter(outcome.free.signal[1:].tolist())
        shift = next(rest) if self.free_mass else 1.0
        return shift, next(rest) if self.free_width else 1.0

    def expected(self, outcome: Outcome) -> float:
        """Median significance for the fitted signal and background (the Asimov data set)."""
        size = max(outcome.excess.S, 0.0)
        rows, _ = outcome.free.integral(self.fitted_rows)
        asimov = np.maximum(rows, 0.0) + size * self.template
        return self.run(asimov, asimov * outcome.likelihood.scale).excess.Z


def _inside(fitted: Fitted) -> Array | None:
    """Coefficients to start another fit from; a constrained fit ends on an edge: start afresh."""
    return None if fitted.constrained else fitted.coefficients
