"""The folder of a dijet search: scores, models, result, figures of merit, card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hepml.columns import key, label, observer
from hepml.engine.store import write_json, write_text
from hepml.ml.dijet.events import DijetEvents
from hepml.ml.dijet.outcome import Outcome
from hepml.ml.dijet.results import DijetResult, Fitted
from hepml.ml.dijet.stages import Stages
from hepml.ml.results import Interval
from hepml.parts import DATASET, write_part

__all__ = ["flat_metrics", "write_outcomes"]

Fold = tuple[Stages, Outcome]


def write_outcomes(
    folder: Path, folds: list[Fold], found: DijetResult, events: DijetEvents
) -> None:
    """Write everything that a search found into a folder.

    Parameters
    ----------
    folder : Path
        Where to.
    folds : list of (Stages, Outcome)
        Splits, and what was found in them.
    found : DijetResult
        The judgement.
    events : DijetEvents
        All events.
    """
    models: dict[str, Any] = {}
    for number, (stages, outcome) in enumerate(folds):
        name = f"fold_{number}" if len(folds) > 1 else "test"
        _write_scores(folder / "scores" / f"{name}.parquet", stages, outcome, number)
        place = folder / "models"
        if len(folds) > 1:
            place = place / name
        place.mkdir(parents=True)
        outcome.save(place)
        models[name] = outcome.models
    content = {
        "task": "dijet",
        "strategy": found.strategy,
        "features": list(events.features),
        "modes": list(events.modes),
        "models": models,
    }
    write_json(folder / "model.json", content, indent=1)
    found.write(folder / "result.json")
    write_json(folder / "metrics.json", flat_metrics(found), indent=1)
    write_json(folder / "task.json", found.task, indent=1)
    write_text(folder / "card.md", _card(found, events))


def _write_scores(path: Path, stages: Stages, outcome: Outcome, fold: int) -> None:
    """Keys, truth and score of the test events."""
    events, rows = stages.events, stages.test
    what = "probability of signal" if outcome.logit else "ln of the density ratio to background"
    columns = [
        *(key(name, str(item.dtype)) for name, item in _keys(events)),
        label("label", "int8", doc="1: signal, 0: background"),
        observer("mode", dtype="int8", doc="-1: background, else place in the list of modes"),
        observer("dijet_mass", "GeV", "float32", doc="invariant mass of the two jets"),
        observer("fold", dtype="int16", doc="fold that the event is tested in"),
        observer("score", doc=what),
    ]
    values = {name: item[rows] for name, item in _keys(events)} | {
        "label": (events.mode[rows] >= 0).astype(np.int8),
        "mode": events.mode[rows],
        "dijet_mass": events.dijet_mass[rows],
        "fold": np.full(len(rows), fold, np.int16),
        "score": outcome.scores,
    }
    write_part(path, columns, values, {DATASET: "test"})


def _keys(events: DijetEvents) -> list[tuple[str, Any]]:
    return list(zip(events.key_names, events.keys, strict=True))


def flat_metrics(found: DijetResult) -> dict[str, float | None]:
    """One flat object of figures."""
    main = found.main
    metrics = _interval("auc", main.auc)
    metrics |= _interval("sic_1e3", main.sic(1e-3)) | _interval("sic_1e4", main.sic(1e-4))
    metrics |= _interval("sic_max", main.efficiency.sic_max)
    metrics["sic_max_fpr"] = main.efficiency.sic_max_fpr
    for name, value in main.modes.items():
        metrics |= _interval(f"sic_1e3_{name}", value)
    metrics |= {
        "background": main.efficiency.background,
        "signal": main.efficiency.signal,
        "validation": main.validation,
        "seconds": main.seconds,
    }
    return metrics if main.fit is None else metrics | _fitted(main.fit)


def _interval(name: str, found: Interval) -> dict[str, float | None]:
    return {name: found.value, f"{name}_error": found.error}


def _fitted(fit: Fitted) -> dict[str, float | None]:
    metrics: dict[str, float | None] = {}
    for item in fit.parameters:
        metrics |= {
            item.name: item.value,
            f"{item.name}_low": item.low,
            f"{item.name}_high": item.high,
        }
        if item.low is not None and item.high is not None:
            metrics[f"{item.name}_error"] = (item.high - item.low) / 2
    metrics |= {"q0": fit.q0, "p": fit.p, "Z": fit.Z}
    if fit.q0_toys is not None:
        metrics |= {"p_global": fit.p_global, "Z_global": fit.Z_global}
    return metrics


def _card(found: DijetResult, events: DijetEvents) -> str:
    options = found.task["options"]
    point = ", ".join(f"{mass:g}" for mass in options["mass_point"])
    lines = [
        f"# dijet: {found.title}",
        "",
        "Tells decays of a resonance to two resonances from QCD dijets; larger scores are more "
        "like signal.",
        "",
        f"- strategy: {found.strategy}",
        f"- modes: {', '.join(events.modes)}",
        f"- signal that was put into the data: masses {point} GeV, mu = {options['mu']:g}, "
        f"alpha = {options['alpha']:g}",
        f"- seed: {found.task['seed']}",
        "- versions: " + ", ".join(f"{k} {v}" for k, v in found.task["versions"].items()),
        "",
        "## Figures on test events that nothing was trained or chosen on",
        "",
        "| figure | value |",
        "|---|---|",
    ]
    for name, value in flat_metrics(found).items():
        lines.append(f"| {name} | {'-' if value is None else format(value, '.4g')} |")
    lines += ["", "## Events", ""]
    lines += [f"- {name}: {count:,}" for name, count in found.composition.items()]
    lines += ["", "## Inputs", "", *(f"- {name}" for name in events.features)]
    if found.notes:
        lines += ["", "## Notes", "", *(f"- {text}" for text in found.notes)]
    return "\n".join([*lines, ""])
