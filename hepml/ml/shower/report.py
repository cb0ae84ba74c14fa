"""Judge the models of shower identification: base-tracks, showers, energies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.evaluation import bootstrap_counts, class_counts, judge, working_point
from hepml.ml.results import Judgement, WorkingPoint
from hepml.ml.sample import Sample
from hepml.ml.shower.energies import EnergyGroups, group_energies
from hepml.ml.shower.estimates import Counts, count_showers, estimate_showers
from hepml.ml.shower.models import GROUP
from hepml.ml.shower.results import EnergyEstimate, ShowerClasses, Slice
from hepml.ml.shower.slices import (
    Taken,
    classes_by_energy,
    per_group,
    slices_by_energy,
    slices_by_film,
)
from hepml.ml.training import Plan, Trained

if TYPE_CHECKING:
    from hepml.ml.shower.task import ShowerOptions

__all__ = ["Judged", "judge_all"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the models are worth; see `hepml.ml.results.ShowerIdentification`.

    Attributes
    ----------
    sample : Sample
        Rows that they were judged by.
    scores : dict of str to array
        Calibrated probability of each row by model.
    counts : Counts
        What the main model counts in each shower.
    measured : dict of str to array
        Reconstructed energies [GeV] by estimator, of the showers of known energy.
    """

    sample: Sample
    judgements: tuple[Judgement, ...]
    by_energy: dict[str, tuple[ShowerClasses, ...]]
    films: dict[str, tuple[Slice, ...]]
    energies: dict[str, tuple[Slice, ...]]
    baseline: WorkingPoint | None
    energy: tuple[EnergyEstimate, ...]
    scores: dict[str, Floats]
    counts: Counts
    measured: dict[str, Floats]
    notes: tuple[str, ...] = ()


def judge_all(
    trained: Sequence[Trained],
    plans: Sequence[Plan],
    sample: Sample,
    spare: Sample | None,
    options: ShowerOptions,
) -> Judged:
    """Judge every model by the same rows.

    Parameters
    ----------
    trained : sequence of Trained
        The main model first.
    plans : sequence of Plan
        Theirs.
    sample : Sample
        Rows to be judged by.
    spare : Sample or None
        Rows of other showers, for the energy scale.
    options : ShowerOptions
        Bootstrap, seed.
    """
    _need_rows(sample)
    energy = _energy_of(sample)
    groups = group_energies(energy)
    judgements, by_energy, films, energies = [], {}, {}, {}
    scores: dict[str, Floats] = {}
    for item, plan in zip(trained, plans, strict=True):
        model = item.model
        raw = model.raw(sample.matrix(model.inputs))
        scores[model.name] = model.calibration(raw)
        judgements.append(
            judge(
                model,
                sample,
                raw,
                scores[model.name],
                title=plan.title,
                repeats=options.repeats,
                seed=options.seed,
                seconds=item.seconds,
                training_rows=item.rows,
                permutations=options.permutations,
            )
        )
        taken = _taken(sample, raw, scores[model.name] >= model.threshold, options)
        by_energy[model.name] = classes_by_energy(taken, groups)
        energies[model.name] = slices_by_energy(taken, groups)
        films[model.name] = slices_by_film(taken, plate_of(sample))
    baseline, more = _cut_based(sample, groups, options, energies, films)
    counts = _counts(trained, sample, scores, energy, options)
    other = None if spare is None else _spare_counts(trained, spare, options)
    estimates, measured, notes = estimate_showers(counts, other, seed=options.seed)
    return Judged(
        sample=sample,
        judgements=tuple(judgements),
        by_energy=by_energy,
        films=films,
        energies=energies,
        baseline=baseline,
        energy=estimates,
        scores=scores,
        counts=counts,
        measured=measured,
        notes=(*more, *notes),
    )


def _need_rows(sample: Sample) -> None:
    if not len(sample) or not sample.signal.any() or sample.signal.all():
        raise ModelError(
            f"The {len(sample):,} test rows do not hold both signal and background. Give more "
            "showers, a larger share with --split, or another run with --test."
        )


def _energy_of(sample: Sample) -> Floats:
    found = per_group(sample, "energy")
    return np.full(sample.groups, np.nan) if found is None else found


def plate_of(sample: Sample) -> NDArray[np.int64]:
    """Film of each row: its plate, counted from 1 upstream, else films below the injector."""
    if "pid" in sample.columns:
        pid = sample.columns["pid"].astype(np.int64)
        top = sample.columns.get("injector_pid", pid).astype(np.int64).max()
        return np.asarray(max(int(top), int(pid.max())) - pid + 1)
    if "depth" in sample.columns:
        return np.asarray(sample.columns["depth"].astype(np.int64))
    return np.zeros(len(sample), dtype=np.int64)


def _taken(sample: Sample, raw: Floats, taken: NDArray[np.bool_], options: ShowerOptions) -> Taken:
    return Taken(
        sample=sample,
        raw=raw,
        taken=taken,
        total=per_group(sample, "shower_signal"),
        repeats=options.repeats,
        seed=options.seed,
    )


def _cut_based(
    sample: Sample,
    groups: EnergyGroups,
    options: ShowerOptions,
    energies: dict[str, tuple[Slice, ...]],
    films: dict[str, tuple[Slice, ...]],
) -> tuple[WorkingPoint | None, tuple[str, ...]]:
    """Figures of the cut-based selection, which is one of the table's observers."""
    if "cut_based" not in sample.columns:
        return None, ("the table has no column cut_based: no baseline to compare with",)
    chosen = sample.columns["cut_based"] > 0
    taken = _taken(sample, chosen.astype(np.float64), chosen, options)
    counts = class_counts(sample, chosen, sample.group, sample.groups)
    found = bootstrap_counts(counts, repeats=options.repeats, seed=options.seed)
    energies["cut_based"] = slices_by_energy(taken, groups)
    films["cut_based"] = slices_by_film(taken, plate_of(sample))
    return working_point("cut_based", 0.5, counts, found), ()


def _counts(
    trained: Sequence[Trained],
    sample: Sample,
    scores: dict[str, Floats],
    energy: Floats,
    options: ShowerOptions,
) -> Counts:
    """What the main model counts, and beside it the cuts, the truth, the published forest."""
    more: dict[str, NDArray[np.bool_]] = {"truth": sample.signal}
    if "cut_based" in sample.columns:
        more["cut_based"] = sample.columns["cut_based"] > 0
    old = next((item.model for item in trained if item.model.name == "forest_legacy"), None)
    if old is not None:
        more["published"] = scores[old.name] >= old.threshold
    main = trained[0].model
    return count_showers(
        sample, scores[main.name], main.threshold, energy, keys=GROUP, more=more, seed=options.seed
    )


def _spare_counts(trained: Sequence[Trained], spare: Sample, options: ShowerOptions) -> Counts:
    main = trained[0].model
    scores = {main.name: main.score(spare.matrix(main.inputs))}
    return _counts(trained[:1], spare, scores, _energy_of(spare), options)
