"""Checks of a background model in the sidebands, where data hold no signal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hepml.ml.anomaly.auc import FoldRanking
from hepml.ml.anomaly.ensemble import Rows
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.job import Job
from hepml.ml.anomaly.outcome import BackgroundSamples
from hepml.ml.anomaly.results import BandAuc, Closure, FeatureTest
from hepml.ml.anomaly.sculpted import follows_mass, mass_dependence
from hepml.ml.anomaly.twosample import compare

__all__ = [
    "LIMIT",
    "classifier_test",
    "judge_closure",
    "model_closure",
    "score_closure",
    "untested",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# An AUC above this by more than its error allows is no closure; a scan flagged 0.55.
LIMIT = 0.53
_ERRORS = 2.0
# Errors above this cannot tell closure from its absence.
_BLUNT = 0.05
# Single features: a distance that is both real and large.
_KS, _P = 0.05, 1e-3
# Samples of each sideband event that the classifier sees, at most.
_SAMPLES = 2
# Classifiers of each fold: their mean matters less here than in a search.
_MEMBERS = 5


def model_closure(job: Job, scores: Floats, samples: BackgroundSamples) -> Closure:
    """Test the density model in the sidebands, and the score against the mass.

    Parameters
    ----------
    job : Job
        With the data.
    scores : array, shape (rows,)
        Scores of the data.
    samples : BackgroundSamples
        A sample of each seed at the mass of each sideband event.
    """
    data = job.data.take(job.data.sideband)
    place = np.tile(np.arange(len(data)), len(job.seeds))
    number = np.searchsorted(job.seeds, samples.seed)
    # each event takes its samples from a few of the seeds, in turns
    chosen = (place + number) % len(job.seeds) < _SAMPLES
    x, origin = samples.x[chosen], place[chosen]
    bands = [
        band
        for mass_included in (True, False)
        for band in classifier_test(job, data, x, origin, mass_included=mass_included)
    ]
    features = _features(job, data, x, origin)
    return judge_closure(bands, features, mass_dependence(job.data, scores))


def untested(job: Job, scores: Floats, why: str) -> Closure:
    """No background model to test: only the score against the mass."""
    found = mass_dependence(job.data, scores)
    return Closure(status="not tested", reasons=(why,), mass=found, limit=LIMIT)


def score_closure(job: Job, scores: Floats, why: str) -> Closure:
    """No background model to test, but a score that must not follow the mass: else it fails."""
    found = untested(job, scores, why)
    said = "" if found.mass is None else follows_mass(found.mass)
    if not said:
        return found
    return found.model_copy(update={"status": "failed", "reasons": (said,)})


def judge_closure(
    bands: Sequence[BandAuc], features: Sequence[FeatureTest], mass: object = None
) -> Closure:
    """Put tests together, and say whether any of them fails.

    The classifier fails above ``LIMIT`` by more than two errors, or as far below 0.5; a feature
    where its distance is larger than 0.05 and its p-value, times the number of features, below
    0.001. An area a little below 0.5 is expected: the density model has seen all events, the
    classifiers only those of other folds, so that samples seem too many around an event.
    """
    reasons, blunt = [], []
    for item in bands:
        value, error = item.auc.value, item.auc.error or 0.0
        with_mass = "with" if item.mass_included else "without"
        where = f"{item.band}, {with_mass} the mass"
        if value is None:
            blunt.append(f"classifier test in {where}: no events")
        elif value - _ERRORS * error > LIMIT:
            reasons.append(
                f"samples differ from data in {where}: AUC {value:.3f} +- {error:.3f}, "
                f"more than {LIMIT:g}"
            )
        elif value + _ERRORS * error < 1 - LIMIT:
            reasons.append(
                f"samples repeat events of {where}: AUC {value:.3f} +- {error:.3f}, less than "
                f"{1 - LIMIT:g}"
            )
        elif error > _BLUNT and item.band == "SB":
            blunt.append(f"AUC {value:.3f} +- {error:.3f} in {where}: too few events to tell")
    names = {item.feature for item in features}
    for test in features:
        if test.ks > _KS and test.p * len(names) < _P:
            reasons.append(
                f"{test.feature} differs in {test.band}: KS distance {test.ks:.3f}, p {test.p:.2g}"
            )
    status = "failed" if reasons else "not tested" if blunt else "ok"
    return Closure.model_validate(
        {
            "status": status,
            "reasons": (*reasons, *blunt),
            "bands": tuple(bands),
            "features": tuple(features),
            "mass": mass,
            "limit": LIMIT,
        }
    )


def classifier_test(
    job: Job, data: AnomalyData, x: Floats, origin: Integers, *, mass_included: bool
) -> list[BandAuc]:
    """How well classifiers tell sideband data from samples.

    Parameters
    ----------
    job : Job
        Folds and settings.
    data : AnomalyData
        Events of the sidebands.
    x : array, shape (samples, features)
        Samples.
    origin : array of int64, shape (samples,)
        The event at whose mass each was drawn; it goes into the fold of that event.
    mass_included : bool
        Whether the mass is an input.
    """
    fold = job.fold_of(data)
    inputs, others = data.x, x
    if mass_included:
        inputs = np.column_stack([data.x, data.mass])
        others = np.column_stack([x, data.mass[origin]])
    rows = Rows.of((inputs, fold), (others, fold[origin]))
    settings = replace(job.settings, members=min(job.settings.members, _MEMBERS))
    name = f"closure, {'with' if mass_included else 'without'} mass"
    scores = replace(job, settings=settings).train(rows, name).scores(rows.x, rows.fold)
    group = np.unique(data.key, return_inverse=True)[1].reshape(-1)
    groups = np.concatenate([group, group[origin]])
    found = []
    for band, mask in data.bands().items():
        inside = np.concatenate([mask, mask[origin]])
        ranking = FoldRanking(scores[inside], rows.data[inside], rows.fold[inside])
        found.append(
            BandAuc(
                band=band,
                mass_included=mass_included,
                events=int(mask.sum()),
                samples=int(mask[origin].sum()),
                auc=ranking.interval(groups[inside], repeats=job.repeats),
            )
        )
    return found


def _features(job: Job, data: AnomalyData, x: Floats, origin: Integers) -> list[FeatureTest]:
    """Each feature in each band."""
    found = []
    for band, mask in data.bands().items():
        of_samples = mask[origin]
        for column, name in enumerate(data.features):
            test = compare(
                data.x[mask, column], x[of_samples, column], repeats=job.repeats, seed=column
            )
            if test is not None:
                found.append(FeatureTest(feature=name, band=band, **test))
    return found
