"""Strategies of resonant anomaly detection on one interface: data in, a score per event out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from hepml.errors import ParameterError, did_you_mean
from hepml.ml.anomaly.ensemble import event_folds
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.job import Job
from hepml.ml.anomaly.outcome import StrategyResult
from hepml.ml.anomaly.sculpted import follows_mass
from hepml.ml.anomaly.settings import EnsembleSettings
from hepml.ml.anomaly.store import Store

__all__ = ["STRATEGIES", "run_strategy"]

Progress = Callable[[str, int, int], None]

# classifiers of each fold where it must be quick
_QUICK = 5

STRATEGIES: dict[str, str] = {
    "cathode": "data of the signal region against samples of a density model of the sidebands",
    "cwola": "data of the signal region against data of the sidebands",
    "anode": "density of the signal region over that of the sidebands, interpolated",
    "lacathode": "as cathode, in the latent space of the density model",
    "idealised": "data of the signal region against true background",
    "supervised": "true signal against true background",
    "random": "a number that knows nothing, as a control",
}


def run_strategy(
    name: str,
    data: AnomalyData,
    *,
    density: str = "maf",
    density_options: Mapping[str, Any] | None = None,
    preprocessing: str = "code",
    seeds: int = 1,
    first_seed: int = 1,
    folds: int = 5,
    ensemble: int | EnsembleSettings = 20,
    degree: int | None = None,
    bins: int = 11,
    oversample: int = 1,
    decorrelate: bool = True,
    control: AnomalyData | None = None,
    reference: AnomalyData | None = None,
    closure: bool = True,
    quick: bool = False,
    store: Path | None = None,
    progress: Progress | None = None,
) -> StrategyResult:
    """Score every event with models that never saw it.

    Parameters
    ----------
    name : str
        One of ``STRATEGIES``.
    data : AnomalyData
        Events of the window.
    density : str
        Density model: ``maf`` or ``nsf`` (need the extra ``deep``), ``neighbours`` or ``trees``.
    density_options : mapping, optional
        Its options.
    preprocessing : str
        Order of its preprocessing: see :class:`hepml.ml.transforms.Preprocessing`.
    seeds, first_seed : int
        Trainings of the density model, whose samples are put together; seeds count from
        ``first_seed``.
    folds : int
        Parts of the data; at least 3: one is scored, one stops the training, the others train.
    ensemble : int or EnsembleSettings
        Classifiers of each fold, or all their settings.
    degree, bins : int
        Of the sideband fit that gives the mass of the background: see :func:`hepml.stats.hunt`.
    oversample : int
        Samples of a density model for each expected background event.
    decorrelate : bool
        Whether ``cwola`` takes the dependence on the mass out of the features first; ``False`` is
        the published strategy.
    control : AnomalyData, optional
        Events of a control sample (same sign), scored by the same models.
    reference : AnomalyData, optional
        ``idealised``: true background events. ``supervised``: labelled events, default the data.
    closure : bool
        Whether to test the background model in the sidebands.
    quick : bool
        At most 5 classifiers a fold, and fewer draws for errors. Density models are as asked for:
        give them fewer epochs in ``density_options``.
    store : Path, optional
        Folder that keeps every trained model: what is there for the same events and settings is
        not trained again.
    progress : callable, optional
        Called with what is being done, how much is done and how much there is.

    Returns
    -------
    StrategyResult
        Scores, samples, closure.

    Raises
    ------
    ParameterError
        If there is no such strategy, or a number makes no sense.
    ModelError
        If the events do not suffice.
    """
    if name not in STRATEGIES:
        raise ParameterError(f"There is no strategy {name!r}. " + did_you_mean(name, STRATEGIES))
    began = time.process_time()
    if seeds < 1 or oversample < 1 or first_seed < 0:
        raise ParameterError(
            f"Seeds and oversampling are at least 1: seeds={seeds}, oversample={oversample}."
        )
    if control is not None and control.features != data.features:
        raise ParameterError(
            f"The control sample has the features {list(control.features)}, the data "
            f"{list(data.features)}."
        )
    job = Job(
        name=name,
        data=data,
        control=control,
        reference=reference,
        density=density,
        density_options=dict(density_options or {}),
        preprocessing=preprocessing,
        seeds=tuple(range(first_seed, first_seed + seeds)),
        folds=folds,
        settings=_settings(ensemble, quick),
        degree=data.window.degree if degree is None else degree,
        bins=bins,
        oversample=oversample,
        closure=closure,
        decorrelate=decorrelate,
        repeats=50 if quick else 200,
        store=Store(store),
        progress=progress,
    )
    event_folds(data.key, folds)
    found = _strategy(name)(job)
    return replace(
        found,
        settings=_record(job),
        notes=(*found.notes, *_sculpting(found)),
        seconds=time.process_time() - began,
    )


def _sculpting(found: StrategyResult) -> list[str]:
    """A word of warning where the score follows the mass in the sidebands."""
    mass = None if found.closure is None else found.closure.mass
    said = "" if mass is None else follows_mass(mass)
    if not said:
        return []
    return [
        f"{said} The background is fitted anew after each cut; see that its shape is still "
        "described."
    ]


def _settings(ensemble: int | EnsembleSettings, quick: bool) -> EnsembleSettings:
    """Settings from a number of members."""
    if isinstance(ensemble, EnsembleSettings):
        found = ensemble
    else:
        found = EnsembleSettings(members=ensemble)
    return replace(found, members=min(found.members, _QUICK)) if quick else found


def _strategy(name: str) -> Callable[[Job], StrategyResult]:
    """The function of a strategy; density models and trees are imported when they are used."""
    from hepml.ml.anomaly import anode, classified, lacathode

    known: dict[str, Callable[[Job], StrategyResult]] = {
        "cathode": classified.cathode,
        "cwola": classified.cwola,
        "anode": anode.anode,
        "lacathode": lacathode.lacathode,
        "idealised": classified.idealised,
        "supervised": classified.supervised,
        "random": classified.chance,
    }
    return known[name]


def _record(job: Job) -> dict[str, Any]:
    """Settings as JSON values."""
    uses_density = job.name in ("cathode", "anode", "lacathode")
    found: dict[str, Any] = {
        "strategy": job.name,
        "features": list(job.data.features),
        "folds": job.folds,
        "ensemble": asdict(job.settings),
    }
    if job.name == "cwola":
        found["decorrelate"] = job.decorrelate
    if uses_density:
        found |= {
            "density": job.density,
            "density_options": dict(job.density_options),
            "preprocessing": job.preprocessing,
            "seeds": list(job.seeds),
            "degree": job.degree,
            "bins": job.bins,
            "oversample": job.oversample,
        }
    return found
