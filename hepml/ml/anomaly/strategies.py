"""Strategies of resonant anomaly detection on one interface: data in, a score per event out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, did_you_mean
from hepml.keys import key_position
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.outcome import StrategyResult
from hepml.ml.anomaly.settings import EnsembleSettings

__all__ = ["STRATEGIES", "run_strategy"]

Progress = Callable[[str, int, int], None]

# folds are made of the same keys
_SALT = 0x52414E44

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
    seeds: int = 1,
    first_seed: int = 1,
    folds: int = 5,
    ensemble: int | EnsembleSettings = 20,
    degree: int | None = None,
    bins: int = 11,
    oversample: int = 1,
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
    control : AnomalyData, optional
        Events of a control sample (same sign), scored by the same models.
    reference : AnomalyData, optional
        ``idealised``: true background events. ``supervised``: labelled events, default the data.
    closure : bool
        Whether to test the background model in the sidebands.
    quick : bool
        Fewer members, epochs and draws: minutes become seconds, figures stay roughly right.
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
    if name != "random":
        raise NotImplementedError(f"The strategy {name!r} is being written.")
    found = _random(data, control)
    return replace(found, seconds=time.process_time() - began)


def _random(data: AnomalyData, control: AnomalyData | None) -> StrategyResult:
    """A number between 0 and 1 that depends on the event's key alone."""
    return StrategyResult(
        "random",
        data.features,
        _uniform(data),
        control_scores=None if control is None else _uniform(control),
        notes=("This score knows nothing: whatever it gains is chance.",),
    )


def _uniform(data: AnomalyData) -> NDArray[np.float64]:
    return key_position([data.key.view(np.int64)], seed=_SALT)
