"""Working points: the shares of sideband data that a cut on a score lets pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError

__all__ = ["COARSE", "FINE", "working_point", "working_points"]

Array = NDArray[np.float64]

# False-positive rates of the published histograms, and of its significance curves.
COARSE = (1.0, 0.25, 0.1, 0.05, 0.01, 0.005)
FINE = tuple(10 ** (-k / 8) for k in range(25))

_NAMED: dict[str, tuple[float, ...]] = {"coarse": COARSE, "fine": FINE}


def working_points(text: str) -> tuple[float, ...]:
    """False-positive rates from ``coarse``, ``fine`` or ``1,0.25,0.1``; each once, falling.

    Raises
    ------
    ParameterError
        If one is not a number above 0 and at most 1.
    """
    if text in _NAMED:
        return _NAMED[text]
    try:
        rates = {float(word) for word in text.split(",")}
    except ValueError:
        rates = set()
    if not rates or not all(0 < rate <= 1 for rate in rates):
        raise ParameterError(
            f"--fpr {text!r}: give rates above 0 and at most 1 (1,0.25,0.1), coarse, or fine."
        )
    return tuple(sorted(rates, reverse=True))


def working_point(scores: Array, sideband: NDArray[np.bool_], rate: float) -> float:
    """The cut on a score that lets a share of sideband events pass.

    Parameters
    ----------
    scores : array of shape (n,)
        Scores of all events.
    sideband : array of bool of shape (n,)
        Which of them lie in the sidebands.
    rate : float
        Wanted share, in (0, 1].

    Returns
    -------
    float
        Events with a score of at least this pass; the share is the closest there is to
        ``rate``, and 1 lets everything pass.
    """
    if rate >= 1:
        return float(scores.min())
    values, counts = np.unique(scores[sideband], return_counts=True)
    passing = np.cumsum(counts[::-1])[::-1] / counts.sum()
    return float(values[np.argmin(np.abs(passing - rate))])
