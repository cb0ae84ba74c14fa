"""Strategies of one mass point: with true labels, or data against a reference (CWoLa)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.ensembles import combine_scores
from hepml.ml.dijet.learners import (
    Part,
    Progress,
    Recipe,
    Trial,
    choose_trials,
    recipe_for,
    train_trials,
)
from hepml.ml.dijet.outcome import Outcome, TrialOutcome
from hepml.ml.dijet.stages import Stages, WeakRows
from hepml.ml.kinds import FILES, write_estimator

__all__ = ["learn_dedicated"]

Ints = NDArray[np.int64]


def learn_dedicated(
    stages: Stages, asked: DijetOptions, progress: Progress | None = None
) -> Outcome:
    """Train the dedicated supervised or the weakly supervised strategy.

    The supervised one, an upper bound, learns from the true labels of all events that are not
    tested. The weak one learns data against reference of its own events.

    Parameters
    ----------
    stages : Stages
        Events by what they are for.
    asked : DijetOptions
        ``strategy`` is supervised or weak.
    progress : callable, optional
        Told of each training.
    """
    if asked.strategy == "supervised":
        parts = _labelled(stages, asked)
    else:
        parts = _unlabelled(stages, stages.weak_train), _unlabelled(stages, stages.weak_validation)
    size = len(stages.events.features)
    recipe = recipe_for(asked.strategy, asked.learner, features=size, quick=asked.quick)
    # seeds of trials as wide apart as those of other runs
    seeds = [1000 * asked.seed + place + 1 for place in range(asked.trial_count)]
    trials = train_trials(recipe, *parts, seeds, title=asked.title, progress=progress)
    return _outcome(stages, recipe, trials, choose_trials(trials, asked.kept_count))


def _unlabelled(stages: Stages, sample: WeakRows) -> Part:
    return Part.balanced(stages.events.x[sample.rows], sample.data)


def _labelled(stages: Stages, asked: DijetOptions) -> tuple[Part, Part]:
    events = stages.events
    own = stages.signal | events.background
    parts = []
    for roles in (("prior_train", "weak_train"), ("prior_validation", "weak_validation")):
        rows = np.flatnonzero(own & stages.of(*roles))
        mode = events.mode[rows]
        weight = np.ones(len(rows))
        # the modes as they are mixed in the data, however many events of each there are
        for place, share in enumerate(asked.shares):
            weight[mode == place] = share / max(int((mode == place).sum()), 1)
        parts.append(Part.balanced(events.x[rows], mode >= 0, weight))
    return parts[0], parts[1]


def _outcome(stages: Stages, recipe: Recipe, trials: list[Trial], kept: tuple[int, ...]) -> Outcome:
    x = stages.events.x[stages.test]
    scores = [trial.scores(x) for trial in trials]
    names = [f"trial_{place:02d}" for place in range(len(trials))]

    def save(folder: Path) -> None:
        for name, trial in zip(names, trials, strict=True):
            (folder / name).mkdir()
            write_estimator(trial.kind, trial.estimator, folder / name)

    return Outcome(
        scores=combine_scores(np.array(scores), kept),
        logit=True,
        save=save,
        models={
            "kind": recipe.kind,
            "files": [f"models/{name}/{FILES[recipe.kind]}" for name in names],
            "averaged": list(kept),
            "settings": recipe.settings,
        },
        trials=tuple(
            TrialOutcome(name, found, trial.loss, seconds=trial.seconds)
            for name, found, trial in zip(names, scores, trials, strict=True)
        ),
        kept=kept,
        validation=float(np.mean([trials[place].loss for place in kept])),
        histories={name: trial.history for name, trial in zip(names, trials, strict=True)},
        seconds=sum(trial.seconds for trial in trials),
    )
