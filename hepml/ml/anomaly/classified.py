"""Strategies that are one classifier: CATHODE, CWoLa, idealised, supervised; and chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError, ParameterError
from hepml.keys import key_position
from hepml.ml.anomaly.background import train_background
from hepml.ml.anomaly.closure import model_closure, score_closure, untested
from hepml.ml.anomaly.decorrelated import Decorrelation
from hepml.ml.anomaly.ensemble import Rows
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.job import Job, classified
from hepml.ml.anomaly.outcome import BackgroundSamples, StrategyResult

__all__ = ["cathode", "chance", "cwola", "idealised", "sideband_weights", "supervised"]

Floats = NDArray[np.float64]

# folds are made of the same keys
_SALT = 0x52414E44


def cathode(job: Job) -> StrategyResult:
    """Data of the signal region against samples of a density model (arXiv:2109.00546)."""
    background = train_background(job)
    samples = background.draw(job)
    region, fold = job.data.signal_region, job.fold_of(job.data)
    folds = job.fold_of_samples(samples)
    rows = Rows.of((job.data.x[region], fold[region]), (samples.x, folds))
    found = classified(job, rows, samples=samples, sample_folds=folds)
    sideband = background.at_sidebands(job)
    return replace(
        found,
        sideband_samples=sideband,
        expected_background=background.expected,
        closure=model_closure(job, found.scores, sideband) if job.closure else None,
        densities=background.histories,
    )


def cwola(job: Job) -> StrategyResult:
    """Data of the signal region against data of the sidebands (arXiv:1902.02634).

    Features that depend on the mass tell the signal region from the sidebands without any signal,
    and a cut on such a score makes a peak. So the dependence is taken out first, as the sidebands
    show it (``decorrelate``; without it, this is the published strategy); what is left fails the
    closure where the score still follows the mass.

    The sidebands weigh such that their mean mass is that of the signal region, and as much as
    it: a feature whose mean goes linearly with the mass tells nothing.
    """
    used, names, notes = _decorrelated(job)
    region, fold = used.data.signal_region, used.fold_of(used.data)
    side = ~region
    weight = sideband_weights(used.data)
    data = used.data.x
    rows = Rows.of((data[region], fold[region]), (data[side], fold[side]), weight[side])
    found = classified(used, rows)
    closure = score_closure(
        job, found.scores, "no density model: nothing to compare sidebands with"
    )
    gains = dict(zip(names, found.importances.values(), strict=True))
    checked = closure if job.closure else None
    return replace(found, closure=checked, importances=gains, notes=notes)


def _decorrelated(job: Job) -> tuple[Job, tuple[str, ...], tuple[str, ...]]:
    """The job with variables that do not depend on the mass, their names, and what to know."""
    if not job.decorrelate:
        return (
            job,
            job.data.features,
            (
                "CWoLa takes sideband data for background of the signal region: only the linear "
                "dependence of features on the mass is balanced by weights.",
            ),
        )
    # an empty sideband is an error that names it, further on
    if not job.data.sideband.any():
        return job, job.data.features, ()
    step = Decorrelation().fit(job.data)
    control = None if job.control is None else step.transform(job.control)
    used = replace(job, data=step.transform(job.data), control=control)
    return used, step.names(job.data.features), step.notes_


def sideband_weights(data: AnomalyData) -> Floats:
    """Weights of sideband events whose mean mass is that of the signal region; 0 inside it.

    Raises
    ------
    ModelError
        If one of the bands is empty.
    """
    bands = {"lower sideband": data.low, "signal region": data.signal_region}
    bands["upper sideband"] = data.high
    for name, mask in bands.items():
        if not mask.any():
            raise ModelError(f"There are no events in the {name} of {data.window.name!r}.")
    low, middle, high = (float(data.mass[mask].mean()) for mask in bands.values())
    share = (high - middle) / (high - low)
    total = float(data.signal_region.sum())
    weight = np.zeros(len(data))
    weight[data.low] = total * share / data.low.sum()
    weight[data.high] = total * (1 - share) / data.high.sum()
    return weight


def idealised(job: Job) -> StrategyResult:
    """Data of the signal region against true background of it: what CATHODE could reach."""
    reference = job.reference
    if reference is None or not reference.signal_region.any():
        raise ParameterError(
            "The idealised strategy needs true background events of the signal region as reference."
        )
    _same_features(job, reference)
    inside = reference.take(reference.signal_region)
    region, fold = job.data.signal_region, job.fold_of(job.data)
    samples = BackgroundSamples(inside.x, inside.mass, np.zeros(len(inside), np.int64))
    folds = job.fold_of(inside)
    rows = Rows.of((job.data.x[region], fold[region]), (inside.x, folds))
    found = classified(job, rows, samples=samples, sample_folds=folds)
    closure = untested(job, found.scores, "the background is the true one")
    return replace(found, closure=closure if job.closure else None)


def supervised(job: Job) -> StrategyResult:
    """True signal against true background of the signal region: the best there is."""
    source = job.data if job.reference is None else job.reference
    _same_features(job, source)
    inside = source.take(source.signal_region)
    if inside.label is None or not inside.label.any() or inside.label.all():
        raise ParameterError(
            "The supervised strategy needs labels, of signal and of background, in the signal "
            "region of the reference (default: of the data)."
        )
    fold, truth = job.fold_of(inside), inside.label
    rows = Rows.of((inside.x[truth], fold[truth]), (inside.x[~truth], fold[~truth]))
    # p_signal / p_background is not p_data / p_background, which the ratio stands for
    found = replace(classified(job, rows), ratio=None, control_ratio=None)
    closure = untested(job, found.scores, "labels were given")
    return replace(found, closure=closure if job.closure else None)


def chance(job: Job) -> StrategyResult:
    """A number between 0 and 1 that depends on the event's key alone."""
    control = job.control
    scores = _uniform(job.data)
    closure = untested(job, scores, "nothing was trained")
    return StrategyResult(
        job.name,
        job.data.features,
        scores,
        control_scores=None if control is None else _uniform(control),
        closure=closure if job.closure else None,
        notes=("This score knows nothing: whatever it gains is chance.",),
    )


def _uniform(data: AnomalyData) -> Floats:
    return key_position([data.key.view(np.int64)], seed=_SALT)


def _same_features(job: Job, other: AnomalyData) -> None:
    if other.features != job.data.features:
        raise ParameterError(
            f"The reference has the features {list(other.features)}, the data "
            f"{list(job.data.features)}."
        )
