"""Fit of masses, signal fraction and shares of a mixture of signal hypotheses to data."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.ml.dijet.descent import Stop
from hepml.ml.dijet.discovery import boundary_log10_p
from hepml.ml.dijet.fitted import Descent, FittedParameter, MixtureFit
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.mixture import shares
from hepml.ml.dijet.objective import Loss, MixtureObjective
from hepml.ml.dijet.profile import BetterMinimum, End
from hepml.ml.dijet.search import NONE, Search, held_parameters
from hepml.stats.significance import significance_of_log10

__all__ = ["fit_mixture"]

Array = NDArray[np.float64]

# Deviances that near each other are the same minimum.
_SAME = 0.1
# Relative error of a normalisation that a reader must know of.
_VAGUE = 0.1


def fit_mixture(
    data: RatioGrid,
    reference: RatioGrid | None = None,
    *,
    loss: Loss = "likelihood",
    background_ratio: float | None = None,
    fixed: Mapping[str, float] | None = None,
    starts: int = 4,
    intervals: bool = True,
    level: float = 0.6827,
) -> MixtureFit:
    """Find the parameters of a signal in data, from density ratios that are known beforehand.

    At every node of the masses the best yields are found first, which is a small problem; the
    lowest nodes are where the descents begin. Truth is not needed and not asked for.

    On a symmetric grid the deviance is an even function of the masses' difference. Where they
    meet it is one of the mean mass instead (`hepml.ml.dijet.diagonal`), and an interval of one
    mass has the other follow it: never above the first mass, never below the second.

    Parameters
    ----------
    data : RatioGrid
        Density ratios of the data's events.
    reference : RatioGrid, optional
        Density ratios of background events, for the cross-entropy.
    loss, background_ratio
        See `hepml.ml.dijet.objective.MixtureObjective`.
    fixed : mapping of str to float, optional
        Parameters that are given: ``mu``, ``alpha`` or masses [GeV].
    starts : int
        Most nodes of the masses where descents begin; with equal masses there are two.
    intervals : bool
        Whether to find profile-likelihood intervals.
    level : float
        Their confidence level.

    Returns
    -------
    MixtureFit
        A mass or alpha is ``None`` where mu is 0. On a symmetric grid the first mass is the larger.

    Raises
    ------
    ModelError
        If there are no events.
    ParameterError
        If a parameter is unknown, or given outside its limits.
    """
    began = time.process_time()
    if starts < 1 or not 0 < level < 1:
        raise ParameterError(f"starts = {starts} must be positive, level = {level} from 0 to 1.")
    objective = MixtureObjective(data, reference, loss=loss, background_ratio=background_ratio)
    search = Search(objective, *held_parameters(objective, dict(fixed or {})))
    stops = search.descents(starts)
    ends: dict[str, tuple[End, End]] = {}
    # a profile that goes below the minimum has found a better one: begin again from there
    for _ in range(3):
        try:
            ends = search.intervals(stops[0][1], level) if intervals else {}
            break
        except BetterMinimum as better:
            found = search.descend(better.theta)
            stops = sorted([(better.theta, found), *stops], key=lambda pair: pair[1].deviance)
    else:
        search.flags.append("Intervals are missing: profiles kept going below the minimum.")
    return _result(search, stops, ends, level, time.process_time() - began)


def _result(
    search: Search,
    stops: list[tuple[Array, Stop]],
    ends: Mapping[str, tuple[End, End]],
    level: float,
    seconds: float,
) -> MixtureFit:
    objective, best = search.objective, stops[0][1]
    errors, correlation, correlated = search.errors(best.theta)
    parameters = _parameters(search, best.theta, errors, ends)
    zero = np.where(np.arange(len(best.theta)) == search.mu, 0.0, best.theta)
    q0 = max(objective.evaluate(zero)[0] - best.deviance, 0.0)
    log10_p, kind = _p_value(search, zero, q0)
    _flag(search, stops, parameters, ends)
    return MixtureFit(
        loss=objective.loss,
        hypotheses=objective.data.names,
        events=len(objective.data),
        reference=len(objective.reference) if objective.reference is not None else 0,
        parameters=parameters,
        level=level,
        correlation=tuple(map(tuple, correlation.tolist())),
        correlated=tuple(np.array(objective.names)[correlated].tolist()),
        deviance=best.deviance,
        q0=q0,
        log10_p=log10_p,
        p=10.0**log10_p,
        Z=significance_of_log10(log10_p),
        p_value=kind,
        converged=best.converged,
        flags=tuple(dict.fromkeys(search.flags)),
        descents=tuple(
            Descent(
                start=tuple(start.tolist()),
                end=tuple(stop.theta.tolist()),
                deviance=stop.deviance,
                converged=stop.converged,
                calls=stop.calls,
            )
            for start, stop in stops
        ),
        seconds=seconds,
    )


def _parameters(
    search: Search, theta: Array, errors: Array, ends: Mapping[str, tuple[End, End]]
) -> tuple[FittedParameter, ...]:
    objective, rows = search.objective, []
    for place, name in enumerate(objective.names):
        low, high = float(objective.lower[place]), float(objective.upper[place])
        margin = 1e-9 * (high - low)
        value, held = float(theta[place]), bool(search.held[place])
        known = held or place == search.mu or theta[search.mu] > NONE
        pair = ends.get(name)
        side = "low" if value <= low + margin else "high" if value >= high - margin else ""
        rows.append(
            FittedParameter(
                name=name,
                unit="GeV" if place < search.mu else "",
                value=value if known else None,
                error=None if math.isnan(errors[place]) else float(errors[place]),
                low=pair[0].value if pair else None,
                high=pair[1].value if pair else None,
                low_open=bool(pair and pair[0].open),
                high_open=bool(pair and pair[1].open),
                limits=(low, high),
                at_limit=side if known and not held else "",  # type: ignore[arg-type]
                held=held,
            )
        )
    return tuple(rows)


def _p_value(search: Search, zero: Array, q0: float) -> tuple[float, str]:
    """Local p-value in decimal logarithms, and what it is of."""
    objective, count = search.objective, search.objective.data.hypotheses
    information = objective.data.sums(np.zeros(count), *objective.point(zero))[2][:count, :count]
    if search.held[search.mu + 1 :].all() and count > 1:
        share = shares(zero[search.mu + 1 :])[0]
        information = np.array([[share @ information @ share]])
    log10_p = boundary_log10_p(q0, information)
    if search.held[: search.mu].all():
        return log10_p, "local, asymptotic: mu cannot be negative"
    return log10_p, (
        "local, asymptotic, at the fitted masses: mu cannot be negative; that masses were searched "
        "for is not taken into account"
    )


def _flag(
    search: Search,
    stops: list[tuple[Array, Stop]],
    parameters: tuple[FittedParameter, ...],
    ends: Mapping[str, tuple[End, End]],
) -> None:
    """Say what must be known before the numbers are used."""
    best, flags = stops[0][1], search.flags
    kappa, loss = search.objective.data.kappa, search.objective.loss
    if kappa is not None and kappa.error > _VAGUE and loss == "likelihood":
        flags.append(
            f"Density ratios are normalised to {kappa.error:.0%} only at some masses, by "
            f"{kappa.events:,} events: mu may be off by as much there; more simulated background "
            "helps."
        )
    if not best.converged:
        flags.append(
            f"The fit did not converge: the minimum may be {best.distance:.2g} deviance away."
        )
    if best.theta[search.mu] <= NONE:
        flags.append("No signal: mu is 0, and masses and shares of the signal mean nothing.")
    for item in parameters:
        if item.at_limit and item.name != "mu":
            flags.append(f"{item.name} is at its limit {item.value:g}.")
    for name, pair in ends.items():
        if any(end.failed for end in pair):
            flags.append(f"The interval of {name} is not accurate: a profile did not converge.")
        open_ends = [end for end in pair if end.open]
        if open_ends and name != "mu":
            flags.append(f"The interval of {name} ends at a limit of the parameter.")
    width = (search.objective.upper - search.objective.lower) / 20
    masses = slice(0, search.mu)
    for _, stop in stops[1:]:
        near = stop.deviance - best.deviance
        far = np.abs(stop.theta - best.theta)[masses] > width[masses]
        if _SAME < near < 4 and far.any() and stop.theta[search.mu] > NONE:
            text = ", ".join(f"{mass:.0f}" for mass in stop.theta[masses])
            flags.append(f"Another minimum is {near:.1f} above the best, at masses {text} GeV.")
