"""Apply a trained shower model to another run: data, or simulation of known truth."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.engine.provenance import redacted
from hepml.engine.store import write_json
from hepml.errors import ModelError
from hepml.ml.apply import write_scores
from hepml.ml.evaluation import judge
from hepml.ml.folder import check_free, output_folder
from hepml.ml.models import TrainedModel, load_model, resolve_features
from hepml.ml.results import Judgement
from hepml.ml.sample import Sample, load_sample
from hepml.ml.shower.estimates import Counts, count_showers
from hepml.ml.shower.models import GROUP, LABEL
from hepml.ml.shower.output import write_showers
from hepml.ml.shower.scales import apply_scale, read_scale
from hepml.ml.sources import open_rows, selection_of, versions
from hepml.tables import FeatureTable

__all__ = ["Applied", "apply_showers"]


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """What a model gave.

    Attributes
    ----------
    model : TrainedModel
        The model.
    rows, taken, showers : int
        Rows, rows above the threshold, and showers.
    size, size_rms : float
        Mean and spread of a shower's number taken.
    judgement : Judgement or None
        Where the rows have true labels.
    notes : tuple of str
        What a reader must know.
    """

    model: TrainedModel
    rows: int
    taken: int
    showers: int
    size: float
    size_rms: float
    judgement: Judgement | None
    notes: tuple[str, ...]


def apply_showers(
    path: str | Path,
    model: str | Path,
    out: str | Path,
    *,
    score: str = "score",
    repeats: int = 200,
    seed: int = 0,
) -> Applied:
    """Score every row of a table and count in every shower.

    Writes ``scores/`` (keys and score of every row), ``showers/`` (numbers and energies),
    ``metrics.json`` and ``task.json``. The model is read once.

    Parameters
    ----------
    path : path
        Run directory, Parquet file or folder of them.
    model : path
        Folder of a trained model.
    out : path
        Folder to create.
    score : str
        Name of the score column.
    repeats, seed : int
        Bootstrap, where the rows have labels.

    Raises
    ------
    ModelError
        If there is no model, or the table lacks its features.
    OutputError
        If the folder is taken.
    """
    check_free(out)
    trained = load_model(model)
    table, account = open_rows(path, labelled=False)
    if not len(table):
        raise ModelError(f"The table of {path} has no rows to apply a model to.")
    sample, labelled = _rows(table, trained)
    raw = trained.raw(sample.x)
    scores = trained.calibration(raw)
    counts = count_showers(
        sample, scores, trained.threshold, np.full(sample.groups, np.nan), keys=GROUP, seed=seed
    )
    judgement = None
    if labelled:
        judgement = judge(trained, sample, raw, scores, repeats=repeats, seed=seed, permutations=0)
    size = counts.values["size"]
    found = Applied(
        model=trained,
        rows=len(sample),
        taken=int((scores >= trained.threshold).sum()),
        showers=sample.groups,
        size=float(size.mean()),
        size_rms=float(size.std()),
        judgement=judgement,
        notes=(*account.notes, *_warnings(trained, path, labelled)),
    )
    with output_folder(out) as folder:
        write_scores(folder / "scores", table, sample.columns, {score: scores})
        write_showers(folder / "showers", sample, counts, _energies(trained, counts))
        write_json(folder / "metrics.json", _metrics(found))
        write_json(folder / "task.json", _task(path, model, score, account.source))
    return found


def _rows(table: FeatureTable, model: TrainedModel) -> tuple[Sample, bool]:
    """Rows with the model's features; labels only where both classes are there."""
    features = resolve_features(model, table)
    lacking = [name for name in GROUP if name not in table.names()]
    if lacking:
        raise ModelError(f"The table has no column {', '.join(lacking)} that names showers.")
    known = LABEL in table.names()
    labels = set(np.unique(table.column(LABEL)).tolist()) if known else set()
    both = labels == set(model.classes)
    sample = load_sample(
        table,
        features,
        label=LABEL if both else None,
        classes=model.classes if both else None,
        group=GROUP,
    )
    return sample, both


def _energies(model: TrainedModel, counts: Counts) -> dict[str, NDArray[np.float64]]:
    return {
        name: apply_scale(read_scale(item["scale"]), counts.values[item["counted"]])
        for name, item in (model.card.get("energy") or {}).items()
    }


def _warnings(model: TrainedModel, path: str | Path, labelled: bool) -> list[str]:
    """What makes the table differ from what the model was trained on."""
    notes = []
    if not labelled:
        notes.append("the rows have no true labels: nothing says how good the scores are")
    trained, here = model.card.get("selection") or {}, selection_of(path)
    for name in ("preset", "cuts"):
        if trained and here and trained.get(name) != here.get(name):
            notes.append(f"the selection differs from the one that the model knows: {name}")
    return notes


def _metrics(found: Applied) -> dict[str, float | int | None]:
    metrics: dict[str, float | int | None] = {
        "rows": found.rows,
        "taken": found.taken,
        "showers": found.showers,
        "size": found.size,
        "size_rms": found.size_rms,
        "threshold": found.model.threshold,
    }
    if found.judgement is not None:
        chosen = found.judgement.points[0]
        metrics |= {
            "auc": found.judgement.auc.value,
            "ap": found.judgement.ap.value,
            "accuracy": chosen.accuracy.value,
            "precision": chosen.precision.value,
            "recall": chosen.recall.value,
            "f1": chosen.f1.value,
        }
    return metrics


def _task(
    path: str | Path, model: str | Path, score: str, source: dict[str, Any]
) -> dict[str, Any]:
    found = {
        "task": "shower-id",
        "applied": str(model),
        "inputs": {"apply": {"path": str(path), "selection": selection_of(path)}},
        "source": source,
        "score": score,
        "versions": versions(),
        "command": list(sys.argv),
    }
    return dict(redacted(found))
