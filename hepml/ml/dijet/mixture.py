"""The density of data over that of background: a mixture of hypotheses, in log space."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError

__all__ = [
    "alpha_names",
    "cross_entropy",
    "data_probability",
    "log_mixture",
    "log_prior_ratio",
    "negative_log_likelihood",
    "shares",
]

Floats = NDArray[np.float64]


def alpha_names(hypotheses: int) -> tuple[str, ...]:
    """Names of the parameters that share the signal out: ``alpha``, or ``alpha_2``, ``alpha_3``."""
    if hypotheses == 2:
        return ("alpha",)
    return tuple(f"alpha_{place}" for place in range(2, hypotheses + 1))


def shares(alphas: Floats) -> tuple[Floats, Floats]:
    """Share of each hypothesis in the signal, and its derivatives.

    With two hypotheses alpha is the share of the second. With more, each alpha is what the later
    hypotheses have of what the earlier ones left, so that all values from 0 to 1 are allowed.

    Parameters
    ----------
    alphas : array, shape (hypotheses - 1,)
        From 0 to 1.

    Returns
    -------
    share : array, shape (hypotheses,)
        They add up to 1.
    slopes : array, shape (hypotheses, hypotheses - 1)
        Derivatives.
    """
    count = len(alphas) + 1
    share, slopes = np.empty(count), np.zeros((count, count - 1))
    for k in range(count):
        factors = np.append(alphas[:k], [1 - alphas[k]] if k < count - 1 else [])
        share[k] = np.prod(factors)
        for place in range(min(k + 1, count - 1)):
            others = np.delete(factors, place)
            slopes[k, place] = np.prod(others) * (-1.0 if place == k else 1.0)
    return share, slopes


def log_mixture(log_ratios: NDArray[Any], mu: float, share: Floats) -> Floats:
    """Logarithm of 1 + mu (sum of share x L - 1), at any size of L.

    Parameters
    ----------
    log_ratios : array, shape (hypotheses, events)
        ln L of each hypothesis.
    mu : float
        Signal fraction of the data, 0 to 1.
    share : array, shape (hypotheses,)
        Share of each hypothesis in the signal.

    Returns
    -------
    array of float64, shape (events,)

    Raises
    ------
    ParameterError
        If mu or a share is out of range.
    """
    from scipy.special import logsumexp

    yields = mu * np.asarray(share, np.float64)
    if not (0 <= mu <= 1 and (yields >= 0).all() and abs(yields.sum() - mu) < 1e-9):
        raise ParameterError(f"mu = {mu} and shares {share} make no mixture.")
    values = np.asarray(log_ratios, np.float64)
    terms = np.vstack([np.zeros(values.shape[1]), values])
    return np.asarray(logsumexp(terms, axis=0, b=np.append(1 - mu, yields)[:, None]))


def log_prior_ratio(data: int, reference: int) -> float:
    """ln(N data / N reference): what a classifier of data and reference knows beforehand.

    It takes the numbers as they are. arXiv:2405.08889 writes them as 1 / (r (1 - mu)) with the
    ratio r of background events, known only where the sample was made by hand.
    """
    if data < 1 or reference < 1:
        raise ParameterError("Data and reference need events: one of them has none.")
    return float(np.log(data / reference))


def data_probability(log_mixtures: NDArray[Any], log_prior: float) -> Floats:
    """Probability that an event is of the data: the best weak classifier.

    Parameters
    ----------
    log_mixtures : array
        See :func:`log_mixture`.
    log_prior : float
        See :func:`log_prior_ratio`; ``-log(r * (1 - mu))`` as published.
    """
    from scipy.special import expit

    return np.asarray(expit(np.asarray(log_mixtures, np.float64) + log_prior))


def negative_log_likelihood(log_mixtures: NDArray[Any], weights: Floats | None = None) -> float:
    """-ln likelihood of data, over that of background alone."""
    return -float(np.sum(log_mixtures if weights is None else weights * log_mixtures))


def cross_entropy(data: NDArray[Any], reference: NDArray[Any], log_prior: float) -> float:
    """Sum of -ln probability of the true origin, data or reference.

    Parameters
    ----------
    data, reference : array
        ln of the mixture of their events.
    log_prior : float
        See :func:`data_probability`.
    """
    missed = np.logaddexp(0.0, -(np.asarray(data, np.float64) + log_prior))
    taken = np.logaddexp(0.0, np.asarray(reference, np.float64) + log_prior)
    return float(missed.sum() + taken.sum())
