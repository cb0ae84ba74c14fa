"""A processor without physics, for tests of what surrounds a selection, and runs made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import hist
import numpy as np

from hepml.columns import Column, feature, key, label, observer, weight
from hepml.histograms import dump_histograms, fill_histogram
from hepml.parts import write_part
from hepml.processor import Fill, Histogram, Preset, Processor, Selected

COLUMNS = (
    key("run"),
    key("event", alias="eventNumber"),
    feature("pt", "GeV", alias="lead_pt_published"),
    feature("n_jets", dtype="int32"),
    observer("mass", "GeV", alias="h_mass"),
    weight("weight"),
    label("label"),
)


@dataclass(frozen=True, slots=True)
class ToyCuts:
    """Cuts of every kind of type."""

    pt: float = 10.0
    tight: bool = False
    window: tuple[float, float] = (0.0, 100.0)
    mode: str = "loose"


class ToyProcessor(Processor):
    """Returns what the ``events`` (a mapping) hold under ``selected``."""

    name = "toy"
    schema = dict
    columns: ClassVar[tuple[Column, ...]] = COLUMNS
    presets: ClassVar[Mapping[str, Preset]] = {
        "usual": Preset(ToyCuts(), "default"),
        "hard": Preset(ToyCuts(pt=50.0), "none"),
    }
    variations: ClassVar[tuple[str, ...]] = ("scale",)

    def histograms(self) -> tuple[Histogram, ...]:
        """One histogram."""
        axis = hist.axis.Regular(4, 0, 40, name="pt", label="pT [GeV]")
        return (Histogram("pt", (axis,)),)

    def select(self, events: Any) -> Selected:
        """Return the selection that the events carry."""
        selected: Selected = events.selected
        return selected


def rows(events: Sequence[int], run: int = 1, label: str = "data") -> dict[str, Any]:
    """Rows of a part; everything follows from the event number."""
    numbers = np.asarray(events, dtype=np.int64)
    return {
        "run": np.full(len(numbers), run, np.int64),
        "event": numbers,
        "pt": (10.0 + numbers % 30).astype(np.float32),
        "n_jets": (numbers % 5).astype(np.int32),
        "mass": 125.0 + numbers / 8.0,
        "weight": np.where(numbers % 7 == 0, -0.5, 1.0),
        "label": np.full(len(numbers), label, dtype=object),
    }


def write_table(folder: Path, parts: Mapping[str, Sequence[Sequence[int]]]) -> Path:
    """Write ``folder/<dataset>/part-<i>.parquet`` for the event numbers of each part."""
    for dataset, pieces in parts.items():
        for index, events in enumerate(pieces):
            path = folder / dataset / f"part-{index}.parquet"
            write_part(path, COLUMNS, rows(events, label=dataset), {"dataset": dataset})
    return folder


def account(kind: str, **changes: Any) -> dict[str, Any]:
    """What a run knows of a complete dataset."""
    usual = {
        "kind": kind,
        "label": "",
        "planned": 1,
        "processed": 1,
        "complete": True,
        "incomplete_because": "",
        "luminosity": None,
    }
    return usual | changes


def filled(
    declared: Histogram, contents: Mapping[tuple[str, str], tuple[Sequence[Any], Sequence[float]]]
) -> Any:
    """Fill ``(dataset, variation) -> (values, weights)`` of a histogram of one axis."""
    parts = [
        fill_histogram(
            declared, dataset, [Fill((np.asarray(values),), np.asarray(weights), variation)]
        )
        for (dataset, variation), (values, weights) in contents.items()
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def write_run(
    folder: Path,
    histograms: Mapping[str, Any],
    datasets: Mapping[str, Mapping[str, Any]],
    parts: Mapping[str, Sequence[Sequence[int]]] | None = None,
    luminosity: float = 1.0,
) -> Path:
    """Write a run directory with known contents, made without the engine."""
    folder.mkdir(parents=True)
    write_table(folder / "features", parts or {})
    (folder / "features").mkdir(exist_ok=True)
    steps = [
        {"step": "all", "raw": 10, "weighted": 2.5},
        {"step": "pT", "raw": 4, "weighted": 1.25},
    ]
    planned = sum(item["planned"] for item in datasets.values())
    processed = sum(item["processed"] for item in datasets.values())
    lost = {"dataset": "d", "file": "f.root", "entries": [0, 10], "reason": "it is gone"}
    contents: dict[str, Any] = {
        "plan": {},
        "cutflow": dict.fromkeys(datasets, steps),
        "provenance": {
            "processor": "toy",
            "parameters": {"luminosity": luminosity},
            "datasets": datasets,
        },
        "report": {
            "planned": planned,
            "processed": processed,
            "failed": [lost] * (planned - processed),
        },
    }
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "histograms.json").write_text(dump_histograms(histograms))
    return folder
