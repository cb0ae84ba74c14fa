"""Trials put together: the best by validation loss, their mean score, medians of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError, ParameterError
from hepml.ml.dijet.results import Fitted, Parameter
from hepml.ml.dijet.scan_results import Quantiles
from hepml.ml.results import Interval

__all__ = [
    "best_trials",
    "combine_fits",
    "combine_scores",
    "compare_fit",
    "quantiles",
    "quantiles_of",
]

Floats = NDArray[np.float64]
How = Literal["mean", "median"]


def best_trials(losses: Sequence[float], keep: int = 5) -> tuple[int, ...]:
    """Trials of smallest validation loss, the best first; those whose loss is not finite never.

    Parameters
    ----------
    losses : sequence of float
        On validation data against reference, where no truth is known. Never on test events.
    keep : int
        How many at most.

    Raises
    ------
    ModelError
        If no loss is finite.
    """
    if keep < 1:
        raise ParameterError(f"At least one trial must be kept, not {keep}.")
    values = np.asarray(losses, np.float64)
    order = np.argsort(values, kind="stable")
    kept = tuple(int(place) for place in order if np.isfinite(values[place]))[:keep]
    if not kept:
        raise ModelError(f"None of {len(values)} trials has a finite validation loss.")
    return kept


def combine_scores(scores: NDArray[Any], kept: Sequence[int], how: How = "mean") -> Floats:
    """One score of several trials.

    Parameters
    ----------
    scores : array, shape (trials, events)
        Of all trials.
    kept : sequence of int
        See :func:`best_trials`.
    how : {"mean", "median"}
        Over the trials, event by event.
    """
    chosen = np.asarray(scores, np.float64)[list(kept)]
    return np.asarray(chosen.mean(axis=0) if how == "mean" else np.median(chosen, axis=0))


def combine_fits(fits: Sequence[Fitted], kept: Sequence[int]) -> Fitted:
    """Medians of the parameters of several fits; the rest is that of the best one.

    Three fits or more give quantiles of 16 and 84 % as intervals: how far they agree. Fewer
    keep the interval of the best one.
    """
    chosen = [fits[place] for place in kept]
    if not chosen:
        raise ModelError("There is no fit to combine.")
    best = chosen[0]
    combined, spread = [], len(chosen) >= 3
    for parameter in best.parameters:
        found = quantiles(
            [item.value for fit in chosen if (item := fit.parameter(parameter.name)) is not None]
        )
        update: dict[str, Any] = {"value": found.median}
        if spread:
            update |= {"low": found.low, "high": found.high}
        combined.append(parameter.model_copy(update=update))
    return best.model_copy(update={"parameters": tuple(combined), "spread": spread})


def compare_fit(fit: Fitted, truth: Mapping[str, float], *, symmetric: bool = True) -> Fitted:
    """A fit beside what was put into the data.

    Parameters
    ----------
    fit : Fitted
        Parameters.
    truth : mapping of str to float
        True values by name; names that the fit lacks are left out.
    symmetric : bool
        mX and mY are exchanged where that is nearer to the truth, and ``mirrored`` says so: jets
        are in order of mass, and no one can say which of the two a resonance was.
    """
    found = fit
    if symmetric and _exchanged(fit, truth):
        names = {"mx": "my", "my": "mx"}
        swapped = {names.get(item.name, item.name): item for item in fit.parameters}
        ordered = tuple(
            swapped[item.name].model_copy(update={"name": item.name}) for item in fit.parameters
        )
        found = fit.model_copy(update={"parameters": ordered, "mirrored": not fit.mirrored})
    with_truth = tuple(
        item.model_copy(update={"truth": float(truth[item.name])}) if item.name in truth else item
        for item in found.parameters
    )
    return found.model_copy(update={"parameters": with_truth})


def _exchanged(fit: Fitted, truth: Mapping[str, float]) -> bool:
    """Whether the truth with its masses exchanged is nearer."""
    x, y = fit.parameter("mx"), fit.parameter("my")
    if x is None or y is None or not {"mx", "my"} <= set(truth):
        return False
    straight = np.hypot(x.value - truth["mx"], y.value - truth["my"])
    return bool(np.hypot(x.value - truth["my"], y.value - truth["mx"]) < straight)


def quantiles(values: Iterable[float | None]) -> Quantiles:
    """Median and quantiles of 16 and 84 % of the values that are there."""
    there = np.array([value for value in values if value is not None], np.float64)
    there = there[np.isfinite(there)]
    if not len(there):
        return Quantiles(median=None)
    low, median, high = np.quantile(there, [0.16, 0.5, 0.84]).tolist()
    return Quantiles(median=median, low=low, high=high, count=len(there))


def quantiles_of(intervals: Sequence[Interval | Parameter]) -> Quantiles:
    """The same of figures with their own errors, which a single one falls back on."""
    found = quantiles(item.value for item in intervals)
    if found.count != 1:
        return found
    (one,) = (item for item in intervals if item.value is not None)
    if one.low is None or one.high is None:
        return found
    half = 0.5 * (one.high - one.low)
    return found.model_copy(update={"low": one.low, "high": one.high, "error": half})
