"""The task top-tagger: train on one data set, score all others, judge."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hepml.engine.provenance import redacted
from hepml.engine.store import write_json
from hepml.errors import ModelError, ParameterError, did_you_mean
from hepml.ml.class_results import History
from hepml.ml.folder import check_free, output_folder
from hepml.ml.sources import open_rows, selection_of, versions
from hepml.ml.steps import Progress
from hepml.ml.toptag.blocks import JetRows, fewer, find_rows
from hepml.ml.toptag.evaluation import evaluate, flat_metrics, write_evaluation
from hepml.ml.toptag.jets import describe_jets
from hepml.ml.toptag.presets import MODELS, TITLES
from hepml.ml.toptag.results import TaggerResult
from hepml.ml.toptag.roles import NOMINAL, portal_name
from hepml.ml.toptag.scoring import write_jet_scores
from hepml.ml.toptag.tagger import Tagger, load_tagger
from hepml.ml.toptag.teaching import Lessons, TaggerOptions, Taught, teach
from hepml.tables import FeatureTable

__all__ = ["TaggerOptions", "tag_tops", "training_area"]

TASK = "top-tagger"
_TRAINING = ("train_nominal", "train")
# Of the only data set that there is: training, validation and test.
_TEST = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class _Jets:
    """Which jets are for what."""

    table: FeatureTable
    lessons: Lessons
    evaluated: dict[str, JetRows]
    notes: tuple[str, ...] = ()


def training_area(out: str | Path) -> Path:
    """Where the state of a training is kept until the folder is written; it outlives an end."""
    place = Path(out).absolute()
    return place.with_name(f".{place.name}.training")


def tag_tops(
    run: str | Path,
    out: str | Path,
    options: TaggerOptions | None = None,
    *,
    trained: str | Path | None = None,
    progress: Progress | None = None,
) -> TaggerResult:
    """Train a tagger on a run's training jets, and judge it by all of its other data sets.

    Writes ``model*``, ``card.md``, ``scores/<dataset>/*.parquet``, ``result.json``,
    ``metrics.json``, ``jets.json`` and ``task.json``. A training that is stopped goes on where
    it was when the same is asked for again.

    Parameters
    ----------
    run : path
        Run directory of the processor ``topjet``, Parquet file or folder of them.
    out : path
        Folder to create.
    options : TaggerOptions, optional
        All else.
    trained : path, optional
        Folder of a trained tagger: nothing is trained, all jets are scored.
    progress : callable, optional
        Told of what is done.

    Raises
    ------
    ModelError, ParameterError, TableError
        If there is nothing to learn from.
    OutputError
        If the folder is taken.
    """
    asked = options or TaggerOptions()
    if asked.model not in MODELS:
        raise ParameterError(
            f"There is no tagger {asked.model!r}. " + did_you_mean(asked.model, MODELS)
        )
    check_free(out)
    table, account = open_rows(run, labelled=True)
    area = training_area(out)
    if trained is not None:
        tagger = load_tagger(trained, asked.device)
        taught = Taught(tagger, History(metric="", losses={}), 0.0, 0)
        datasets = tuple(name for name in table.datasets if not _is_training(name))
        jets = _Jets(table, Lessons(JetRows(()), JetRows(()), {}), _all(table, datasets, asked))
    else:
        jets = _choose(table, asked, progress)
        about = {"jets": _identity(table, asked)}
        taught = teach(asked, table, jets.lessons, area, about, progress)
    task = _task(run, asked, trained, jets)
    with output_folder(out) as folder:
        write_jet_scores(taught.tagger, table, jets.evaluated, folder / "scores", progress=progress)
        found = evaluate(
            folder / "scores",
            tagger=taught.tagger.name,
            title=TITLES.get(taught.tagger.name, ""),
            task=task,
            source=account.source | {"processor": "topjet"},
            parameters=taught.parameters,
            training_jets=len(jets.lessons.training) or None,
            seconds=taught.seconds,
            history=taught.history if taught.history.losses else None,
            notes=(*account.notes, *jets.notes, *taught.notes),
            npz=folder / "metrics" if asked.npz else None,
            progress=progress,
        )
        write_evaluation(found, folder)
        describe_jets(table.of(*_looked_at(table))).write(folder / "jets.json")
        with_card(taught.tagger, taught, found).write(folder)
        if asked.export:
            from hepml.ml.toptag.exporting import export_tagger

            export_tagger(taught.tagger, folder, asked.export)
        write_json(folder / "task.json", task, indent=1)
    shutil.rmtree(area, ignore_errors=True)
    return found


def _is_training(dataset: str) -> bool:
    return portal_name(dataset) in _TRAINING


def _looked_at(table: FeatureTable) -> list[str]:
    """Nominal test jets; where there are none, all."""
    nominal = [name for name in table.datasets if portal_name(name) == NOMINAL]
    return nominal or list(table.datasets)


def _all(table: FeatureTable, datasets: Sequence[str], asked: TaggerOptions) -> dict[str, JetRows]:
    """All jets of data sets, or the first ones."""
    return {
        name: fewer(
            find_rows(table.of(name), {"all": (0.0, 1.0)}, labelled=False)["all"],
            asked.max_test_jets,
            None,
        )
        for name in datasets
    }


def _choose(table: FeatureTable, asked: TaggerOptions, progress: Progress | None) -> _Jets:
    """Jets to train on and to be judged by."""
    if not 0 < asked.validation < 0.5:
        raise ParameterError(f"--validation is a share between 0 and 0.5: {asked.validation}.")
    if asked.train is not None:
        training: tuple[str, ...] = table.of(asked.train).datasets
    else:
        training = tuple(name for name in table.datasets if _is_training(name))
    others = tuple(name for name in table.datasets if name not in training)
    if not training:
        if len(others) > 1:
            raise ModelError(
                f"The table has no data set train_nominal, but {', '.join(others)}. Say which one "
                "to train on:  --train NAME"
            )
        training, others = others, ()
    learned = table.of(*training)
    nominal = any(portal_name(name) == NOMINAL for name in others)
    test = 0.0 if nominal else _TEST
    edge = (1 - test) * (1 - asked.validation)
    shares = {"train": (0.0, edge), "validation": (edge, 1.0 - test)}
    notes: tuple[str, ...] = ()
    if not nominal:
        shares["test"] = (1.0 - test, 1.0)
        notes = (
            f"there is no data set {NOMINAL}: a share of {test:.0%} of {', '.join(training)}, by "
            "event key, was not trained on and serves as the nominal jets",
        )
    found = find_rows(learned, shares, seed=asked.seed, progress=progress)
    chosen = fewer(found["train"], asked.max_jets, asked.seed)
    most = None if asked.max_jets is None else max(int(asked.max_jets * asked.validation), 1000)
    held_out = fewer(found["validation"], most, asked.seed)
    chosen.need_both("training")
    held_out.need_both("validation")
    evaluated = _all(table, others, asked)
    if not nominal:
        evaluated = {NOMINAL: fewer(found["test"], asked.max_test_jets, None)} | evaluated
    return _Jets(table, Lessons(chosen, held_out, dict(shares)), evaluated, notes)


def _identity(table: FeatureTable, asked: TaggerOptions) -> str:
    """What decides which jets are trained on, as a hash: a kept state is good for these only."""
    parts = [(part.name, part.stat().st_size) for part in table.parts]
    content = [parts, asked.train, asked.validation, asked.max_jets, asked.seed]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def _task(
    run: str | Path, asked: TaggerOptions, trained: str | Path | None, jets: _Jets
) -> dict[str, Any]:
    """Everything needed to do it again."""
    task = {
        "task": TASK,
        "inputs": {"train": {"path": str(run), "selection": selection_of(run)}},
        "trained": None if trained is None else str(trained),
        "options": asdict(asked),
        "jets": {
            "training": len(jets.lessons.training),
            "validation": len(jets.lessons.validation),
            **{name: len(rows) for name, rows in jets.evaluated.items()},
        },
        "shares": jets.lessons.shares,
        "weight": "training weight",
        "seed": asked.seed,
        "versions": versions(),
        "command": list(sys.argv),
    }
    return dict(redacted(task))


def with_card(tagger: Tagger, taught: Taught, found: TaggerResult) -> Tagger:
    """The tagger with what people want to know of it; one that was trained before keeps its own."""
    if not found.training_jets:
        return tagger
    metrics = flat_metrics(found)
    names = ("auc", "accuracy", "rejection_50", "rejection_80", "uncertainty_total")
    shown: Mapping[str, Any] = found.task["jets"]
    card = {
        "about": f"{found.title}: tells jets of top quarks from those of QCD.",
        "estimator": found.title,
        "seed": found.task["seed"],
        "versions": found.task["versions"],
        "parameters_count": found.parameters or 0,
        "metrics": {name: metrics.get(name) for name in names if name in metrics},
        "data": {
            "table": found.task["inputs"]["train"]["path"],
            **{f"jets, {name}": count for name, count in shown.items()},
            "training seconds": round(found.seconds, 1),
            "simulated": found.source.get("simulated"),
        },
        "selection": found.task["inputs"]["train"]["selection"],
        "parameters": taught.settings,
    }
    return taught.carded(card)
