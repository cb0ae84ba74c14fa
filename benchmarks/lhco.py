"""Judge the anomaly classifiers on the signal region of the LHC Olympics R&D dataset.

    python benchmarks/lhco.py --data FOLDER --out RESULT.json

``FOLDER`` holds two arrays of six columns: dijet mass, lighter jet mass and difference of the jet
masses [TeV], tau21 of both jets, label. ``innerdata_train.npy`` is background with little signal,
``innerdata_extrasig.npy`` signal alone. Half of the background is the reference, the other half and
the signal are the data; the mass is no feature. Every seed splits the background anew.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from measure import BenchmarkError
from session import conditions, say
from tables import markdown

from hepml.ml.anomaly.efficiency import efficiency
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.results import Efficiency
from hepml.ml.anomaly.settings import RARE_SIGNAL, EnsembleSettings
from hepml.ml.anomaly.strategies import run_strategy
from hepml.windows import Window

__all__ = ["FILES", "STRATEGIES", "Split", "judge", "load", "main", "split", "summary", "targets"]

Floats = np.ndarray[Any, np.dtype[np.float64]]
Record = dict[str, Any]

FILES = ("innerdata_train.npy", "innerdata_extrasig.npy")
FEATURES = ("lighter_mass", "mass_difference", "tau21_1", "tau21_2")
STRATEGIES = ("supervised", "idealised")
# TeV, as in the arrays, which hold the signal region and nothing of the sidebands
WINDOW = Window("lhco", 2.0, 3.3, 3.7, 5.0)
# there is enough signal to learn from: the area needs fewer members than that of the others
SUPERVISED = EnsembleSettings(members=2, rounds=100, learning_rate=0.1, depth=7, patience=0)
# share of the signal of the second array that supervision learns from
LEARNT = 0.25
LEAST = 25  # background events of the largest significance improvement
WANTED = {("supervised", "auc"): 0.965, ("idealised", "auc"): 0.88, ("idealised", "sic_max"): 10.0}


@dataclass(frozen=True, eq=False)
class Split:
    """One split of the two arrays.

    Attributes
    ----------
    data : AnomalyData
        Half of the background, and the signal of the first array.
    reference : AnomalyData
        The other half.
    extra : AnomalyData
        Signal of the second array.
    """

    data: AnomalyData
    reference: AnomalyData
    extra: AnomalyData


def load(folder: Path) -> tuple[Floats, Floats]:
    """Read both arrays.

    Raises
    ------
    BenchmarkError
        If one is not there, or has another layout.
    """
    found = []
    for name in FILES:
        path = folder / name
        if not path.is_file():
            raise BenchmarkError(
                f"There is no {path}. --data is the folder with {' and '.join(FILES)}: the signal "
                "region of the LHC Olympics R&D dataset."
            )
        rows = np.load(path).astype(np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(FEATURES) + 2:
            raise BenchmarkError(
                f"{path} has the shape {rows.shape}; its columns should be the mass, "
                f"{', '.join(FEATURES)} and the label."
            )
        found.append(rows)
    return found[0], found[1]


def split(train: Floats, extra: Floats, seed: int) -> Split:
    """Halve the background at random."""
    signal = train[:, -1] == 1
    background = train[~signal]
    background = background[np.random.default_rng(seed).permutation(len(background))]
    half = len(background) // 2
    data = np.concatenate([background[half:], train[signal]])
    return Split(_events(data), _events(background[:half]), _events(extra))


def _events(rows: Floats) -> AnomalyData:
    return AnomalyData.select(FEATURES, rows[:, 1:-1], rows[:, 0], WINDOW, label=rows[:, -1] == 1)[
        0
    ]


def judge(strategy: str, events: Split, settings: EnsembleSettings) -> Efficiency:
    """Train in five folds and judge: background by classifiers that never saw it.

    Each event of the extra signal is scored by the classifiers of one fold, all folds in turn. What
    supervision learns from is no part of what judges it.
    """
    reference, judged = events.reference, events.extra
    if strategy == "supervised":
        learnt = round(LEARNT * len(judged))
        reference = _joined(events.data, judged.take(slice(learnt)))
        judged = judged.take(slice(learnt, None))
    found = run_strategy(
        strategy,
        events.data,
        reference=reference,
        control=judged,
        ensemble=settings,
        closure=False,
    )
    label, scores = events.data.label, found.control_scores
    if label is None or scores is None:
        raise BenchmarkError("The events have no label, or the extra signal no scores.")
    return efficiency(scores, found.scores[~label], least=LEAST)


def _joined(*parts: AnomalyData) -> AnomalyData:
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("x", "mass", "key", "label")
    }
    return replace(parts[0], **arrays)


def summary(records: Sequence[Record]) -> list[Record]:
    """Mean over the splits by strategy and figure, with its error.

    The error is the spread of the splits over the square root of their number: splits share the
    signal, so that it says nothing about another draw of the signal.
    """
    found = []
    for strategy in dict.fromkeys(item["strategy"] for item in records):
        mine = [item for item in records if item["strategy"] == strategy]
        for figure in ("auc", "sic_max", "sic_1e-3"):
            values = np.array([item[figure] for item in mine if item[figure] is not None])
            count = len(values)
            error = float(values.std(ddof=1) / math.sqrt(count)) if count > 1 else None
            found.append(
                {
                    "strategy": strategy,
                    "figure": figure,
                    "mean": float(values.mean()) if count else None,
                    "error": error,
                    "splits": count,
                    "lowest": float(values.min()) if count else None,
                    "highest": float(values.max()) if count else None,
                }
            )
    return found


def targets(rows: Sequence[Mapping[str, Any]]) -> list[Record]:
    """What was asked for; a mean meets it that is as large, its error added."""
    found = []
    for row in rows:
        wanted = WANTED.get((row["strategy"], row["figure"]))
        if wanted is not None and row["mean"] is not None:
            allowed = (row["error"] or 0.0) if row["figure"] == "sic_max" else 0.0
            kept = ("strategy", "figure", "mean", "error")
            met = bool(row["mean"] + allowed >= wanted)
            found.append({**{name: row[name] for name in kept}, "wanted": wanted, "met": met})
    return found


_TITLES = {"auc": "area under the ROC curve", "sic_max": "largest significance improvement"}
_TITLES["sic_1e-3"] = "significance improvement at a false-positive rate of 0.001"


def report(records: Sequence[Record]) -> dict[str, Any]:
    """Print the tables; return everything as JSON."""
    means = summary(records)
    lines = [
        (row["strategy"], _TITLES[row["figure"]], _value(row), _range(row), str(row["splits"]))
        for row in means
    ]
    text = [markdown(("strategy", "figure", "mean", "range", "splits"), lines)]
    asked = targets(means)
    if asked:
        rows = [_target(item) for item in asked]
        text.append(markdown(("strategy", "target", "wanted", "measured", "met"), rows))
    say("\n" + "\n\n".join(text))
    return {"records": list(records), "means": means, "targets": asked}


def _target(item: Mapping[str, Any]) -> tuple[str, ...]:
    wanted, met = f">= {item['wanted']:g}", "yes" if item["met"] else "NO"
    return item["strategy"], _TITLES[item["figure"]], wanted, _value(item), met


def _value(row: Mapping[str, Any]) -> str:
    if row["mean"] is None:
        return "-"
    digits = 4 if row["figure"] == "auc" else 2
    error = "" if row["error"] is None else f" +- {row['error']:.{digits}f}"
    return f"{row['mean']:.{digits}f}{error}"


def _range(row: Mapping[str, Any]) -> str:
    if row["mean"] is None:
        return "-"
    digits = 4 if row["figure"] == "auc" else 2
    return f"{row['lowest']:.{digits}f} to {row['highest']:.{digits}f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Split, train, judge, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the two arrays")
    parser.add_argument("--seeds", type=int, default=10, help="splits")
    parser.add_argument("--first", type=int, default=0, help="seed of the first split")
    parser.add_argument(
        "--members", type=int, default=RARE_SIGNAL.members, help="classifiers of a fold, idealised"
    )
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES), choices=STRATEGIES)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args(arguments)
    given.chunk_size = None
    began = conditions(given)
    try:
        records = _records(given)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    used = {name: asdict(_settings(name, given.members)) for name in given.strategies}
    found = {"conditions": began, "settings": used, **report(records)}
    if given.out:
        given.out.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def _records(given: argparse.Namespace) -> list[Record]:
    if given.seeds < 1:
        raise BenchmarkError(f"--seeds is the number of splits, at least 1, not {given.seeds}.")
    train, extra = load(given.data)
    records: list[Record] = []
    for seed in range(given.first, given.first + given.seeds):
        events = split(train, extra, seed)
        for strategy in given.strategies:
            start = time.process_time()
            found = judge(strategy, events, _settings(strategy, given.members))
            record = {
                "seed": seed,
                "strategy": strategy,
                "auc": found.auc.value,
                "sic_max": found.sic_max.value,
                "sic_max_fpr": found.sic_max_fpr,
                "sic_1e-3": found.points[0].sic.value,
                "seconds": time.process_time() - start,
            }
            records.append(record)
            say(f"split {seed}, {strategy}: area {_text(record['auc'], 4)}, largest improvement "
                f"{_text(record['sic_max'], 2)}, {record['seconds']:.0f} s of CPU")  # fmt: skip
    return records


def _settings(strategy: str, members: int) -> EnsembleSettings:
    return SUPERVISED if strategy == "supervised" else replace(RARE_SIGNAL, members=members)


def _text(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


if __name__ == "__main__":
    sys.exit(main())
