"""Search for parameters of boosted trees by cross-validation; what was tried is kept on disk."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.folds import fold_numbers
from hepml.ml.production.plan import ModelPlan
from hepml.ml.production.training import only, train_mode, weights_for
from hepml.ml.sample import Sample
from hepml.ml.steps import Progress

__all__ = ["JOURNAL", "SPACE", "Search", "search_parameters"]

JOURNAL = "search.log"

# name: (kind, lowest, highest); bounds keep a row scored in microseconds
SPACE: dict[str, tuple[str, float, float]] = {
    "learning_rate": ("log", 0.03, 0.3),
    "num_leaves": ("int", 4, 32),
    "min_child_samples": ("log int", 5, 200),
    "feature_fraction": ("float", 0.3, 1.0),
    "bagging_fraction": ("float", 0.5, 1.0),
    "reg_lambda": ("log", 0.01, 100.0),
}


@dataclass(frozen=True, slots=True)
class Search:
    """A search for parameters.

    Attributes
    ----------
    trials : int
        How many sets of parameters to try; the first are those of the plan.
    area : path
        Folder of the journal; a search that was stopped goes on from it.
    by : sequence of str
        Key columns, which folds go by.
    folds : int
        Folds of the training rows.
    seed : int
        Of the folds, the sampler and the training.
    """

    trials: int
    area: Path
    by: tuple[str, ...]
    folds: int = 3
    seed: int = 0
    workers: int = 2
    space: Mapping[str, tuple[str, float, float]] = field(default_factory=lambda: dict(SPACE))


def search_parameters(
    plan: ModelPlan,
    training: Sample,
    validation: Sample,
    asked: Search,
    progress: Progress | None = None,
) -> tuple[ModelPlan, dict[str, Any]]:
    """Find the parameters of the smallest loss.

    The score is the weighted log loss of each fold of the training rows under a model of the other
    folds; validation rows decide when a training stops and are not scored. Test rows are never
    seen. Each trial has a seed of its own, so that a search that was stopped and resumed tries
    what it would have tried.

    Parameters
    ----------
    plan : ModelPlan
        Boosted trees.
    training, validation : Sample
        Labelled rows.
    asked : Search
        How many trials, and where they are kept.
    progress : callable, optional
        Told of every trial.

    Returns
    -------
    (ModelPlan, dict)
        The plan with the best parameters, and the record of the search.

    Raises
    ------
    ModelError
        If optuna is not installed, or the journal is damaged.
    """
    optuna = _optuna()
    rows, other = only(training, plan.classes), only(validation, plan.classes)
    with _quiet(optuna):
        study = _study(optuna, asked, _name(plan, rows, other, asked))
        while (done := len(_finished(optuna, study))) < asked.trials:
            if progress is not None:
                best = f", best loss {study.best_value:.4f}" if done else ""
                progress(f"trial {done + 1} of {asked.trials}{best}", done, asked.trials)
            study.sampler = optuna.samplers.TPESampler(seed=asked.seed + done, n_startup_trials=8)
            if not done:
                study.enqueue_trial(_start(plan, asked), skip_if_exists=True)
            trial = study.ask()
            found = replace(plan, parameters=plan.parameters | _suggest(trial, asked))
            study.tell(trial, _loss(found, rows, other, asked))
        finished = _finished(optuna, study)
    best = min(finished, key=lambda item: (item.value, item.number))
    parameters = {name: best.params[name] for name in asked.space}
    record = {
        "trials": [{"loss": item.value, **item.params} for item in finished],
        "folds": asked.folds,
        "space": {name: list(item) for name, item in asked.space.items()},
        "best": parameters,
        "loss": best.value,
        "loss_before": finished[0].value,
    }
    return replace(plan, parameters=plan.parameters | parameters), record


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ModelError(
            "A search needs optuna, which is not installed. Install the extra: "
            "pip install 'hepml-columnar[search]', or leave out --search."
        ) from error
    return optuna


@contextmanager
def _quiet(optuna: Any) -> Iterator[None]:
    """Let nothing but our own progress be said."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def _study(optuna: Any, asked: Search, name: str) -> Any:
    """The study of this name in the journal; a trial that was stopped is done again."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    asked.area.mkdir(parents=True, exist_ok=True)
    path = asked.area / JOURNAL
    try:
        lock = JournalFileOpenLock(str(path))
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
        study = optuna.create_study(storage=storage, study_name=name, load_if_exists=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"The journal {path} of an earlier search cannot be read ({error!r}); remove it."
        ) from error
    states = optuna.trial.TrialState
    for trial in study.get_trials(deepcopy=False, states=(states.RUNNING,)):
        study.tell(trial.number, state=states.FAIL)
    return study


def _finished(optuna: Any, study: Any) -> list[Any]:
    states = (optuna.trial.TrialState.COMPLETE,)
    return list(study.get_trials(deepcopy=False, states=states))


def _name(plan: ModelPlan, rows: Sample, other: Sample, asked: Search) -> str:
    """Another name for other rows, inputs or settings: their trials do not mix."""
    digest = hashlib.sha256()
    for sample in (rows, other):
        for array in (sample.matrix(plan.inputs), sample.labels, weights_for(plan, sample)):
            digest.update(np.ascontiguousarray(array).tobytes())
    settings = [
        plan.to_json(),
        asked.folds,
        asked.seed,
        {k: list(v) for k, v in asked.space.items()},
    ]
    digest.update(json.dumps(settings, sort_keys=True).encode())
    return digest.hexdigest()[:16]


def _start(plan: ModelPlan, asked: Search) -> dict[str, Any]:
    """Parameters that the plan has, the estimator's own where it says nothing."""
    from hepml.ml.boosting import BoostedTrees

    known = BoostedTrees().get_params() | plan.parameters
    return {name: known[name] for name in asked.space}


def _suggest(trial: Any, asked: Search) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (kind, low, high) in asked.space.items():
        log = kind.startswith("log")
        if kind.endswith("int"):
            found[name] = trial.suggest_int(name, int(low), int(high), log=log)
        else:
            found[name] = trial.suggest_float(name, low, high, log=log)
    return found


def _loss(plan: ModelPlan, rows: Sample, other: Sample, asked: Search) -> float:
    """Weighted log loss of rows under models that did not see them."""
    fold = fold_numbers(rows, asked.folds, seed=asked.seed, by=asked.by)
    losses = np.empty(len(rows))
    for number in range(asked.folds):
        held: NDArray[np.bool_] = fold == number
        trained = train_mode(
            plan, rows.take(~held), other, seed=asked.seed, workers=asked.workers, check=False
        )
        part = rows.take(held)
        found = trained.model.probabilities(part.matrix(plan.inputs))
        true = found[np.arange(len(part)), part.labels]
        losses[held] = -np.log(np.maximum(true, 1e-15))
    weights = weights_for(plan, rows)
    return float(np.average(losses, weights=weights))
