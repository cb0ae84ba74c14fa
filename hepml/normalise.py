"""Scale simulation to a luminosity, from sums that a run can prove complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hepml.errors import IncompleteRunError, ParameterError

__all__ = ["Normalisation", "data_luminosity", "normalise"]

Datasets = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How a run's weighted counts become yields.

    Attributes
    ----------
    factors : dict of str to float
        Dataset to what its weights are multiplied with; 1 for data.
    luminosity : float or None
        Luminosity [pb^-1] that the yields stand for: that of simulation, or of the data where
        there is no simulation; ``None`` where nothing proves one.
    partial : dict of str to str
        Simulated datasets that are not complete, and why.
    unnormalised : dict of str to str
        Simulated datasets whose weights are not expected events, and why.
    """

    factors: dict[str, float]
    luminosity: float | None
    partial: dict[str, str]
    unnormalised: dict[str, str] = field(default_factory=dict)


def data_luminosity(datasets: Datasets) -> float | None:
    """Luminosity [pb^-1] of all the data of a run together.

    Parameters
    ----------
    datasets : mapping
        ``datasets`` of ``provenance.json``.

    Returns
    -------
    float or None
        ``None`` if there are no data, the luminosity of one data set is unknown, or two of them
        share events: then they were taken together, and luminosities do not add up.
    """
    data = [item for item in datasets.values() if item["kind"] == "data"]
    values = [item.get("luminosity") for item in data]
    if not values or any(value is None for value in values):
        return None
    if any(item.get("removed_duplicates") for item in data):
        return None
    return float(sum(value for value in values if value is not None))


def normalise(
    datasets: Datasets,
    weights_at: float,
    target: float | None = None,
    *,
    where: str | Path = "the run",
    allow_missing: bool = False,
) -> Normalisation:
    """Find what brings simulation to a luminosity.

    A simulated event's weight is cross section times luminosity over the sum of weights of the
    whole sample, so that a sample read in part gives too low a yield. Such a sample is refused
    where it would be scaled; weights that stay as they are claim no luminosity then. A sample
    without a cross section or sum of weights is never scaled.

    Parameters
    ----------
    datasets : mapping
        ``datasets`` of ``provenance.json``.
    weights_at : float
        Luminosity [pb^-1] that the weights were made with.
    target : float, optional
        Luminosity [pb^-1] to scale to; default: that of the data where it is known, otherwise
        ``weights_at``.
    where : path
        The run directory, for the message.
    allow_missing : bool
        Scale samples that are not complete nevertheless.

    Raises
    ------
    ParameterError
        If ``target`` is not positive, or asked for while a simulated sample is not normalised.
    IncompleteRunError
        If a simulated sample that has to be scaled is not complete.
    """
    if target is not None and not target > 0:
        raise ParameterError(f"The luminosity must be above 0 pb^-1, not {target}.")
    measured = data_luminosity(datasets)
    chosen = target or measured or weights_at
    simulated = {name: item for name, item in datasets.items() if item["kind"] != "data"}
    partial = {
        name: str(item.get("incomplete_because") or "")
        for name, item in simulated.items()
        if not item.get("complete", True)
    }
    unnormalised = {
        name: str(item["unnormalised"])
        for name, item in simulated.items()
        if item.get("unnormalised")
    }
    if unnormalised and target is not None:
        raise _not_normalised(unnormalised, where)
    scaled = target is not None or chosen != weights_at
    if partial.keys() - unnormalised and scaled and not allow_missing:
        raise _too_low({k: v for k, v in partial.items() if k not in unnormalised}, where)
    fixed = {name for name in datasets if name not in simulated or name in unnormalised}
    factors = {name: 1.0 if name in fixed else chosen / weights_at for name in datasets}
    proven = None if unnormalised or (partial and not scaled) else chosen
    return Normalisation(factors, proven if simulated else measured, partial, unnormalised)


def _not_normalised(reasons: Mapping[str, str], where: str | Path) -> ParameterError:
    lines = [f"  {name!r}: {reason}" for name, reason in list(reasons.items())[:5]]
    more = [f"  ... and {len(reasons) - 5} more"] if len(reasons) > 5 else []
    return ParameterError(
        f"Simulation in {where} is not normalised, so no luminosity can be given to it:\n"
        + "\n".join(lines + more)
    )


def _too_low(partial: Mapping[str, str], where: str | Path) -> IncompleteRunError:
    lines = [f"  {name!r}" + (f": {reason}" if reason else "") for name, reason in partial.items()]
    if len(lines) > 5:
        lines[5:] = [f"  ... and {len(lines) - 5} more"]
    limited = all("--max-events" in reason for reason in partial.values())
    again = (
        "run without the limit: hepml run ... without --max-events"
        if limited
        else f"process what failed:  hepml resume {where}"
    )
    return IncompleteRunError(
        f"Simulation in {where} is not complete, so its yield at a luminosity would be too low:\n"
        + "\n".join(lines)
        + f"\n  {again}"
        + "\n  accept the loss:      --allow-missing"
    )
