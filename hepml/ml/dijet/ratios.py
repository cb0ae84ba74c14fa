"""Density ratios of signal and background out of a classifier's logits, normalised and checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.stats.numbers import Result

__all__ = ["Closure", "FeatureClosure", "MeanOne", "check_closure", "log_kappa", "mean_one"]

Floats = NDArray[np.float64]


class MeanOne(Result):
    """Mean of a density ratio over background, which is 1 by definition.

    Attributes
    ----------
    mean, error : float
        The mean and its standard error.
    events : int
        Background events.
    effective : float
        Events that carry the mean, (sum L)^2 / sum L^2: few of them make a poor normalisation.
    """

    mean: float
    error: float
    events: int
    effective: float


class FeatureClosure(Result):
    """One feature of the background, reweighted, against the signal.

    Attributes
    ----------
    feature : str
        Its name.
    chi2 : float
        Of the shapes, in bins of equal signal.
    ndf : int
        Degrees of freedom.
    p : float
        Probability of a larger value.
    distance : float
        Largest distance of the cumulative distributions.
    """

    feature: str
    chi2: float
    ndf: int
    p: float
    distance: float


class Closure(Result):
    """Whether density ratios are what they claim to be.

    Attributes
    ----------
    mean : MeanOne
        Mean over the background.
    slope, offset : float
        Of the true log odds over ln L, signal and background with equal weights: 1 and 0 for
        true ratios; a slope below 1 says that the ratios are too sharp.
    features : tuple of FeatureClosure
        Feature by feature.
    """

    mean: MeanOne
    slope: float
    offset: float
    features: tuple[FeatureClosure, ...]


def log_kappa(logits: NDArray[Any], weights: Floats | None = None) -> Floats:
    """ln kappa such that the mean of kappa exp(logit) over background is 1.

    Parameters
    ----------
    logits : array, shape (..., events)
        Log odds of signal of background that the classifier was not trained on.
    weights : array, shape (events,), optional
        Weights of the events.

    Returns
    -------
    array of float64, shape (...)
        To be added to logits.

    Raises
    ------
    ModelError
        If there are no events, or a logit is not finite.
    """
    from scipy.special import logsumexp

    values = np.asarray(logits, np.float64)
    if not values.shape[-1] or not np.isfinite(values).all():
        raise ModelError(
            "Density ratios are normalised by background events with finite logits, and there "
            + ("are none." if not values.shape[-1] else "is one without.")
        )
    used = np.ones(values.shape[-1]) if weights is None else np.asarray(weights, np.float64)
    return np.asarray(np.log(used.sum()) - logsumexp(values, axis=-1, b=used))


def mean_one(log_ratios: NDArray[Any], weights: Floats | None = None) -> MeanOne:
    """Mean of density ratios over background events, with its error.

    Raises
    ------
    ModelError
        See :func:`log_kappa`.
    """
    values = np.asarray(log_ratios, np.float64)
    used = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
    mean = float(np.exp(-log_kappa(values, used)))
    scaled = used * np.exp(values - values.max())
    share = scaled / scaled.sum()
    # spread of a weighted mean whose weights are known
    error = mean * float(np.sqrt(np.sum((share - used / used.sum()) ** 2)))
    return MeanOne(
        mean=mean, error=error, events=len(values), effective=float(1 / np.sum(share**2))
    )


def check_closure(
    background: NDArray[Any],
    signal: NDArray[Any],
    log_ratios: NDArray[Any],
    signal_log_ratios: NDArray[Any],
    features: Sequence[str],
    *,
    bins: int = 10,
) -> Closure:
    """Reweight background by its density ratio and compare it with signal; compare the odds.

    Parameters
    ----------
    background, signal : array, shape (events, features)
        Events of neither training nor normalisation.
    log_ratios, signal_log_ratios : array, shape (events,)
        ln L of them.
    features : sequence of str
        Names.
    bins : int
        Of equal signal, of each feature.

    Raises
    ------
    ModelError
        If there is no signal or no background.
    """
    if not len(signal) or not len(background):
        raise ModelError("Closure needs events of signal and of background.")
    values = np.asarray(log_ratios, np.float64)
    weights = np.exp(values - values.max())
    weights /= weights.sum()
    slope, offset = _odds(values, np.asarray(signal_log_ratios, np.float64))
    rows = tuple(
        _compare(name, background[:, place], signal[:, place], weights, bins)
        for place, name in enumerate(features)
    )
    return Closure(mean=mean_one(values), slope=slope, offset=offset, features=rows)


def _odds(background: Floats, signal: Floats) -> tuple[float, float]:
    """Slope and offset of the log odds over ln L."""
    from scipy.special import expit

    from hepml.ml.calibration import fit_calibration

    truth = np.repeat([False, True], [len(background), len(signal)])
    weights = np.where(truth, 0.5 / len(signal), 0.5 / len(background)) * len(truth)
    odds = np.clip(np.concatenate([background, signal]), -15.0, 15.0)
    slope, offset = fit_calibration(expit(odds), truth, weights, "sigmoid").y
    return float(slope), float(offset)


def _compare(
    name: str, background: NDArray[Any], signal: NDArray[Any], weights: Floats, bins: int
) -> FeatureClosure:
    from scipy.stats import chi2

    inner = np.unique(np.quantile(signal, np.linspace(0, 1, bins + 1)[1:-1]))
    size = len(inner) + 1
    b = np.searchsorted(inner, background, side="right")
    expected = np.bincount(b, weights, size)
    squares = np.bincount(b, weights**2, size)
    found = np.bincount(np.searchsorted(inner, signal, side="right"), minlength=size) / len(signal)
    # of shares: what lies elsewhere fluctuates as well
    variance = (1 - 2 * expected) * squares + expected**2 * np.sum(weights**2)
    variance += found * (1 - found) / len(signal)
    filled = variance > 0
    value = float(np.sum((expected - found)[filled] ** 2 / variance[filled] * (1 - found[filled])))
    ndf = max(int(filled.sum()) - 1, 1)
    return FeatureClosure(
        feature=name,
        chi2=value,
        ndf=ndf,
        p=float(chi2.sf(value, ndf)),
        distance=_distance(background, signal, weights),
    )


def _distance(background: NDArray[Any], signal: NDArray[Any], weights: Floats) -> float:
    order = np.argsort(background, kind="stable")
    cumulated = np.append(0.0, np.cumsum(weights[order]))
    ordered = np.sort(signal)
    points = np.concatenate([background, signal])
    b = cumulated[np.searchsorted(background[order], points, side="right")]
    s = np.searchsorted(ordered, points, side="right") / len(ordered)
    return float(np.abs(b - s).max())
