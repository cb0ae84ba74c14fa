"""Energy of a shower from what a classifier takes: number of base-tracks, sum of probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.shower.energies import group_energies
from hepml.ml.shower.resolution import describe_bin, fit_resolution
from hepml.ml.shower.results import EnergyEstimate, Scale

__all__ = [
    "PUBLISHED",
    "apply_scale",
    "cross_scale",
    "estimate_energies",
    "fit_scale",
    "read_scale",
]

Floats = NDArray[np.float64]
Form = Literal["power", "linear", "proportional"]

PUBLISHED = Scale(form="linear", names=("p0", "p1"), values=(0.42, 0.04))
"""E = 0.42 GeV + 0.04 GeV N, hard-coded in the published analysis."""

_NAMES: dict[str, tuple[str, ...]] = {
    "power": ("a", "b"),
    "linear": ("p0", "p1"),
    "proportional": ("p1",),
}
# Relative spread of energies [1] below which a sample has one energy.
_ONE = 0.02


def apply_scale(scale: Scale, counted: Floats) -> Floats:
    """Energies [GeV] of what was counted."""
    if scale.form == "power":
        a, b = scale.values
        return np.asarray(a * np.maximum(counted, 0.0) ** b)
    if scale.form == "linear":
        return np.asarray(scale.values[0] + scale.values[1] * counted)
    return np.asarray(scale.values[0] * counted)


def fit_scale(counted: Floats, energy: Floats, form: Form = "power") -> Scale:
    """Fit what is counted against the true energy, and turn it around.

    The mean count at an energy is fitted (its spread is a fraction of it, fitted too), not the mean
    energy at a count: that one depends on how energies are distributed in the sample and is
    biased by the spread of the counts. A sample of one energy only gives a proportional scale.

    Parameters
    ----------
    counted : array of float64
        One number per shower.
    energy : array of float64
        True energy of each shower [GeV].
    form : {"power", "linear", "proportional"}
        E = a N^b, E = p0 + p1 N, or E = p1 N.

    Raises
    ------
    ModelError
        If there are too few showers, nothing is counted, or the fit has no minimum.
    """
    if len(counted) < 8 or not counted.mean() > 0:
        raise ModelError(
            f"An energy scale cannot be fitted to {len(counted)} showers with "
            f"{counted.mean() if len(counted) else 0:.1f} base-tracks on average."
        )
    if energy.std() < _ONE * energy.mean():
        form = "proportional"
    return _minimise(counted, energy, form)


def _minimise(counted: Floats, energy: Floats, form: Form) -> Scale:
    from iminuit import Minuit

    def cost(parameters: Floats) -> float:
        mean = _mean_count(parameters[:-1], energy, form)
        if not np.all(mean > 0):
            return 1e12
        sigma = parameters[-1] * mean
        return float(np.sum(((counted - mean) / sigma) ** 2 + 2.0 * np.log(sigma)))

    names = _NAMES[form]
    fit = Minuit(cost, _start(counted, energy, form), name=(*names, "spread"))
    fit.errordef = Minuit.LEAST_SQUARES
    fit.limits["spread"] = (1e-3, 5.0)
    if form == "power":
        fit.limits["a", "b"] = (1e-9, 20.0)
    fit.migrad(ncall=20_000)
    if not fit.valid:
        fit.simplex().migrad(ncall=20_000)
    if not fit.valid:
        raise ModelError(f"The energy scale ({form}) has no best fit to {len(counted)} showers.")
    return Scale(
        form=form,
        names=names,
        values=tuple(float(fit.values[name]) for name in names),
        errors=tuple(float(fit.errors[name]) for name in names),
        spread=float(fit.values["spread"]),
        showers=len(counted),
    )


def _mean_count(parameters: Any, energy: Floats, form: Form) -> Floats:
    """Mean count at an energy: the scale turned around."""
    if form == "power":
        return np.asarray((energy / parameters[0]) ** (1.0 / parameters[1]))
    if form == "linear":
        return np.asarray((energy - parameters[0]) / parameters[1])
    return np.asarray(energy / parameters[0])


def _start(counted: Floats, energy: Floats, form: Form) -> list[float]:
    ratio = float(energy.mean() / counted.mean())
    if form == "proportional":
        return [ratio, 0.3]
    if form == "linear":
        slope, offset = np.polyfit(energy, counted, 1)
        usable = slope > 0
        return [float(-offset / slope), float(1.0 / slope), 0.3] if usable else [0.0, ratio, 0.3]
    used = counted > 0
    inverse = float(np.polyfit(np.log(energy[used]), np.log(counted[used]), 1)[0])
    b = 1.0 / min(max(inverse, 0.3), 3.0)
    return [float(energy.mean() / counted.mean() ** b), b, 0.3]


def cross_scale(
    counted: Floats, energy: Floats, fold: NDArray[np.int64], form: Form = "power"
) -> Floats:
    """Energies of showers by scales that were fitted to the other folds."""
    found = np.full(len(counted), np.nan)
    for number in np.unique(fold):
        inside = fold == number
        scale = fit_scale(counted[~inside], energy[~inside], form)
        found[inside] = apply_scale(scale, counted[inside])
    return found


def read_scale(found: Mapping[str, Any]) -> Scale:
    """A scale out of JSON values."""
    return Scale.model_validate(dict(found))


def estimate_energies(
    name: str,
    title: str,
    counted: Floats,
    energy: Floats,
    scale: Scale,
    reconstructed: Floats | None = None,
    *,
    what: str = "size",
    seed: int = 0,
) -> EnergyEstimate:
    """Judge an estimator of the energy: bias, resolution and how it falls with energy.

    Parameters
    ----------
    name, title : str
        Of the estimator.
    counted, energy : array of float64
        Count and true energy [GeV] of each shower.
    scale : Scale
        From the count to GeV, fitted to other showers.
    reconstructed : array of float64, optional
        Energies if they are not ``scale`` of the count (scales by folds).
    what : str
        What is counted.
    seed : int
        Of the bootstrap.
    """
    found = apply_scale(scale, counted) if reconstructed is None else reconstructed
    groups = group_energies(energy)
    bins = []
    for place in range(len(groups)):
        rows = groups.index == place
        if rows.sum() < 2:
            continue
        low, high = float(groups.low[place]), float(groups.high[place])
        bins.append(
            describe_bin(energy[rows], found[rows], counted[rows], low=low, high=high, seed=seed)
        )
    fitted = fit_resolution(bins)
    return EnergyEstimate(
        name=name,
        title=title,
        counted=what,
        scale=scale,
        bins=tuple(bins),
        stochastic=fitted[0] if fitted else None,
        constant=fitted[1] if fitted else None,
        deviance=fitted[2] if fitted else None,
    )
