"""Write what shower identification found: models, scores, showers, figures of merit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column, key, observer
from hepml.engine.store import write_json
from hepml.ml.apply import write_scores
from hepml.ml.folder import output_folder
from hepml.ml.results import Judgement
from hepml.ml.sample import Sample
from hepml.ml.shower.estimates import Counts
from hepml.ml.shower.results import EnergyEstimate, ShowerIdentification
from hepml.ml.shower.task import Identified
from hepml.ml.training import Trained
from hepml.parts import DATASET, write_part

__all__ = ["flat_metrics", "model_of", "write_identified", "write_showers"]


def write_identified(found: Identified, out: str | Path) -> Path:
    """Write a folder, whole or not at all.

    ``model.txt``, ``model.json`` and ``card.md`` (the main model), ``models/<name>/`` (the
    others), ``metrics.json``, ``result.json``, ``task.json``, ``scores/`` and ``showers/``
    (Parquet: rows and showers that the models were judged by).

    Raises
    ------
    OutputError
        If the folder is taken, or cannot be written.
    """
    with output_folder(out) as folder:
        for place, trained in enumerate(found.trained):
            where = folder if place == 0 else folder / "models" / trained.model.name
            model_of(found, place).model.write(where)
        write_json(folder / "task.json", found.result.task)
        write_json(folder / "metrics.json", flat_metrics(found.result))
        found.result.write(folder / "result.json")
        judged = found.judged
        main = found.trained[0].model.name
        names = {"score" if name == main else f"score_{name}": name for name in judged.scores}
        write_scores(
            folder / "scores",
            found.table,
            judged.sample.columns,
            {name: judged.scores[model] for name, model in names.items()},
        )
        write_showers(folder / "showers", judged.sample, judged.counts, judged.measured)
    return Path(out)


def model_of(found: Identified, place: int) -> Trained:
    """A trained model with its card."""
    trained = found.trained[place]
    judgement = next(j for j in found.result.judgements if j.model == trained.model.name)
    task, source = found.result.task, found.result.source
    train_source = task["inputs"]["train"]
    card: dict[str, Any] = {
        "about": f"{judgement.title}: whether a base-track belongs to the shower of an injector.",
        "estimator": judgement.title,
        "seed": task["seed"],
        "versions": task["versions"],
        "metrics": _figures(judgement),
        "data": {
            "table": train_source["path"],
            "datasets": source.get("datasets"),
            "kind": source.get("kind"),
            "simulated": source.get("simulated"),
            "showers": source["showers"],
            "rows": source["rows"],
            "rows trained on": judgement.training_rows,
            "judged by": task["inputs"].get("test", {}).get("path", "a share of the same table"),
        },
        "selection": train_source["selection"],
        "parameters": task["models"][place]["parameters"],
        "split": task["split"],
        "energy": _scales(found.result.energy) if place == 0 else {},
    }
    return replace(trained, model=replace(trained.model, card=card))


def _scales(estimates: Sequence[EnergyEstimate]) -> dict[str, Any]:
    """Energy scales that hold for a shower's number and sum of probabilities."""
    return {
        item.name: {"counted": item.counted, "scale": item.scale.to_json()}
        for item in estimates
        if item.counted in ("size", "sum") and item.name != "published"
    }


def _figures(judgement: Judgement) -> dict[str, float | None]:
    chosen, half = judgement.points
    found: dict[str, float | None] = {
        "auc": judgement.auc.value,
        "auc_low": judgement.auc.low,
        "auc_high": judgement.auc.high,
        "ap": judgement.ap.value,
        "accuracy": chosen.accuracy.value,
        "precision": chosen.precision.value,
        "recall": chosen.recall.value,
        "f1": chosen.f1.value,
        "f1_low": chosen.f1.low,
        "f1_high": chosen.f1.high,
        "threshold": chosen.threshold,
        "f1_at_half": half.f1.value,
        "brier": judgement.reliability.brier,
        "ece": judgement.reliability.ece,
        "ece_uncalibrated": judgement.uncalibrated.ece,
        "training_seconds": judgement.seconds,
    }
    return found


def flat_metrics(result: ShowerIdentification) -> dict[str, float | None]:
    """One flat object of figures; those of models but the main one end in its name."""
    found: dict[str, float | None] = {}
    for judgement in result.judgements:
        ending = "" if judgement.model == result.main else f"_{judgement.model}"
        found |= {f"{name}{ending}": value for name, value in _figures(judgement).items()}
        for row in result.by_energy[judgement.model][1:]:
            of = f"{row.energy:g}gev{ending}"
            found |= {f"f1_{of}": row.f1.value, f"auc_{of}": row.auc.value}
    if result.baseline is not None:
        found |= {"f1_cut_based": result.baseline.f1.value}
    for estimate in result.energy:
        if estimate.stochastic and estimate.constant:
            found[f"stochastic_{estimate.name}"] = estimate.stochastic.value
            found[f"constant_{estimate.name}"] = estimate.constant.value
        for item in estimate.bins:
            of = f"{estimate.name}_{item.energy:.3g}gev"
            found[f"resolution_{of}"] = item.quantile.value
            found[f"bias_{of}"] = item.mean.value
    return found


def write_showers(
    folder: Path, sample: Sample, counts: Counts, measured: dict[str, NDArray[np.float64]]
) -> None:
    """Write one row per shower: what is counted, and the energies that follow.

    Parameters
    ----------
    folder : Path
        Where the part goes.
    sample : Sample
        Rows; a group is a shower.
    counts : Counts
        Counts and true energies.
    measured : dict of str to array
        Energies [GeV] by estimator, of the showers of known energy or of all.
    """
    known = np.isfinite(counts.energy) & (counts.energy > 0)
    first = sample.first_rows()
    columns: list[Column] = [key("brick"), key("shower")]
    rows: dict[str, NDArray[Any]] = {
        name: sample.columns[name][first].astype(np.int64) for name in ("brick", "shower")
    }
    columns.append(Column(DATASET, "string", role="label", doc="where its rows come from"))
    rows[DATASET] = sample.columns[DATASET][first].astype(str)
    if known.any():
        columns.append(observer("energy", "GeV", doc="true energy, NaN if unknown"))
        rows["energy"] = counts.energy
    for name, values in counts.values.items():
        columns.append(observer(f"n_{name}", doc=_MEANING.get(name, "")))
        rows[f"n_{name}"] = values
    for name, energies in measured.items():
        found = energies
        if len(energies) != len(known):
            found = np.full(len(known), np.nan)
            found[known] = energies
        columns.append(observer(f"energy_{name}", "GeV", doc="reconstructed energy"))
        rows[f"energy_{name}"] = found
    write_part(folder / "showers.parquet", columns, rows)


_MEANING = {
    "size": "base-tracks that the main model takes",
    "sum": "sum of the main model's probabilities",
    "truth": "true base-tracks among the candidates",
    "cut_based": "base-tracks that the cut-based selection takes",
    "published": "base-tracks that the forest on published features takes",
}
