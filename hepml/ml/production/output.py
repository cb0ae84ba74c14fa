"""Write what a classification of production modes found: models, scores, figures of merit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hepml.engine.store import write_json
from hepml.ml.apply import write_scores
from hepml.ml.class_results import ClassJudgement
from hepml.ml.folder import output_folder
from hepml.ml.production.results import ProductionResult
from hepml.ml.production.task import Classified
from hepml.ml.results import Interval
from hepml.ml.training import Trained

__all__ = ["flat_metrics", "search_area", "with_card", "write_classified"]


def search_area(out: str | Path) -> Path:
    """Where the trials of a search are kept until the folder is written; it outlives an end."""
    place = Path(out).absolute()
    return place.with_name(f".{place.name}.search")


def write_classified(found: Classified, out: str | Path, area: Path | None = None) -> Path:
    """Write a folder, whole or not at all.

    ``model.txt``, ``model.json`` and ``card.md`` (the main model), ``models/<name>/`` (the
    others), ``metrics.json``, ``result.json``, ``task.json`` and ``scores/`` (Parquet: the rows
    that the models were judged by).

    Parameters
    ----------
    found : Classified
        What to write.
    out : path
        Folder to create.
    area : path, optional
        Folder of a search's trials, which goes into the new one.

    Raises
    ------
    OutputError
        If the folder is taken, or cannot be written.
    """
    with output_folder(out) as folder:
        for place, trained in enumerate(found.trained):
            where = folder if place == 0 else folder / "models" / trained.model.name
            with_card(found, place).model.write(where)
        write_json(folder / "task.json", found.result.task)
        write_json(folder / "metrics.json", flat_metrics(found.result))
        found.result.write(folder / "result.json")
        write_scores(folder / "scores", found.table, found.tested.sample.columns, _scores(found))
        if area is not None and area.exists():
            shutil.copytree(area, folder / "search", ignore=shutil.ignore_patterns("*.lock"))
    if area is not None:
        shutil.rmtree(area, ignore_errors=True)
    return Path(out)


def _scores(found: Classified) -> dict[str, Any]:
    """Scores of every model by column; NaN for rows of classes that it does not know."""
    tested, main = found.tested, found.result.main
    columns: dict[str, Any] = {}
    for plan, trained in zip(tested.plans, tested.trained, strict=True):
        said, rows = tested.probabilities[plan.name], tested.mask(plan)
        names = trained.model.score_names("score" if plan.name == main else f"score_{plan.name}")
        if len(plan.classes) == 2:
            said = said[:, -1:]
        for name, values in zip(names, said.T, strict=True):
            columns[name] = np.full(len(tested.sample), np.nan, dtype=np.float32)
            columns[name][rows] = values
    return columns


def with_card(found: Classified, place: int) -> Trained:
    """A trained model with its card."""
    trained, result = found.trained[place], found.result
    plan, judgement = found.tested.plans[place], result.judgements[place]
    task, source = result.task, result.source
    card: dict[str, Any] = {
        "about": f"{judgement.title}: which way a Higgs boson that decays to two photons was "
        f"produced ({', '.join(plan.classes)}).",
        "estimator": judgement.title,
        "seed": task["seed"],
        "versions": task["versions"],
        "metrics": _figures(judgement),
        "data": {
            "table": task["inputs"]["train"]["path"],
            "datasets": source.get("datasets"),
            "simulated": source.get("simulated"),
            "rows": source["rows"],
            "rows trained on": judgement.training_rows,
            "judged by": f"{task['folds']} folds, each by a model of the others"
            if task["folds"]
            else "a share of the same table that it did not see",
        },
        "selection": task["inputs"]["train"]["selection"],
        "parameters": plan.to_json()["parameters"],
        "weights": plan.to_json()["weights"],
        "classes": {item.name: item.model_dump() for item in judgement.weights},
        "split": task["split"],
    }
    return replace(trained, model=replace(trained.model, card=card))


def _figures(judgement: ClassJudgement) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, area in judgement.auc.items():
        found |= _with_error(f"auc_{name}", area)
    found |= _with_error("auc_macro", judgement.macro_auc)
    pair = next((p for p in judgement.pairs if {p.first, p.second} == {"VBF", "gg"}), None)
    if pair is not None:
        found |= _with_error("vbf_vs_ggh_auc", pair.auc)
    return found | {
        "logloss": judgement.log_loss.value,
        "logloss_guess": judgement.guess,
        "accuracy": judgement.accuracy.value,
        "balanced_accuracy": judgement.balanced_accuracy.value,
        "weighted_accuracy": judgement.weighted_accuracy.value,
        "classes_never_predicted": float(sum(not count for count in judgement.predicted)),
        "training_seconds": judgement.seconds,
    }


def _with_error(name: str, item: Interval) -> dict[str, float | None]:
    return {name: item.value, f"{name}_error": item.error}


def flat_metrics(result: ProductionResult) -> dict[str, float | None]:
    """One flat object of figures; those of models but the main one end in its name."""
    found: dict[str, float | None] = {}
    for judgement in result.judgements:
        ending = "" if judgement.model == result.main else f"_{judgement.model}"
        found |= {f"{name}{ending}": value for name, value in _figures(judgement).items()}
    found |= dict(_gained(result))
    for item in result.sculpting:
        name = f"sculpting_{item.rows}_{item.score}_{item.model}"
        found |= {name: item.divergence, f"{name}_p": item.p}
    return found


def _gained(result: ProductionResult) -> Iterator[tuple[str, float | None]]:
    for item in result.categories[:1]:
        yield "significance_inclusive", item.inclusive.significance
        yield "significance_categories", item.significance
        yield "significance_gain", item.gain
        for name, value in item.of_class.items():
            yield f"significance_{name}", value
            yield f"significance_inclusive_{name}", item.inclusive.of_class[name]
