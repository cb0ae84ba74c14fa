"""Energy estimators of shower identification, with scales from showers of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.keys import key_position
from hepml.ml.sample import Sample
from hepml.ml.shower.results import EnergyEstimate, Scale
from hepml.ml.shower.scales import (
    PUBLISHED,
    Form,
    apply_scale,
    cross_scale,
    estimate_energies,
    fit_scale,
)

__all__ = ["Counts", "count_showers", "estimate_showers"]

Floats = NDArray[np.float64]

# Folds of showers where no sample is set aside for the energy scale.
_FOLDS = 5
# Showers below which no energy scale is fitted.
_LEAST = 20
# Estimators: what is counted, and the form of the scale.
_FORMS: tuple[tuple[str, Form], ...] = (
    ("size", "power"),
    ("size", "linear"),
    ("sum", "power"),
    ("sum", "linear"),
)
_TITLES = {"size": "Number taken", "sum": "Sum of probabilities"}


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """What is counted in each shower.

    Attributes
    ----------
    values : dict of str to array
        ``size`` (base-tracks taken), ``sum`` (of probabilities), and more by name.
    energy : array of float64
        True energy [GeV], NaN where not known.
    fold : array of int64
        Fold of each shower, a function of its key.
    """

    values: dict[str, Floats]
    energy: Floats
    fold: NDArray[np.int64]

    def known(self) -> Counts:
        """Showers of known energy."""
        rows = np.isfinite(self.energy) & (self.energy > 0)
        values = {name: found[rows] for name, found in self.values.items()}
        return Counts(values, self.energy[rows], self.fold[rows])


def count_showers(
    sample: Sample,
    score: Floats,
    threshold: float,
    energy: Floats,
    *,
    keys: tuple[str, ...] = (),
    more: Mapping[str, NDArray[np.bool_]] | None = None,
    seed: int = 0,
) -> Counts:
    """Count in each shower.

    Parameters
    ----------
    sample : Sample
        Rows; a group is a shower.
    score : array of float64
        Calibrated probability of each row.
    threshold : float
        From which a row is taken.
    energy : array of float64
        True energy of each shower.
    keys : tuple of str
        Key columns of a shower.
    more : mapping of str to array of bool, optional
        Other choices of rows to count.
    seed : int
        Seed of the folds.
    """
    choices = {"size": score >= threshold, **(more or {})}
    values = {
        name: np.bincount(sample.group[rows], minlength=sample.groups).astype(np.float64)
        for name, rows in choices.items()
    }
    values["sum"] = np.bincount(sample.group, score, sample.groups).astype(np.float64)
    first = sample.first_rows()
    # another seed than that of the split, whose views are intervals of the same hash
    place = key_position([sample.columns[name][first] for name in keys], seed + 1)
    return Counts(values, energy, (place * _FOLDS).astype(np.int64))


def estimate_showers(
    test: Counts, other: Counts | None, *, seed: int = 0
) -> tuple[tuple[EnergyEstimate, ...], dict[str, Floats], tuple[str, ...]]:
    """Every estimator of the energy on the test showers.

    Parameters
    ----------
    test : Counts
        Showers to measure.
    other : Counts or None
        Independent showers that the scales are fitted to; ``None``: each fifth of the test
        showers is measured with scales fitted to the other four.
    seed : int
        Of the bootstrap.

    Returns
    -------
    (estimates, energies, notes)
        Energies [GeV] of the test showers of known energy by estimator.
    """
    known = test.known()
    spare = None if other is None else other.known()
    found: list[EnergyEstimate] = []
    energies: dict[str, Floats] = {}
    notes: list[str] = []
    fitted = len((spare or known).energy)
    if len(known.energy) < 2 or fitted < _LEAST:
        reason = f"{fitted} showers of known energy are too few to fit an energy scale to"
        return (), {}, (reason,)
    for what, form, title in _wanted(known):
        name = f"{what}_{form}"
        try:
            scale, measured = _measure(known, spare, what, form)
        except ModelError as error:
            notes.append(f"energy by {title}: {error}")
            continue
        if scale.form != form:
            # a beam of one energy has no power to fit: both forms would be the same
            name = f"{what}_{scale.form}"
            if name in energies:
                continue
        energies[name] = measured
        counted = known.values[what]
        found.append(
            estimate_energies(
                name, title, counted, known.energy, scale, measured, what=what, seed=seed
            )
        )
    old = "published" if "published" in known.values else "size"
    counted = known.values[old]
    energies["published"] = apply_scale(PUBLISHED, counted)
    found.append(
        estimate_energies(
            "published", "Published constants", counted, known.energy, PUBLISHED, what=old,
            seed=seed,
        )
    )  # fmt: skip
    if any(item.scale.form == "proportional" for item in found):
        notes.append(
            "the showers that the energy scale is fitted to have one energy, so it is "
            "proportional; fit it to a range of energies with --calibrate"
        )
    return tuple(found), energies, tuple(notes)


def _wanted(known: Counts) -> list[tuple[str, Form, str]]:
    wanted = [(what, form, f"{_TITLES[what]}, {form}") for what, form in _FORMS]
    for what, title in (("cut_based", "Cut-based number"), ("truth", "True number")):
        if what in known.values:
            wanted.append((what, "power", f"{title}, power"))
    return wanted


def _measure(known: Counts, spare: Counts | None, what: str, form: Form) -> tuple[Scale, Floats]:
    counted = known.values[what]
    if spare is not None:
        scale = fit_scale(spare.values[what], spare.energy, form)
        return scale, apply_scale(scale, counted)
    scale = fit_scale(counted, known.energy, form)
    return scale, cross_scale(counted, known.energy, known.fold, form)
