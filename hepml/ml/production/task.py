"""Which production mode an event is of: train models, and let them speak on rows they never saw."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.engine.provenance import redacted
from hepml.errors import ParameterError
from hepml.keys import key_position
from hepml.ml.folds import fold_numbers
from hepml.ml.production.models import LABEL, MASS, WEIGHT, make_plans
from hepml.ml.production.options import ProductionOptions, check_options
from hepml.ml.production.plan import ModelPlan
from hepml.ml.production.report import Tested, report
from hepml.ml.production.results import ProductionResult
from hepml.ml.production.rows import (
    Labelled,
    drop_undefined,
    known_classes,
    open_modes,
    pick_classes,
    read_data,
)
from hepml.ml.production.training import TASK, need_classes, only, train_mode
from hepml.ml.sample import Sample
from hepml.ml.sources import selection_of, versions
from hepml.ml.steps import Progress, Steps
from hepml.ml.training import Trained
from hepml.tables import FeatureTable

__all__ = ["Classified", "ProductionOptions", "classify_modes"]

# Share of the rows that decide when a training stops, where all of them are judged by folds.
_STOPPING = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """Trained models and what they are worth.

    Attributes
    ----------
    result : ProductionResult
        Figures, curves, matrices.
    trained : tuple of Trained
        The main model first.
    tested : Tested
        Rows that the models were judged by, and what they say of them.
    table : FeatureTable
        Of those rows.
    """

    result: ProductionResult
    trained: tuple[Trained, ...]
    tested: Tested
    table: FeatureTable


def classify_modes(
    path: str | Path,
    options: ProductionOptions | None = None,
    *,
    area: str | Path | None = None,
    progress: Progress | None = None,
) -> Classified:
    """Train on simulated events with their production mode, and judge by others.

    Parameters
    ----------
    path : path
        Run directory, Parquet file or folder of them. Rows of data train nothing.
    options : ProductionOptions, optional
        All else.
    area : path, optional
        Folder where a search keeps its trials, so that it can be resumed.
    progress : callable, optional
        Called with what is done, how many steps are done and how many there are.

    Raises
    ------
    ModelError, ParameterError, TableError
        If models cannot be trained on these rows.
    """
    asked = options or ProductionOptions()
    check_options(asked, area)
    found = open_modes(path)
    classes = pick_classes(known_classes(found), asked.classes)
    plans = make_plans(
        found.table,
        classes,
        preset=asked.preset,
        models=asked.models,
        features=asked.features,
        without=asked.without,
        jets=asked.jets,
        mass=asked.mass,
        policy=asked.policy,
    )
    steps = Steps(progress, len(plans) * (asked.folds + 1) + 2)
    steps("reading")
    columns = dict.fromkeys(name for plan in plans for name in plan.inputs)
    sample = found.read(tuple(columns), classes)
    need_classes(sample, "labelled")
    parts = _parts(found.table, sample, asked)
    plans, dropped = drop_undefined(plans, sample.take(parts["train"]), asked.features)
    plans, record = _searched(plans, sample, parts, asked, area, found.table, progress)
    trained, said = _trained(plans, sample, parts, asked, found.table, steps)
    steps("judging")
    test = sample.take(parts["test"])
    tested = Tested(
        sample=test,
        probabilities=said,
        plans=plans,
        trained=tuple(trained),
        whole=sample,
        data=read_data(found, tuple(columns)),
    )
    notes = (*found.notes, *_left_out(found), *dropped, *_notes(trained, asked))
    result = report(tested, found, asked, _task(found, asked, plans, classes), notes, record)
    return Classified(result, tuple(trained), tested, found.table)


def _parts(
    table: FeatureTable, sample: Sample, asked: ProductionOptions
) -> dict[str, NDArray[np.bool_]]:
    """Rows for training, for stopping and to be judged by; the split of `FeatureTable.split`."""
    table.split(asked.split)  # refuses shares that make no sense, and tables without keys
    place = key_position([sample.columns[name] for name in table.names("key")], asked.seed)
    if asked.folds:
        everything = np.ones(len(sample), dtype=np.bool_)
        return {
            "train": place >= _STOPPING,
            "validation": place < _STOPPING,
            "test": everything,
        }
    edges = np.cumsum([0.0, *asked.split.values()])
    edges[-1] += 1e-9
    return {
        name: (place >= low) & (place < high)
        for name, low, high in zip(asked.split, edges, edges[1:], strict=False)
    }


def _searched(
    plans: Sequence[ModelPlan],
    sample: Sample,
    parts: Mapping[str, NDArray[np.bool_]],
    asked: ProductionOptions,
    area: str | Path | None,
    table: FeatureTable,
    progress: Progress | None,
) -> tuple[tuple[ModelPlan, ...], dict[str, Any]]:
    """Plans with the parameters that a search for the first boosted one found."""
    if not asked.search or area is None:
        return tuple(plans), {}
    first = next((plan for plan in plans if plan.kind == "boosted"), None)
    if first is None:
        raise ParameterError("A search is for boosted trees, and none are to be trained.")
    from hepml.ml.production.search import Search, search_parameters

    wanted = Search(
        asked.search,
        Path(area),
        table.names("key"),
        seed=asked.seed,
        workers=asked.workers,
    )
    rows, other = (sample.take(parts[name]) for name in ("train", "validation"))
    best, record = search_parameters(first, rows, other, wanted, progress)
    kept = [
        replace(plan, parameters=best.parameters) if plan.kind == "boosted" else plan
        for plan in plans
    ]
    return tuple(kept), record | {"model": first.name}


def _trained(
    plans: Sequence[ModelPlan],
    sample: Sample,
    parts: Mapping[str, NDArray[np.bool_]],
    asked: ProductionOptions,
    table: FeatureTable,
    steps: Steps,
) -> tuple[list[Trained], dict[str, NDArray[np.float64]]]:
    """The models, and their probabilities of the rows that they are judged by.

    Rows of classes that a model does not know are left out of its probabilities.
    """
    rows = {name: sample.take(mask) for name, mask in parts.items()}
    trained, said = [], {}
    for plan in plans:
        steps(f"training {plan.title}")
        found = train_mode(
            plan, rows["train"], rows["validation"], seed=asked.seed, workers=asked.workers
        )
        trained.append(found)
        test = only(rows["test"], plan.classes)
        need_classes(test, "test")
        if asked.folds:
            fold = fold_numbers(test, asked.folds, seed=asked.seed, by=table.names("key"))
            said[plan.name] = _by_folds(plan, test, fold, asked, table, steps)
        else:
            said[plan.name] = found.model.probabilities(test.matrix(plan.inputs))
    return trained, said


def _by_folds(
    plan: ModelPlan,
    rows: Sample,
    fold: NDArray[np.int64],
    asked: ProductionOptions,
    table: FeatureTable,
    steps: Steps,
) -> NDArray[np.float64]:
    """Probabilities of each row by a model of the other folds."""
    place = key_position([rows.columns[name] for name in table.names("key")], asked.seed)
    found = np.empty((len(rows), len(plan.classes)))
    for number in range(asked.folds):
        steps(f"training {plan.title}, fold {number + 1} of {asked.folds}")
        held = fold == number
        others = ~held & (place >= _STOPPING), ~held & (place < _STOPPING)
        training, validation = (rows.take(mask) for mask in others)
        trained = train_mode(
            plan, training, validation, seed=asked.seed, workers=asked.workers, check=False
        )
        found[held] = trained.model.probabilities(rows.take(held).matrix(plan.inputs))
    return found


def _left_out(found: Labelled) -> tuple[str, ...]:
    if not found.left_out:
        return ()
    return (f"{found.left_out:,} rows of data have no production mode: they train nothing",)


def _notes(trained: Sequence[Trained], asked: ProductionOptions) -> list[str]:
    notes = [note for item in trained for note in item.notes]
    if asked.folds:
        notes.append(
            f"figures and scores are of {asked.folds} models, each on the events that it did not "
            "see; the model that is kept was trained on all of them"
        )
    return notes


def _task(
    found: Labelled,
    asked: ProductionOptions,
    plans: Sequence[ModelPlan],
    classes: Sequence[str],
) -> dict[str, Any]:
    """Everything needed to do it again."""
    task = {
        "task": TASK,
        "inputs": {"train": {"path": str(found.path), "selection": selection_of(found.path)}},
        "label": LABEL,
        "weight": WEIGHT,
        "mass": MASS,
        "classes": list(classes),
        "split": dict(asked.split),
        "folds": asked.folds,
        "seed": asked.seed,
        "preset": asked.preset,
        "models": [plan.to_json() for plan in plans],
        "search": asked.search,
        "luminosity": asked.luminosity,
        "bootstrap": asked.repeats,
        "permutations": asked.permutations,
        "versions": versions(),
        "command": list(sys.argv),
    }
    return dict(redacted(task))
