"""Scale simulation to a luminosity, from sums that a run can prove complete."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hepml.errors import IncompleteRunError, ParameterError

__all__ = ["data_luminosity", "luminosity_factors"]

Datasets = Mapping[str, Mapping[str, Any]]


def data_luminosity(datasets: Datasets) -> float | None:
    """Luminosity [pb^-1] of all the data of a run together.

    Parameters
    ----------
    datasets : mapping
        ``datasets`` of ``provenance.json``.

    Returns
    -------
    float or None
        ``None`` if there are no data, or the luminosity of one data set is unknown.
    """
    values = [item.get("luminosity") for item in datasets.values() if item["kind"] == "data"]
    if not values or any(value is None for value in values):
        return None
    return float(sum(value for value in values if value is not None))


def luminosity_factors(
    datasets: Datasets,
    weights_at: float,
    target: float | None = None,
    *,
    where: str | Path = "the run",
    allow_missing: bool = False,
) -> dict[str, float]:
    """Factor per dataset that brings simulation to a luminosity; 1 for data.

    A simulated event's weight is cross section times luminosity over the sum of weights of the
    whole sample, so that a sample read in part gives too low a yield.

    Parameters
    ----------
    datasets : mapping
        ``datasets`` of ``provenance.json``.
    weights_at : float
        Luminosity [pb^-1] that the weights were made with.
    target : float, optional
        Luminosity [pb^-1] to scale to; default: that of the data where it is known, otherwise
        ``weights_at``.
    allow_missing : bool
        Accept samples that are not complete.

    Raises
    ------
    ParameterError
        If ``target`` is not positive.
    IncompleteRunError
        If a simulated sample is not complete.
    """
    if target is not None and not target > 0:
        raise ParameterError(f"The luminosity must be above 0 pb^-1, not {target}.")
    partial = {
        name: item.get("incomplete_because") or "some chunks have no result"
        for name, item in datasets.items()
        if not item.get("complete", True)
    }
    if partial and not allow_missing:
        lines = [f"  {name}: {reason}" for name, reason in list(partial.items())[:5]]
        raise IncompleteRunError(
            f"{len(partial)} datasets of {where} are not complete, so yields would be too low:\n"
            + "\n".join(lines)
            + f"\nprocess what is missing:  hepml resume {where}"
            + "\naccept the loss:          --allow-missing"
        )
    chosen = target or data_luminosity(datasets) or weights_at
    return {
        name: 1.0 if item["kind"] == "data" else chosen / weights_at
        for name, item in datasets.items()
    }
