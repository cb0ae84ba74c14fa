"""Base-track classes put together by shower, energy and film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.ml.evaluation import bootstrap_counts, class_counts, interval
from hepml.ml.ranking import Ranking, bootstrap, rates
from hepml.ml.results import Interval
from hepml.ml.sample import Sample
from hepml.ml.shower.energies import EnergyGroups
from hepml.ml.shower.results import ShowerClasses, Slice

__all__ = [
    "Taken",
    "classes_by_energy",
    "first_of",
    "good_size",
    "per_group",
    "slices_by_energy",
    "slices_by_film",
]

Floats = NDArray[np.float64]

# Sizes from which the published analysis calls a shower good, up to 2 GeV and above.
_GOOD_LOW, _GOOD = 20, 50
_LOW = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What a model takes of labelled rows.

    Attributes
    ----------
    sample : Sample
        The rows; a group is a shower.
    raw : array of float64
        The estimator's own probability of each row.
    taken : array of bool
        Rows above the threshold.
    total : array of float64 or None
        Base-tracks of each shower before any selection, where known.
    repeats, seed : int
        Of the bootstrap.
    """

    sample: Sample
    raw: Floats
    taken: NDArray[np.bool_]
    total: Floats | None = None
    repeats: int = 200
    seed: int = 0

    def counts(self) -> Floats:
        """Classes 11, 01, 10, 00 of each shower."""
        return class_counts(self.sample, self.taken, self.sample.group, self.sample.groups)


def good_size(energy: float) -> int:
    """Size from which a shower of this energy [GeV] is called good."""
    return _GOOD_LOW if 0 < energy < _LOW else _GOOD


def classes_by_energy(found: Taken, groups: EnergyGroups) -> tuple[ShowerClasses, ...]:
    """Mean classes per shower for all showers, and at each energy."""
    counts = found.counts()
    everything = np.ones(found.sample.groups, dtype=np.bool_)
    rows = [_classes(found, counts, everything, 0.0)]
    if len(groups) > 1:
        for place in range(len(groups)):
            energy = float(0.5 * (groups.low[place] + groups.high[place]))
            chosen = groups.index == place
            if chosen.any():
                rows.append(_classes(found, counts, chosen, energy))
    return tuple(rows)


def _classes(
    found: Taken, counts: Floats, chosen: NDArray[np.bool_], energy: float
) -> ShowerClasses:
    part = counts[chosen]
    rows = chosen[found.sample.group]
    sample = found.sample if chosen.all() else found.sample.take(rows)
    ranking = Ranking(found.raw[rows], sample.signal, sample.weights)
    errors = bootstrap(
        ranking, sample.group, sample.groups, part, repeats=found.repeats, seed=found.seed
    )
    size = part[:, 0] + part[:, 1]
    least = good_size(energy)
    tp, fp, fn, tn = part.mean(axis=0)
    shares = rates(*part.sum(axis=0))
    return ShowerClasses(
        energy=round(energy, 6),
        showers=len(part),
        found=tp,
        lost=fn,
        fake=fp,
        refused=tn,
        size=float(size.mean()),
        size_rms=float(size.std()),
        least=least,
        good=float((size >= least).mean()),
        auc=interval(ranking.auc(), "auc", errors),
        ap=interval(ranking.average_precision(), "ap", errors),
        **{name: interval(value, name, errors) for name, value in shares.items()},
    )


def slices_by_energy(found: Taken, groups: EnergyGroups) -> tuple[Slice, ...]:
    """Efficiency and purity at each energy."""
    counts = found.counts()
    slices = []
    for place in range(len(groups)):
        chosen = groups.index == place
        if chosen.any():
            total = None if found.total is None else found.total[chosen]
            slices.append(
                _slice(
                    counts[chosen],
                    (float(groups.low[place]), float(groups.high[place])),
                    total,
                    found,
                )
            )
    return tuple(slices)


def slices_by_film(found: Taken, film: NDArray[np.int64]) -> tuple[Slice, ...]:
    """Efficiency and purity film by film.

    Parameters
    ----------
    found : Taken
        What was taken.
    film : array of int64
        Film of each row.
    """
    slices = []
    for number in np.unique(film).tolist():
        rows = film == number
        sample = found.sample
        counts = class_counts(
            sample.take(rows), found.taken[rows], sample.group[rows], sample.groups
        )
        slices.append(_slice(counts, (float(number), float(number)), None, found))
    return tuple(slices)


def _slice(counts: Floats, edges: tuple[float, float], total: Floats | None, found: Taken) -> Slice:
    errors = bootstrap_counts(counts, repeats=found.repeats, seed=found.seed)
    tp, fp, fn, _ = counts.sum(axis=0)
    shares = rates(*counts.sum(axis=0))
    overall: Interval | None = None
    if total is not None and total.sum() > 0:
        share = counts[:, 0] / np.maximum(total, 1.0)
        overall = Interval(
            value=float(tp / total.sum()), error=float(share.std() / np.sqrt(len(share)))
        )
    return Slice(
        low=edges[0],
        high=edges[1],
        signal=float(tp + fn),
        chosen=float(tp + fp),
        efficiency=interval(shares["recall"], "recall", errors),
        purity=interval(shares["precision"], "precision", errors),
        overall=overall,
    )


def per_group(sample: Sample, name: str) -> Floats | None:
    """A column that is the same in all rows of a group, one value a group."""
    if name not in sample.columns:
        return None
    return np.asarray(sample.columns[name][sample.first_rows()], np.float64)


def first_of(names: Sequence[str], known: Sequence[str]) -> str | None:
    """The first of some names that is known."""
    return next((name for name in names if name in known), None)
