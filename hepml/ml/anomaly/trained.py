"""How scores were had, in a form that is kept and drawn."""

from __future__ import annotations

import numpy as np

from hepml.ml.anomaly.asked import AnomalyOptions
from hepml.ml.anomaly.findings import Training
from hepml.ml.anomaly.histograms import band_histograms, selected_histograms
from hepml.ml.anomaly.outcome import StrategyResult
from hepml.ml.anomaly.pieces import Histogram
from hepml.ml.anomaly.reading import AnomalyEvents
from hepml.ml.anomaly.strategies import STRATEGIES

__all__ = ["TITLES", "describe_training"]

TITLES = {
    "cathode": "CATHODE",
    "cwola": "CWoLa",
    "anode": "ANODE",
    "lacathode": "LaCATHODE",
    "idealised": "Idealised",
    "supervised": "Supervised",
    "random": "Random",
}


def describe_training(
    events: AnomalyEvents, found: StrategyResult, options: AnomalyOptions
) -> Training:
    """The record of a strategy's training."""
    return Training(
        strategy=found.name,
        title=TITLES.get(found.name, found.name),
        density=options.density,
        features=found.features,
        expected_background=found.expected_background,
        closure=found.closure,
        folds=found.histories,
        densities=found.densities,
        importances=found.importances,
        histograms=tuple(_histograms(events, found)),
        settings=found.settings | {"about": STRATEGIES.get(found.name, "")},
        notes=found.notes,
        seconds=found.seconds,
    )


def _histograms(events: AnomalyEvents, found: StrategyResult) -> list[Histogram]:
    """Features of sideband data and samples, and masses of samples in the signal region."""
    data, made = events.data, []
    units = {column.name: column.unit for column in events.columns}
    drawn = found.sideband_samples
    if drawn is not None and len(drawn):
        share = data.sideband.sum() / len(drawn)
        pairs = [("sideband data", data.x[data.sideband]), ("samples", drawn.x)]
        for item in selected_histograms(data.features, units, pairs):
            real, sampled = item.counts
            counts = (real, tuple(float(share * value) for value in sampled))
            made.append(item.model_copy(update={"counts": counts}))
    region = found.samples
    if region is not None and len(region):
        window, per = data.window, 1.0 / max(len(np.unique(region.seed)), 1)
        edges = np.linspace(window.low, window.high, 12)
        made.append(band_histograms("mass", "GeV", edges, [("samples", region.mass, per)]))
    return made
