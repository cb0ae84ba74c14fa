"""Selections of a hunt: all events, and cuts on scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, StatisticsError
from hepml.stats.points import working_point
from hepml.windows import Window

__all__ = ["Selection", "all_events", "score_cuts"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Selection:
    """Events of one selection.

    Attributes
    ----------
    name : str
        What was selected, in words.
    masses : array of shape (n,)
        Masses [GeV].
    weights : array of shape (n,), or None
        Event weights.
    score : str or None
        Score column cut on.
    fpr : float or None
        Wanted share of sideband data that passes.
    cut : float or None
        The score at the cut, included.
    """

    name: str
    masses: Array
    weights: Array | None
    score: str | None = None
    fpr: float | None = None
    cut: float | None = None


def all_events(
    name: str, masses: NDArray[Any], weights: NDArray[Any] | None, what: str
) -> Selection:
    """Take all events, if they have finite masses and weights.

    Parameters
    ----------
    name : str
        Of the selection.
    masses, weights : array of shape (n,)
        Masses [GeV]; weights, if there are any.
    what : str
        What messages call the masses.

    Raises
    ------
    ParameterError
        If shapes do not fit.
    StatisticsError
        If numbers are not finite.
    """
    values = np.asarray(masses, dtype=np.float64)
    if values.ndim != 1:
        raise ParameterError(f"{what} must be one-dimensional, not of shape {values.shape}.")
    if not np.isfinite(values).all():
        raise StatisticsError(
            f"{int((~np.isfinite(values)).sum())} of {values.size} {what} are not finite."
        )
    if weights is None:
        return Selection(name, values, None)
    used = np.asarray(weights, dtype=np.float64)
    if used.shape != values.shape:
        raise ParameterError(f"There are {used.size} weights for {values.size} {what}.")
    if not np.isfinite(used).all():
        raise StatisticsError(f"{int((~np.isfinite(used)).sum())} weights are not finite.")
    return Selection(name, values, used)


def score_cuts(
    everything: Selection, window: Window, scores: Mapping[str, Any], rates: Sequence[float]
) -> list[Selection]:
    """Select by every score at every rate.

    Parameters
    ----------
    everything : Selection
        All events.
    window : Window
        Signal region and sidebands.
    scores : mapping of str to array of shape (n,)
        Larger for signal.
    rates : sequence of float
        Shares of sideband events that pass, in (0, 1].

    Raises
    ------
    ParameterError
        If a rate makes no sense, or a score has another length than the masses.
    StatisticsError
        If a score is not finite in the window, or no event is in the sidebands.
    """
    for rate in rates:
        if not 0 < rate <= 1:
            raise ParameterError(f"A false-positive rate lies above 0 and up to 1, not {rate}.")
    masses = everything.masses
    inside = (masses >= window.left) & (masses < window.right)
    region = (masses >= window.low) & (masses < window.high)
    found = []
    for name, given in scores.items():
        values = np.asarray(given, dtype=np.float64)
        if values.shape != masses.shape:
            raise ParameterError(
                f"The score {name!r} has {values.size} values for {masses.size} events."
            )
        if not np.isfinite(values[inside]).all():
            raise StatisticsError(
                f"The score {name!r} is not finite for "
                f"{int((~np.isfinite(values[inside])).sum())} events of the window."
            )
        sideband = (inside & ~region)[inside]
        if not sideband.any():
            raise StatisticsError("There are no events in the sidebands to set a cut with.")
        for rate in rates:
            cut = working_point(values[inside], sideband, rate)
            passed = inside & (values >= cut)
            weights = None if everything.weights is None else everything.weights[passed]
            label = f"{name}, FPR {rate:.3g}"
            found.append(Selection(label, masses[passed], weights, name, float(rate), cut))
    return found
