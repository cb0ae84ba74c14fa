"""Smooth background under a peak: a weighted least-squares polynomial through the sidebands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

__all__ = ["SidebandFit", "fit_sidebands", "peak_window"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SidebandFit:
    """Result of a fit.

    Attributes
    ----------
    expected, errors : arrays of float
        Background and its uncertainty in every bin, in events.
    inside : array of bool
        Bins of the window that were left out of the fit.
    chi2 : float
        Pearson's chi-square of the fitted bins.
    ndf : int
        Fitted bins minus parameters.
    modes : array of float
        Independent shifts of one standard deviation, shape (parameters, bins), in events; their
        squares add up to ``errors`` squared.
    """

    expected: Floats
    errors: Floats
    inside: NDArray[np.bool_]
    chi2: float
    ndf: int
    modes: Floats


def peak_window(values: Floats, edges: Floats, content: float = 0.95) -> NDArray[np.bool_] | None:
    """Bins around a resonance: the central ones that hold 95 % of its events.

    Parameters
    ----------
    values : array of float
        Expected signal per bin; negative bins (negative weights) count as empty.
    edges : array of float
        Bin edges.
    content : float
        Fraction of the signal to cover.

    Returns
    -------
    array of bool, or None
        ``None`` where that takes more than half of the axis, or leaves less than three bins on
        a side: then it is not a peak between two sidebands.
    """
    positive = np.clip(values, 0.0, None)
    if positive.sum() <= 0:
        return None
    share = np.cumsum(positive) / positive.sum()
    first = int(np.searchsorted(share, (1 - content) / 2))
    last = int(np.searchsorted(share, 1 - (1 - content) / 2))
    if first < 3 or last > len(values) - 4:
        return None
    if edges[last + 1] - edges[first] > 0.5 * (edges[-1] - edges[0]):
        return None
    inside = np.zeros(len(values), dtype=bool)
    inside[first : last + 1] = True
    return inside


def fit_sidebands(
    counts: Floats, edges: Floats, inside: NDArray[np.bool_], degree: int = 3
) -> SidebandFit | None:
    """Fit a polynomial to the bins outside a window.

    The weights come from the fit itself (Pearson), iterated: weights from the counts would pull
    the curve down, because bins that fluctuate low would weigh more.

    Parameters
    ----------
    counts : array of float
        Events per bin.
    edges : array of float
        Edges of bins of one width.
    inside : array of bool
        Bins to leave out.
    degree : int
        Degree of the polynomial.

    Returns
    -------
    SidebandFit or None
        ``None`` where the sidebands hold too little to constrain the curve.
    """
    outside = ~inside
    ndf = int(outside.sum()) - degree - 1
    if ndf < 1 or counts[outside].sum() < 10 * (degree + 1):
        return None
    centres = 0.5 * (edges[1:] + edges[:-1])
    scaled = 2 * (centres - edges[0]) / (edges[-1] - edges[0]) - 1
    design = np.vander(scaled, degree + 1, increasing=True)
    variances = np.maximum(counts, 1.0)
    expected = counts
    for _ in range(4):
        fitted = Polynomial.fit(
            scaled[outside],
            counts[outside],
            degree,
            domain=[-1, 1],
            window=[-1, 1],
            w=1 / np.sqrt(variances[outside]),
        )
        expected = fitted(scaled)
        variances = np.maximum(expected, 1.0)
    weighted = design[outside] / variances[outside, None]
    covariance = np.linalg.inv(design[outside].T @ weighted)
    strengths, directions = np.linalg.eigh(covariance)
    modes = (design @ directions * np.sqrt(strengths)).T
    errors = np.sqrt((modes**2).sum(axis=0))
    chi2 = float(((counts - expected) ** 2 / variances)[outside].sum())
    return SidebandFit(expected, errors, inside, chi2, ndf, modes)
