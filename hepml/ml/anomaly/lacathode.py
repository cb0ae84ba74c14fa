"""LaCATHODE: data against a standard normal in the latent space of the density model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.ml.anomaly.background import Background, finite_rows, train_background
from hepml.ml.anomaly.closure import model_closure
from hepml.ml.anomaly.ensemble import FoldEnsemble, Rows, event_folds
from hepml.ml.anomaly.events import AnomalyData, content_keys
from hepml.ml.anomaly.job import Job, odds
from hepml.ml.anomaly.outcome import BackgroundSamples, StrategyResult
from hepml.ml.anomaly.results import FoldHistory

__all__ = ["lacathode"]

Floats = NDArray[np.float64]


def lacathode(job: Job) -> StrategyResult:
    """Classify in the latent space (arXiv:2210.14924), where background is normal at every mass.

    The score follows the mass less than that of CATHODE, since the flow takes the dependence of
    the features on the mass out. One ensemble per seed: latent spaces do not compare.
    """
    background = train_background(job)
    if not all(hasattr(model, "to_latent") for model in background.models):
        raise ParameterError(
            f"The density {job.density!r} has no latent space; LaCATHODE needs maf or nsf."
        )
    control, count, drawn = job.control, len(job.seeds), []
    scores = np.zeros(len(job.data))
    others = None if control is None else np.zeros(len(control))
    histories: list[FoldHistory] = []
    gains = np.zeros(len(job.data.features))
    for number in range(count):
        ensemble, samples = _train(job, background, number)
        drawn.append(samples)
        histories += ensemble.histories
        gains += ensemble.importances() / count
        scores += (
            ensemble.scores(_latent(job, background, number, job.data), job.fold_of(job.data))
            / count
        )
        if control is not None and others is not None:
            latent = _latent(job, background, number, control)
            others += ensemble.scores(latent, job.fold_of(control)) / count
    sideband = background.at_sidebands(job)
    return StrategyResult(
        name=job.name,
        features=job.data.features,
        scores=scores,
        ratio=odds(scores),
        control_scores=others,
        control_ratio=None if others is None else odds(others),
        samples=_joined(drawn),
        sideband_samples=sideband,
        expected_background=background.expected,
        closure=model_closure(job, scores, sideband) if job.closure else None,
        histories=tuple(histories),
        densities=background.histories,
        importances={
            f"latent of {name}": float(gain)
            for name, gain in zip(job.data.features, gains, strict=True)
        },
    )


def _latent(job: Job, background: Background, number: int, data: AnomalyData) -> Floats:
    """Latent variables of events."""
    space, model = background.space, background.models[number]
    latent = model.to_latent(space.features(data.x), space.scaled(data.mass))
    return finite_rows(np.asarray(latent, np.float64), "latent rows")


def _train(job: Job, background: Background, number: int) -> tuple[FoldEnsemble, BackgroundSamples]:
    """Classifiers of one seed, and the normal samples with their scores."""
    seed, model = job.seeds[number], background.models[number]
    mass = background.masses(job, seed)
    rng = np.random.default_rng([seed, 3])
    normal = rng.normal(size=(len(mass), len(job.data.features)))
    fold = event_folds(content_keys(normal, mass), job.folds, job.settings.seed)
    data = job.data.take(job.data.signal_region)
    latent = _latent(job, background, number, data)
    rows = Rows.of((latent, job.fold_of(data)), (normal, fold))
    ensemble = job.train(rows, f"{job.name}, seed {seed}")
    scores = ensemble.scores(normal, fold)
    space = background.space
    x = space.raw(np.asarray(model.from_latent(normal, space.scaled(mass)), np.float64))
    seeds = np.full(len(mass), seed, np.int64)
    return ensemble, BackgroundSamples(
        finite_rows(x, f"samples of seed {seed}"), mass, seeds, scores, odds(scores)
    )


def _joined(parts: list[BackgroundSamples]) -> BackgroundSamples:
    """Samples of all seeds."""
    first = parts[0]
    if len(parts) == 1:
        return first
    scores = [part.scores for part in parts if part.scores is not None]
    joint = np.concatenate(scores)
    return replace(
        first,
        x=np.concatenate([part.x for part in parts]),
        mass=np.concatenate([part.mass for part in parts]),
        seed=np.concatenate([part.seed for part in parts]),
        scores=joint,
        ratio=odds(joint),
    )
