"""Train and test what needs no event of the signal region: the density model of the sidebands."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from hepml.errors import ParameterError
from hepml.ml.anomaly.asked import AnomalyOptions
from hepml.ml.anomaly.background import train_background
from hepml.ml.anomaly.closure import model_closure
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.job import Job
from hepml.ml.anomaly.outcome import StrategyResult
from hepml.ml.anomaly.scored import Statistics
from hepml.ml.anomaly.settings import EnsembleSettings
from hepml.ml.anomaly.store import Store

__all__ = ["blind_result"]

Progress = Callable[[str, int, int], None]

# Strategies that a density model of the sidebands belongs to.
_MODELLED = ("cathode", "anode", "lacathode")


def blind_result(
    data: AnomalyData,
    options: AnomalyOptions,
    asked: Statistics,
    store: Path,
    progress: Progress | None = None,
) -> StrategyResult:
    """Closure of the density model; there are no scores, since classifiers look at the region.

    Parameters
    ----------
    data : AnomalyData
        Events of the sidebands alone.
    options : AnomalyOptions
        How to train.
    asked : Statistics
        Degree and bins of the sideband fit.
    store : Path
        Folder that keeps the models.
    progress : callable, optional
        Called with what is being done, how much is done and how much there is.

    Raises
    ------
    ParameterError
        If there are events of the signal region.
    """
    if data.signal_region.any():
        raise ParameterError(
            f"{int(data.signal_region.sum())} events of the signal region were given to a blind "
            "training. Drop them first."
        )
    began = time.process_time()
    empty = StrategyResult(options.strategy, data.features, np.zeros(len(data)))
    if options.strategy not in _MODELLED:
        note = f"{options.strategy} has no model of the background that sidebands could test"
        return replace(empty, notes=(note,))
    job = Job(
        name=options.strategy,
        data=data,
        control=None,
        reference=None,
        density=options.density,
        density_options=options.density_options,
        preprocessing=options.preprocessing,
        seeds=tuple(range(1, options.seeds + 1)),
        folds=options.folds,
        settings=EnsembleSettings(members=options.ensemble),
        degree=asked.order(data.window),
        bins=asked.bins,
        oversample=1,
        closure=True,
        decorrelate=options.decorrelate,
        repeats=50 if options.quick else 200,
        store=Store(store),
        progress=progress,
    )
    background = train_background(job)
    sideband = background.at_sidebands(job)
    closure = model_closure(job, empty.scores, sideband)
    return replace(
        empty,
        sideband_samples=sideband,
        expected_background=background.expected,
        # there is no score that could follow the mass
        closure=closure.model_copy(update={"mass": None}),
        densities=background.histories,
        seconds=time.process_time() - began,
    )
