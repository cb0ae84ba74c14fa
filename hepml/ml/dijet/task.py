"""The task dijet: compose data and reference, learn by a strategy, judge it by the truth."""

from __future__ import annotations

import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from hepml.engine.provenance import redacted
from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.dedicated import learn_dedicated
from hepml.ml.dijet.evaluation import judge
from hepml.ml.dijet.events import DijetEvents, read_dijets
from hepml.ml.dijet.outcome import Outcome
from hepml.ml.dijet.output import write_outcomes
from hepml.ml.dijet.pooling import pool_fits
from hepml.ml.dijet.results import DijetJudgement, DijetResult
from hepml.ml.dijet.stages import Stages, make_stages
from hepml.ml.folder import check_free, output_folder
from hepml.ml.sources import selection_of, versions
from hepml.ml.steps import Progress

__all__ = ["read_for", "search_dijet", "state_area", "tell_dijets"]

TASK = "dijet"
_DEDICATED = ("supervised", "weak")


def state_area(out: str | Path) -> Path:
    """Where trained priors are kept until the folder is written; it outlives an interruption."""
    place = Path(out).absolute()
    return place.with_name(f".{place.name}.state")


def read_for(path: str | Path, asked: DijetOptions) -> DijetEvents:
    """Events that a strategy needs: all signal for priors, else that of the mass point alone."""
    point = asked.mass_point if asked.strategy in _DEDICATED else None
    events = read_dijets(
        path,
        asked.modes,
        features=asked.features,
        mass_point=point,
        noise=asked.noise,
        seed=asked.seed,
    )
    if point is not None and (events.background.all()):
        # names the mass points that there are
        events = read_dijets(path, asked.modes, features=asked.features)
        events.at(point)
    return events


def tell_dijets(
    run: str | Path,
    out: str | Path,
    options: DijetOptions | None = None,
    *,
    priors: str | Path | None = None,
    progress: Progress | None = None,
) -> DijetResult:
    """Learn to tell a resonance of two resonances from background, and judge it.

    Writes ``task.json``, ``result.json``, ``metrics.json``, ``scores/*.parquet``, ``models/`` and
    ``card.md``. Trained priors are kept while it runs: after an interruption the same call goes
    on with them.

    Parameters
    ----------
    run : path
        Run directory of the processor ``dijet``, Parquet file or folder of them.
    out : path
        Folder to create.
    options : DijetOptions, optional
        All else.
    priors : path, optional
        Folder of trained priors, used and added to; default: they are only in ``out``.
    progress : callable, optional
        Told of what is done.

    Raises
    ------
    ModelError, ParameterError, TableError
        If there is nothing to learn from, or a package is missing.
    OutputError
        If the folder is taken.
    """
    asked = options or DijetOptions()
    check_free(out)
    if progress is not None:
        progress("reading events", 0, 1)
    events = read_for(run, asked)
    area = state_area(out)
    folds = [_search(events, asked, fold, priors or area, progress) for fold in _folds(asked)]
    task = _task(run, asked, priors)
    found = _result(folds, asked, task, events)
    with output_folder(out) as folder:
        write_outcomes(folder, folds, found, events)
    if priors is None:
        shutil.rmtree(area, ignore_errors=True)
    return found


def search_dijet(
    events: DijetEvents,
    asked: DijetOptions,
    *,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> DijetJudgement:
    """The judgement alone, of events in memory: one point of a scan.

    Parameters
    ----------
    events : DijetEvents
        See :func:`read_for`.
    asked : DijetOptions
        What is asked.
    store : path, optional
        Folder of trained priors, used and added to.
    progress : callable, optional
        Told of what is done.

    Raises
    ------
    ModelError, ParameterError
        See :func:`tell_dijets`.
    """
    folds = [_search(events, asked, fold, store, progress) for fold in _folds(asked)]
    found = _judged(folds, asked)
    return found.model_copy(update={"notes": (*_notes(folds), *found.notes)})


def _folds(asked: DijetOptions) -> range:
    return range(asked.folds or 1)


def _search(
    events: DijetEvents,
    asked: DijetOptions,
    fold: int,
    store: str | Path | None,
    progress: Progress | None,
) -> tuple[Stages, Outcome]:
    stages = make_stages(events, asked, fold)
    if asked.strategy in _DEDICATED:
        return stages, learn_dedicated(stages, asked, progress)
    if asked.published and asked.strategy == "prior-assisted":
        from hepml.ml.dijet.published_assisted import learn_published

        return stages, learn_published(stages, asked, store=store, progress=progress)
    from hepml.ml.dijet.assisted import learn_assisted

    return stages, learn_assisted(stages, asked, store=store, progress=progress)


def _judged(folds: list[tuple[Stages, Outcome]], asked: DijetOptions) -> DijetJudgement:
    """All test events together; over all folds that is every event once."""
    events = folds[0][0].events
    rows = np.concatenate([stages.test for stages, _ in folds])
    losses = [outcome.validation for _, outcome in folds if outcome.validation is not None]
    return judge(
        np.concatenate([outcome.scores for _, outcome in folds]),
        events.mode[rows].astype(np.int64) + 1,
        name=asked.strategy,
        title=asked.title,
        modes=asked.modes,
        mass=events.dijet_mass[rows],
        fit=pool_fits([outcome.fit for _, outcome in folds if outcome.fit is not None]),
        validation=float(np.mean(losses)) if losses else None,
        seconds=sum(outcome.seconds for _, outcome in folds),
    )


def _notes(folds: list[tuple[Stages, Outcome]]) -> tuple[str, ...]:
    """What a reader must know of the samples and of what was learned from them."""
    notes = []
    for stages, outcome in folds:
        notes += [*stages.weak_train.counts.notes, *stages.weak_validation.counts.notes]
        notes += outcome.notes
    return tuple(dict.fromkeys(notes))


def _result(
    folds: list[tuple[Stages, Outcome]],
    asked: DijetOptions,
    task: dict[str, Any],
    events: DijetEvents,
) -> DijetResult:
    stages, outcome = folds[0]
    composition = stages.composition()
    notes = [*events.notes, *_notes(folds)]
    if asked.folds:
        notes.append(f"composition, trials and landscapes are those of fold 0 of {asked.folds}")
    truth = events.mode[stages.test].astype(np.int64) + 1
    trials = tuple(
        judge(
            trial.scores,
            truth,
            name=trial.name,
            title=trial.name.replace("_", " "),
            modes=asked.modes,
            fit=trial.fit,
            validation=trial.validation,
            seconds=trial.seconds,
        )
        for trial in outcome.trials
    )
    return DijetResult(
        strategy=asked.strategy,
        title=asked.title,
        task=task,
        source=events.source | {"processor": "dijet"},
        composition=composition,
        judgements=(_judged(folds, asked),),
        trials=tuple(_without_notes(item) for item in trials),
        kept=outcome.kept,
        landscapes=outcome.landscapes,
        histories=outcome.histories,
        notes=tuple(dict.fromkeys(notes)),
    )


def _without_notes(found: DijetJudgement) -> DijetJudgement:
    """A trial without the notes that the whole has too."""
    return found.model_copy(update={"notes": ()})


def _task(run: str | Path, asked: DijetOptions, priors: str | Path | None) -> dict[str, Any]:
    """Everything needed to do it again."""
    task = {
        "task": TASK,
        "inputs": {"run": {"path": str(run), "selection": selection_of(run)}},
        "options": asdict(asked),
        "priors": None if priors is None else str(priors),
        "seed": asked.seed,
        "versions": versions(),
        "command": list(sys.argv),
    }
    return dict(redacted(task))
