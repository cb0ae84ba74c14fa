"""Fit one peak on a smooth background: the diphoton mass spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml import __version__
from hepml.errors import ParameterError, StatisticsError
from hepml.stats.backgrounds import Background
from hepml.stats.excess import SignalTest
from hepml.stats.results import PeakFit
from hepml.stats.signals import TAIL_POWER, TAIL_START, Peaks, Shape
from hepml.windows import Binning

__all__ = ["HIGGS_MASS", "HIGGS_WIDTH", "fit_peak", "fit_spectrum"]

# Of the published open-data analysis [GeV]: a Gaussian of the detector's resolution at 125 GeV.
HIGGS_MASS, HIGGS_WIDTH = 125.0, 2.39

# The yield of background is given in this many widths on either side of the peak.
REACH = 2.0


def fit_peak(
    masses: NDArray[Any],
    *,
    weights: NDArray[Any] | None = None,
    low: float = 105.0,
    high: float = 160.0,
    bins: int = 55,
    **options: Any,
) -> PeakFit:
    """Bin masses and fit one peak on a smooth background.

    Parameters
    ----------
    masses : array of shape (n,)
        Masses [GeV].
    weights : array of shape (n,), optional
        Event weights.
    low, high : float
        Fitted range [GeV]; the upper edge is excluded.
    bins : int
        Bins of equal width.
    **options
        As in :func:`fit_spectrum`.
    """
    if not low < high or bins < 1:
        raise ParameterError(
            f"A mass fit needs low < high and at least one bin, not {low}, {high} and {bins}."
        )
    values = np.asarray(masses, dtype=np.float64)
    if not np.isfinite(values).all():
        raise StatisticsError(
            f"{int((~np.isfinite(values)).sum())} of {values.size} masses are not finite."
        )
    edges = np.linspace(low, high, bins + 1)
    whole = Binning(tuple(edges.tolist()), 0, bins)
    counts, variances = whole.count(values, weights)
    return fit_spectrum(edges, counts, variances, **options)


def fit_spectrum(
    edges: NDArray[Any],
    counts: NDArray[Any],
    variances: NDArray[Any] | None = None,
    *,
    mass: float = HIGGS_MASS,
    width: float = HIGGS_WIDTH,
    free_mass: bool = False,
    free_width: bool = False,
    signal: Shape = "gaussian",
    tails: tuple[float, float] = (TAIL_START, TAIL_POWER),
    degree: int = 3,
    background: str = "polynomial",
    source: Mapping[str, Any] | None = None,
) -> PeakFit:
    """Fit one peak on a smooth background to a histogram.

    Parameters
    ----------
    edges : array of shape (bins + 1,)
        Bin edges [GeV].
    counts, variances : array of shape (bins,)
        Sums of weights and of squared weights; ``variances`` may be left out for unit weights.
    mass, width : float
        Position and standard deviation of the peak [GeV]; where the fit starts if they are free.
    free_mass, free_width : bool
        Whether the fit may move them (by 3 %, by a factor of 3); the significance is then local.
    signal : {"gaussian", "crystal-ball"}
        Shape of the peak.
    tails : tuple of float
        Where the tails of a Crystal Ball begin [widths], and their power: 2 for a Breit-Wigner.
    degree, background
        As in :func:`hepml.stats.bumphunt.hunt`.
    source : mapping, optional
        Where the data came from, for the record.

    Raises
    ------
    ParameterError
        If the peak lies outside the range, or a parameter makes no sense.
    StatisticsError
        If there is nothing to fit.
    """
    values = np.asarray(edges, dtype=np.float64)
    if not (values[0] < mass < values[-1] and width > 0):
        raise ParameterError(
            f"The peak (mass {mass:g} GeV, width {width:g} GeV) does not lie within "
            f"{values[0]:g}-{values[-1]:g} GeV."
        )
    numbers = np.asarray(counts, dtype=np.float64)
    squares = numbers if variances is None else np.asarray(variances, dtype=np.float64)
    inside = np.searchsorted(values, [mass - REACH * width, mass + REACH * width])
    start, stop = max(int(inside[0]) - 1, 0), min(int(inside[1]), len(numbers))
    test = SignalTest(
        Binning(tuple(values.tolist()), start, stop),
        Background(background, degree, float(values[0]), float(values[-1])),
        Peaks((mass,), width / mass, (1.0,), signal, (tails[0],) * 2, (tails[1],) * 2),
        free_mass=free_mass,
        free_width=free_width,
    )
    outcome = test.run(numbers, squares)
    fit = outcome.free.result(len(numbers))
    shift, stretch = test.fitted_shape(outcome)
    error = dict(zip(fit.names, fit.errors, strict=True))
    relative = np.hypot(error.get("shift", 0.0) / shift, error.get("stretch", 0.0) / stretch)
    notes = ["The significance is local: the peak was free to move."] if free_mass else []
    return PeakFit(
        version=__version__,
        source=dict(source or {}),
        settings={
            "degree": degree,
            "background": background,
            "bins": len(numbers),
            "free_mass": free_mass,
            "free_width": free_width,
            **({"tails": list(tails)} if signal == "crystal-ball" else {}),
        },
        signal=signal,
        mass=mass * shift,
        mass_error=mass * error.get("shift", 0.0),
        width=width * shift * stretch,
        width_error=float(width * shift * stretch * relative),
        excess=outcome.excess,
        fit=fit,
        spectrum=test.spectrum(outcome, numbers, squares),
        notes=(*notes, *([outcome.null.minimum.message] if not outcome.valid else [])),
    )
