"""ANODE: density of the signal region's data over that of the sidebands, interpolated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from hepml.ml.anomaly.background import Background, Space, fit_density, mass_spectrum
from hepml.ml.anomaly.closure import model_closure
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.job import Job
from hepml.ml.anomaly.outcome import BackgroundSamples, StrategyResult
from hepml.ml.anomaly.results import DensityHistory

__all__ = ["anode"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# |ln ratio| above this says only that one density is negligible.
_LARGEST = 30.0


@dataclass(frozen=True, eq=False)
class _Fold:
    """Densities that never saw one fold: of the sidebands, and of the signal region."""

    background: Background
    inner: tuple[Any, ...]


def anode(job: Job) -> StrategyResult:
    """Ratio of densities (arXiv:2001.04990), both by models that never saw the event.

    The mass of a sideband event is moved to the near edge of the signal region: both densities
    are then taken where the ratio means something, and an event is judged by its features.
    """
    space, spectrum = Space(job), mass_spectrum(job)
    window = job.data.window
    expected = float(spectrum.expected(window.low, window.high))
    folds, histories = [], []
    for fold in range(job.folds):
        outer, inner = _train(job, space, fold)
        histories += [history for _, history in (*outer, *inner)]
        models = tuple(model for model, _ in outer)
        background = Background(space, models, spectrum, expected, ())
        folds.append(_Fold(background, tuple(model for model, _ in inner)))
    scores, beyond = _scores(job, folds, job.data)
    control = None if job.control is None else _scores(job, folds, job.control)[0]
    samples = _samples(job, folds)
    sideband = _sidebands(job, folds)
    notes = [
        f"ln of the ratio of densities is held within {_LARGEST:g} for {beyond} events."
    ] * bool(beyond)
    return StrategyResult(
        name=job.name,
        features=job.data.features,
        scores=scores,
        ratio=np.exp(scores),
        control_scores=control,
        control_ratio=None if control is None else np.exp(control),
        samples=samples,
        sideband_samples=sideband,
        expected_background=expected,
        closure=model_closure(job, scores, sideband) if job.closure else None,
        densities=tuple(histories),
        notes=tuple(notes),
    )


_Models = list[tuple[Any, DensityHistory]]


def _train(job: Job, space: Space, fold: int) -> tuple[_Models, _Models]:
    """Densities of sidebands and of the signal region for one fold, one per seed."""
    others = job.fold_of(job.data) != fold
    outer: _Models = []
    inner: _Models = []
    for seed in job.seeds:
        for mask, models, where in (
            (job.data.sideband, outer, "sidebands"),
            (job.data.signal_region, inner, "signal region"),
        ):
            name = f"{job.name}: {where}, fold {fold + 1} of {job.folds}, seed {seed}"
            models.append(fit_density(job, space, np.flatnonzero(mask & others), seed, name))
    return outer, inner


def _scores(job: Job, folds: list[_Fold], data: AnomalyData) -> tuple[Floats, int]:
    """ln of the ratio for each event, and how many lie beyond the largest."""
    found = np.zeros(len(data))
    fold = job.fold_of(data)
    for number, models in enumerate(folds):
        rows = fold == number
        found[rows] = _log_ratio(job, models, data.x[rows], data.mass[rows])
    return np.clip(found, -_LARGEST, _LARGEST), int((np.abs(found) > _LARGEST).sum())


def _log_ratio(job: Job, models: _Fold, x: Floats, mass: Floats) -> Floats:
    """ln p(x | signal region) - ln p(x | background), means over seeds; the Jacobian cancels."""
    if not len(x):
        return np.zeros(0)
    window, space = job.data.window, models.background.space
    z = space.features(x)
    condition = space.scaled(np.clip(mass, window.low, window.high))
    parts = []
    for members in (models.inner, models.background.models):
        each = np.stack([model.log_prob(z, condition) for model in members])
        floor = np.nan_to_num(each, nan=-1e3, neginf=-1e3, posinf=1e3)
        parts.append(logsumexp(floor, axis=0))
    return np.asarray(parts[0] - parts[1], np.float64)


def _samples(job: Job, folds: list[_Fold]) -> BackgroundSamples:
    """Background events of the signal region, each drawn and scored by one fold's densities."""
    drawn = [models.background.draw(job) for models in folds]
    # every fold gives its share: what all give is as much as one model per seed would
    shares = [np.arange(len(part)) % job.folds == number for number, part in enumerate(drawn)]
    x = np.concatenate([part.x[share] for part, share in zip(drawn, shares, strict=True)])
    mass = np.concatenate([part.mass[share] for part, share in zip(drawn, shares, strict=True)])
    seed = np.concatenate([part.seed[share] for part, share in zip(drawn, shares, strict=True)])
    fold = np.repeat(np.arange(job.folds), [int(share.sum()) for share in shares])
    scores = np.zeros(len(x))
    for number, models in enumerate(folds):
        rows = fold == number
        scores[rows] = _log_ratio(job, models, x[rows], mass[rows])
    scores = np.clip(scores, -_LARGEST, _LARGEST)
    return BackgroundSamples(x, mass, seed, scores, np.exp(scores))


def _sidebands(job: Job, folds: list[_Fold]) -> BackgroundSamples:
    """Samples at the masses of sideband events, by densities that never saw the event."""
    fold = np.tile(job.fold_of(job.data)[job.data.sideband], len(job.seeds))
    found: BackgroundSamples | None = None
    for number, models in enumerate(folds):
        part = models.background.at_sidebands(job)
        if found is None:
            found = replace(part, x=part.x.copy())
        found.x[fold == number] = part.x[fold == number]
    if found is None:
        raise ValueError("There are no folds.")
    return found
