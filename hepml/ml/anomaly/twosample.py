"""Two samples of one feature: Kolmogorov-Smirnov and Wasserstein distances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["compare", "ks_test"]

Floats = NDArray[np.float64]


def compare(
    data: Floats, samples: Floats, *, repeats: int = 200, seed: int = 0
) -> dict[str, float] | None:
    """Distances of two samples, with p-values; ``None`` where one has fewer than two values.

    Parameters
    ----------
    data, samples : array, shape (n,)
        Values.
    repeats, seed : int
        Random splits of all values together for the p-value of the Wasserstein distance.

    Returns
    -------
    dict of str to float, or None
        ``ks``, ``p``, ``wasserstein`` (in standard deviations of the data) and ``wasserstein_p``.
    """
    if min(len(data), len(samples)) < 2:
        return None
    ks, p = ks_test(data, samples)
    values = np.concatenate([data, samples])
    order = np.argsort(values, kind="stable")
    steps = np.diff(values[order])
    truth = (np.arange(len(values)) < len(data))[order]
    width = float(data.std()) or 1.0
    found = _area(truth, steps, len(data)) / width
    rng = np.random.default_rng(seed)
    larger = sum(
        _area(rng.permutation(truth), steps, len(data)) / width >= found for _ in range(repeats)
    )
    return {
        "ks": ks,
        "p": p,
        "wasserstein": found,
        "wasserstein_p": (larger + 1) / (repeats + 1),
    }


def ks_test(data: Floats, others: Floats) -> tuple[float, float]:
    """Kolmogorov-Smirnov distance of two samples and its p-value."""
    from scipy.stats import ks_2samp

    result = ks_2samp(data, others, method="auto" if min(len(data), len(others)) < 100 else "asymp")
    return float(result.statistic), float(result.pvalue)


def _area(truth: NDArray[np.bool_], steps: Floats, size: int) -> float:
    """Area between the two cumulative distributions, of values in rising order."""
    first = np.cumsum(truth)[:-1] / size
    second = np.cumsum(~truth)[:-1] / (len(truth) - size)
    return float(np.abs(first - second) @ steps)
