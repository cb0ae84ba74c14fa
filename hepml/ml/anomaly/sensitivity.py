"""What a search could see, from sidebands alone: the signal region is not looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from hepml.errors import StatisticsError
from hepml.ml.anomaly.pieces import ExpectedPoint, Sensitivity
from hepml.stats.backgrounds import Background
from hepml.stats.excess import SignalTest
from hepml.stats.likelihood import Likelihood
from hepml.stats.rows import bin_rows
from hepml.stats.significance import closed_form
from hepml.windows import Window

__all__ = ["expected_sensitivity"]

Array = NDArray[np.float64]
EVIDENCE, DISCOVERY = 3.0, 5.0


def expected_sensitivity(
    masses: Array,
    window: Window,
    rates: Sequence[float],
    *,
    degree: int | None = None,
    bins: int = 11,
    background: str = "polynomial",
) -> Sensitivity:
    """Background expected at each working point, and the signal that would be seen above it.

    A cut that lets a share f of the sideband data pass leaves f B of the background and, since
    the sidebands shrink alike, an error of sqrt(f) sigma_B. The median significance of S events
    is the closed form for a count over such a background.

    Parameters
    ----------
    masses : array of shape (n,)
        Masses [GeV]; those in the signal region are dropped before anything is computed.
    window : Window
        Signal region and sidebands.
    rates : sequence of float
        False-positive rates.
    degree, bins, background
        Of the sideband fit; see :func:`hepml.stats.hunt`.

    Raises
    ------
    StatisticsError
        If the sidebands are empty or expect no background.
    """
    order = window.degree if degree is None else degree
    family = Background(background, order, window.left, window.right)
    test = SignalTest(window.binning(bins), family)
    values = np.asarray(masses, np.float64)
    below = values[(values >= window.left) & (values < window.low)]
    above = values[(values >= window.high) & (values < window.right)]
    counts, _ = test.binning.count(np.concatenate([below, above]))
    rows = test.rows(counts)
    fit = test.fit_sidebands(Likelihood(rows, rows))
    expected, sigma = (float(part[0]) for part in fit.integral(test.region_rows))
    if not expected > 0:
        raise StatisticsError(
            "The sideband fit expects no background in the signal region. Use a lower degree, or "
            "more events."
        )
    curve, error = fit.integral(bin_rows(test.binning))
    return Sensitivity(
        sidebands=(len(below), len(above)),
        degree=order,
        bins=bins,
        goodness=fit.result(len(rows) - 1).goodness,
        points=tuple(_point(rate, expected, sigma) for rate in sorted(set(rates), reverse=True)),
        edges=test.binning.edges,
        counts=tuple(counts.tolist()),
        background=tuple(curve.tolist()),
        background_error=tuple(error.tolist()),
        start=test.binning.start,
        stop=test.binning.stop,
    )


def _point(rate: float, background: float, sigma: float) -> ExpectedPoint:
    b, error = rate * background, np.sqrt(rate) * sigma
    return ExpectedPoint(
        fpr=rate,
        B=b,
        sigma_B=float(error),
        evidence=_signal_for(EVIDENCE, b, float(error)),
        discovery=_signal_for(DISCOVERY, b, float(error)),
    )


def _signal_for(wanted: float, background: float, error: float) -> float:
    """Signal events whose median significance is the wanted one."""

    def missing(signal: float) -> float:
        return closed_form(background + signal, background, error) - wanted

    # so many events are seen whatever the background's error, of up to half of it
    top = 1.0
    while missing(top) < 0 and top < 1e12:
        top *= 2
    return float(brentq(missing, 0.0, top))
