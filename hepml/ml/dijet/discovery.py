"""How improbable the signal of a mixture fit is without one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hepml.stats.significance import log10_p_value

__all__ = ["boundary_log10_p", "boundary_weight"]

Array = NDArray[np.float64]


def boundary_weight(information: Array) -> float:
    """How often two yields fluctuate up together, where there is no signal.

    Parameters
    ----------
    information : array, shape (2, 2)
        Of the yields, without signal.
    """
    size = math.sqrt(float(information[0, 0] * information[1, 1]))
    if not size > 0:
        return 0.0
    # the estimates' correlation has the opposite sign of the information's
    correlation = -float(information[0, 1]) / size
    return 0.25 + math.asin(min(max(correlation, -1.0), 1.0)) / (2 * math.pi)


def boundary_log10_p(q0: float, information: Array) -> float:
    """Decimal logarithm of the p-value of q0 for yields that cannot be negative.

    The asymptotic law is a mixture of chi-squared distributions (Chernoff, 1954; Self and Liang,
    1987). One yield: half of one degree of freedom. Two: half of one, and of two as often as both
    are positive. More: half of each of the two highest, which is conservative (Perlman, 1969).

    Parameters
    ----------
    q0 : float
        Test statistic, not negative.
    information : array, shape (yields, yields)
        Of the yields, without signal.
    """
    from scipy.stats import chi2

    count = len(information)
    if count == 1:
        return log10_p_value(math.sqrt(q0))
    if count == 2:
        weight = boundary_weight(information)
        one = log10_p_value(math.sqrt(q0)) * math.log(10)
        two = math.log(weight) - q0 / 2 if weight > 0 else -math.inf
        return float(np.logaddexp(one, two)) / math.log(10)
    fewer, more = (float(chi2.logsf(q0, degrees)) for degrees in (count - 1, count))
    return (float(np.logaddexp(fewer, more)) - math.log(2)) / math.log(10)
