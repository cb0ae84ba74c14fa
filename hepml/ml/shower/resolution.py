"""Energy resolution: Gaussian fit, quantiles, and how it falls with energy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.results import Interval
from hepml.ml.shower.results import EnergyBin

__all__ = ["describe_bin", "fit_gaussian", "fit_resolution"]

Floats = NDArray[np.float64]

# The published histogram of (E_rec - E) / E and the range of its Gaussian fit.
EDGES = np.linspace(-1.0, 1.0, 21)
RANGE = 0.6
_FEW = 12


def describe_bin(
    true: Floats,
    reconstructed: Floats,
    counted: Floats,
    *,
    low: float,
    high: float,
    repeats: int = 200,
    seed: int = 0,
) -> EnergyBin:
    """Compare reconstructed and true energies of the showers of one bin.

    Parameters
    ----------
    true, reconstructed : array of float64
        Energies [GeV].
    counted : array of float64
        What the energy is made of.
    low, high : float
        Edges of the bin [GeV].
    repeats : int
        Draws of the bootstrap that gives the interval of the quantile width.
    seed : int
        Its seed.
    """
    relative = (reconstructed - true) / true
    size = len(relative)
    rms = float(relative.std(ddof=1)) if size > 1 else 0.0
    gauss = fit_gaussian(relative)
    rng = np.random.default_rng(seed)
    drawn = relative[rng.integers(0, size, (repeats, size))]
    widths = _half_width(drawn)
    counts = np.histogram(relative, EDGES)[0]
    width = float(_half_width(relative[None])[0])
    return EnergyBin(
        energy=float(true.mean()),
        low=low,
        high=high,
        showers=size,
        counted=float(counted.mean()),
        mean=Interval(value=float(relative.mean()), error=rms / np.sqrt(size)),
        median=float(np.median(relative)),
        rms=rms,
        quantile=Interval(
            value=width,
            low=float(np.quantile(widths, 0.16)),
            high=float(np.quantile(widths, 0.84)),
            error=float(widths.std()),
        ),
        gauss_mean=gauss[0] if gauss else None,
        gauss=gauss[1] if gauss else None,
        histogram=(tuple(np.round(EDGES, 6).tolist()), tuple(counts.tolist())),
    )


def _half_width(relative: Floats) -> Floats:
    """Half of the width between the quantiles that hold the middle 68.27 %, row by row."""
    low, high = np.quantile(relative, [0.15865, 0.84135], axis=1)
    return np.asarray(0.5 * (high - low))


def fit_gaussian(relative: Floats) -> tuple[Interval, Interval] | None:
    """Mean and width of a Gaussian fitted to the values within 0.6 of zero.

    Likelihood of the values themselves, of a Gaussian cut off at both ends of the range: binning
    and the cut do not bias it.

    Returns
    -------
    (Interval, Interval) or None
        ``None`` with fewer than 12 values, or without a minimum.
    """
    from iminuit import Minuit
    from scipy.stats import norm

    values = relative[np.abs(relative) < RANGE]
    if len(values) < _FEW:
        return None

    def cost(mean: float, sigma: float) -> float:
        inside = norm.cdf(RANGE, mean, sigma) - norm.cdf(-RANGE, mean, sigma)
        logs = norm.logpdf(values, mean, sigma) - np.log(max(float(inside), 1e-12))
        return float(-2.0 * logs.sum())

    fit = Minuit(cost, mean=float(np.median(values)), sigma=float(values.std()) or 0.1)
    fit.errordef = Minuit.LEAST_SQUARES
    fit.limits["mean"] = (-RANGE, RANGE)
    fit.limits["sigma"] = (1e-3, 2 * RANGE)
    fit.migrad()
    # the likelihood of a flat distribution has no width
    if not fit.valid or fit.values["sigma"] > 1.5 * RANGE:
        return None
    mean, sigma = (
        Interval(value=fit.values[name], error=fit.errors[name]) for name in ("mean", "sigma")
    )
    return mean, sigma


def fit_resolution(bins: Sequence[EnergyBin]) -> tuple[Interval, Interval, float] | None:
    """Fit sigma / E = a / sqrt(E / GeV) (+) b to the quantile widths.

    Returns
    -------
    (stochastic, constant, chi-square) or None
        ``None`` with fewer than three energies.
    """
    from iminuit import Minuit
    from iminuit.cost import LeastSquares

    used = [item for item in bins if item.quantile.value and item.quantile.error]
    if len(used) < 3:
        return None
    energy, width, error = (
        np.array(values, dtype=np.float64)
        for values in zip(
            *((item.energy, item.quantile.value, item.quantile.error) for item in used),
            strict=True,
        )
    )

    # in the squares, so that a term may be zero and still have an error
    def model(e: Floats, a2: float, b2: float) -> Floats:
        return np.sqrt(np.maximum(a2 / e + b2, 1e-12))

    # the published starting values
    fit = Minuit(LeastSquares(energy, width, error, model), a2=0.665**2, b2=0.014**2)
    fit.limits["a2", "b2"] = (0.0, 25.0)
    fit.migrad()
    if not fit.valid:
        return None
    fit.hesse()
    return _root(fit, "a2"), _root(fit, "b2"), float(fit.fval or 0.0)


def _root(fit: Any, name: str) -> Interval:
    """A term out of its square; the error is that towards larger values."""
    square, error = float(fit.values[name]), float(fit.errors[name])
    value = square**0.5
    return Interval(value=value, error=(square + error) ** 0.5 - value)
