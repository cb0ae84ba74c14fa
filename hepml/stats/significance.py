"""Significances and p-values, far into the tail, and the closed form for a count."""

from __future__ import annotations

import math

from scipy.special import ndtri_exp
from scipy.stats import norm

__all__ = ["closed_form", "log10_p_value", "p_value", "significance_of", "significance_of_log10"]


def p_value(significance: float) -> float:
    """One-sided p-value of a significance; 0 where it is below what a double holds.

    From the logarithm, which SciPy carries further than the survival function itself.
    """
    return math.exp(float(norm.logsf(significance)))


def log10_p_value(significance: float) -> float:
    """Decimal logarithm of the one-sided p-value; finite however significant."""
    return float(norm.logsf(significance) / math.log(10))


def significance_of(p: float) -> float:
    """Significance of a one-sided p-value; 0 for p of at least one half."""
    return float(norm.isf(min(max(p, 5e-324), 0.5)))


def significance_of_log10(log10_p: float) -> float:
    """Significance of the decimal logarithm of a one-sided p-value; 0 for p of at least one half.

    The inverse of :func:`log10_p_value`, also where the p-value itself is below what a double
    holds.
    """
    return max(-float(ndtri_exp(log10_p * math.log(10))), 0.0) if log10_p < 0 else 0.0


def closed_form(observed: float, background: float, error: float) -> float:
    """Significance of a count over a background that is known with an error.

    The asymptotic formula for an auxiliary Poisson measurement of the background (Cowan,
    "Discovery sensitivity for a counting experiment with background uncertainty", 2012,
    equation 20); for a weighted count divide all by sum(w^2)/sum(w) first.

    Parameters
    ----------
    observed, background, error : float
        Observed and expected events, and the standard error of the expectation.

    Returns
    -------
    float
        0 where there is no excess.
    """
    excess = observed - background
    if not excess > 0:
        return 0.0
    # a background of zero is taken as a tiny one: the logarithms must exist
    b, v = max(background, 1e-12), error**2
    if v < 1e-9 * b:
        q = observed * math.log(observed / b) - (observed - b)
    else:
        q = observed * math.log(observed * (b + v) / (b**2 + observed * v))
        q -= b**2 / v * math.log1p(v * (observed - b) / (b * (b + v)))
    return math.sqrt(max(2 * q, 0.0))
