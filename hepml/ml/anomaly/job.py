"""What every strategy is given, and how classifiers turn it into scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.anomaly.ensemble import FoldEnsemble, Rows, event_folds, train_folds
from hepml.ml.anomaly.events import AnomalyData, content_keys
from hepml.ml.anomaly.outcome import BackgroundSamples, StrategyResult
from hepml.ml.anomaly.settings import EnsembleSettings
from hepml.ml.anomaly.store import Store

__all__ = ["Job", "classified", "odds"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Progress = Callable[[str, int, int], None]

# Probabilities this close to 0 or 1 are not told apart: their odds stay finite.
_CERTAIN = 1e-9


@dataclass(frozen=True, eq=False)
class Job:
    """A strategy's inputs; see :func:`hepml.ml.anomaly.strategies.run_strategy`."""

    name: str
    data: AnomalyData
    control: AnomalyData | None
    reference: AnomalyData | None
    density: str
    density_options: Mapping[str, Any]
    preprocessing: str
    seeds: tuple[int, ...]
    folds: int
    settings: EnsembleSettings
    degree: int
    bins: int
    oversample: int
    closure: bool
    decorrelate: bool
    repeats: int
    store: Store
    progress: Progress | None

    def fold_of(self, data: AnomalyData) -> Integers:
        """Fold of each event."""
        return event_folds(data.key, self.folds, self.settings.seed)

    def fold_of_samples(self, samples: BackgroundSamples) -> Integers:
        """Fold of each drawn event: by its content."""
        key = content_keys(samples.x, samples.mass)
        return event_folds(key, self.folds, self.settings.seed)

    def train(self, rows: Rows, name: str = "") -> FoldEnsemble:
        """Train classifiers in folds."""
        return train_folds(
            name or self.name,
            rows,
            self.folds,
            self.settings,
            store=self.store,
            progress=self.progress,
        )


def odds(probability: Floats) -> Floats:
    """p / (1 - p): the likelihood ratio, if both classes weigh the same in training."""
    safe = np.clip(probability, _CERTAIN, 1 - _CERTAIN)
    return np.asarray(safe / (1 - safe))


def classified(
    job: Job,
    rows: Rows,
    *,
    samples: BackgroundSamples | None = None,
    sample_folds: Integers | None = None,
) -> StrategyResult:
    """Train on the rows, and score data, control sample and background samples.

    Each row is scored by the classifiers of its own fold, none of which saw it.
    """
    ensemble = job.train(rows)
    scores = ensemble.scores(job.data.x, job.fold_of(job.data))
    control = job.control
    other = None if control is None else ensemble.scores(control.x, job.fold_of(control))
    if samples is not None and sample_folds is not None:
        found = ensemble.scores(samples.x, sample_folds)
        samples = replace(samples, scores=found, ratio=odds(found))
    return StrategyResult(
        name=job.name,
        features=job.data.features,
        scores=scores,
        ratio=odds(scores),
        control_scores=other,
        control_ratio=None if other is None else odds(other),
        samples=samples,
        histories=ensemble.histories,
        importances=dict(zip(job.data.features, ensemble.importances().tolist(), strict=True)),
    )
