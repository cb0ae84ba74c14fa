"""Prior-assisted weak supervision as published: trials of its optimiser, the best averaged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.ensembles import best_trials, combine_fits, combine_scores, compare_fit
from hepml.ml.dijet.findings import ratio_doubts, search_landscapes, true_parameters
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.kappa import Kappa
from hepml.ml.dijet.mixture import data_probability, log_mixture
from hepml.ml.dijet.mixture import shares as mixture_shares
from hepml.ml.dijet.outcome import Outcome, TrialOutcome
from hepml.ml.dijet.prior_training import train_priors
from hepml.ml.dijet.priors import Priors
from hepml.ml.dijet.published_fit import PublishedTrial, Sample, fit_published
from hepml.ml.dijet.published_settings import Optimiser
from hepml.ml.dijet.results import Fitted, Parameter
from hepml.ml.dijet.stages import Stages, WeakRows

__all__ = ["learn_published"]

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]


def learn_published(
    stages: Stages,
    asked: DijetOptions,
    *,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Train priors, or take those that are kept, and fit masses, mu and alpha as published.

    Parameters
    ----------
    stages : Stages
        Events by what they are for.
    asked : DijetOptions
        What is asked; trials are chosen by their loss on the weak validation sample.
    store : path, optional
        Folder of trained priors.
    progress : callable, optional
        Told of what is done.
    """
    priors = train_priors(stages, asked, store, progress)
    return _Published(stages, asked, priors, progress).outcome()


class _Published:
    """Trials, and what is made of them."""

    def __init__(
        self, stages: Stages, asked: DijetOptions, priors: Priors, progress: Progress | None
    ) -> None:
        self.stages, self.asked, self.priors = stages, asked, priors
        self.log_kappa = _log_kappa(asked)
        began = time.monotonic()
        train = self._sample(stages.weak_train, progress)
        self.data = train[0]
        self.settings = Optimiser().quick() if asked.quick else Optimiser()
        self.trials = fit_published(
            train,
            self._sample(stages.weak_validation, progress),
            loss=asked.fit_loss,
            trials=asked.trial_count,
            seed=asked.seed,
            settings=self.settings,
            progress=progress,
        )
        self.seconds = time.monotonic() - began
        losses = [trial.validation for trial in self.trials]
        self.kept = best_trials(losses, asked.kept_count or len(losses))

    def _sample(self, sample: WeakRows, progress: Progress | None) -> Sample:
        x, data = self.stages.events.x, sample.data
        found = self._grid(x[sample.rows[data]], progress)
        if self.asked.fit_loss == "likelihood":
            return found, None
        return found, self._grid(x[sample.rows[~data]], progress)

    def _grid(self, x: NDArray[np.float32], progress: Progress | None) -> RatioGrid:
        grid = self.priors.grid(x, progress)
        return grid if self.log_kappa is None else grid.with_kappa(_fixed(grid, self.log_kappa))

    def _ratios(self, x: NDArray[np.float32], masses: tuple[float, float]) -> NDArray[Any]:
        if self.log_kappa is None:
            return self.priors.log_ratios(x, masses)
        return self.priors.logits(x, masses) + self.log_kappa[:, None]

    def _place(self, values: dict[str, float]) -> tuple[tuple[float, float], float, Floats]:
        """Masses, mu and shares; a mass with one node only is there."""
        x, y = (float(values.get(axis.name, axis.nodes[0])) for axis in self.data.axes)
        alphas = [value for name, value in values.items() if name.startswith("alpha")]
        return (x, y), values["mu"], mixture_shares(np.asarray(alphas, np.float64))[0]

    def _scores(self, trial: PublishedTrial) -> Floats:
        """Probability that a test event is of the data."""
        masses, mu, share = self._place(dict(zip(trial.names, trial.values, strict=True)))
        ratios = self._ratios(self.stages.events.x[self.stages.test], masses)
        return data_probability(log_mixture(ratios, mu, share), -float(np.log1p(-mu)))

    def _fits(self) -> list[Fitted]:
        return [
            Fitted(
                parameters=tuple(
                    Parameter(name=name, value=value)
                    for name, value in zip(trial.names, trial.values, strict=True)
                ),
                validation=trial.validation,
            )
            for trial in self.trials
        ]

    def outcome(self) -> Outcome:
        """Everything."""
        stages, priors, truth = self.stages, self.priors, true_parameters(self.stages, self.asked)
        scores = np.array([self._scores(trial) for trial in self.trials])
        fits = self._fits()
        fit = combine_fits(fits, self.kept)
        masses, mu, share = self._place({item.name: item.value for item in fit.parameters})
        reference = stages.weak_train.rows[~stages.weak_train.data]
        names = [f"trial_{place:02d}" for place in range(len(self.trials))]
        return Outcome(
            scores=combine_scores(scores, self.kept),
            logit=True,
            save=priors.save,
            models={
                "kind": priors.kind,
                "files": priors.files(),
                "optimiser": asdict(self.settings),
                "averaged": list(self.kept),
                "fits": {name: _record(t) for name, t in zip(names, self.trials, strict=True)},
            },
            trials=tuple(
                TrialOutcome(name, row, t.validation, compare_fit(one, truth), t.seconds)
                for name, row, t, one in zip(names, scores, self.trials, fits, strict=True)
            ),
            kept=self.kept,
            fit=compare_fit(fit, truth),
            validation=float(np.mean([self.trials[place].validation for place in self.kept])),
            landscapes=search_landscapes(self.data, masses, mu, share, truth),
            histories=priors.histories
            | {name: trial.history for name, trial in zip(names, self.trials, strict=True)},
            seconds=priors.seconds + self.seconds,
            notes=(
                *self._notes(),
                *ratio_doubts(
                    priors,
                    self._ratios(stages.events.x[reference], masses),
                    priors.log_ratios(priors.rest, masses),
                    "reference",
                ),
            ),
        )

    def _notes(self) -> tuple[str, ...]:
        notes = [
            f"parameters are medians of the {len(self.kept)} trials of lowest validation loss, "
            f"out of {len(self.trials)}, and the score is their mean"
        ]
        if len(self.kept) > 2:
            notes[0] += "; intervals are how far these trials agree, no statistical errors"
        going = sum(not self.trials[place].stopped for place in self.kept)
        if going:
            notes.append(
                f"{going} of these trials went through all {self.settings.epochs} passes and may "
                "not be at their minimum"
            )
        return tuple(notes)


def _record(trial: PublishedTrial) -> dict[str, Any]:
    """A trial as JSON values."""
    return {
        "start": dict(zip(trial.names, trial.start, strict=True)),
        "parameters": dict(zip(trial.names, trial.values, strict=True)),
        "scalars": list(trial.scalars),
        "validation": trial.validation,
    }


def _log_kappa(asked: DijetOptions) -> Floats | None:
    """ln kappa of each mode, where it is given."""
    if not asked.kappa:
        return None
    return np.log(np.broadcast_to(np.asarray(asked.kappa, np.float64), len(asked.modes)))


def _fixed(grid: RatioGrid, log_kappa: Floats) -> Kappa:
    """The same normalisation at all masses."""
    shape = tuple(len(axis.nodes) for axis in grid.axes)
    values = np.broadcast_to(log_kappa[:, None, None], (len(log_kappa), *shape))
    return Kappa.from_nodes(grid.axes, values, 0)
