"""The folder of an anomaly search: task, kept models, scores, background samples, results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column, feature, observer
from hepml.errors import OutputError
from hepml.ml.anomaly.asked import AnomalyTask
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.findings import Training
from hepml.ml.anomaly.outcome import BackgroundSamples, StrategyResult
from hepml.ml.anomaly.reading import AnomalyEvents, Rows
from hepml.parts import DATASET, to_numpy, write_part
from hepml.tables import FeatureTable

__all__ = ["AnomalyFolder", "Kept"]

Array = NDArray[np.float64]
BEFORE, SIGNAL, SIDEBAND = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Kept:
    """What the statistics needs, read back from a folder.

    Attributes
    ----------
    mass, scores, ratio : array of shape (rows,)
        Of all events; ratio NaN where there is none.
    x : array of shape (rows, features)
        Features.
    control : array of bool
        Events of the control sample.
    label : array of bool or None
        True signal.
    samples : dict of str to array
        Background samples: ``x``, ``mass``, ``seed``, ``score``, ``ratio``, ``band`` (0: data
        before the loose conditions, 1: samples of the signal region, 2: of the sidebands).
    units : dict of str to str
        Unit of each feature.
    """

    mass: Array
    scores: Array
    ratio: Array
    x: Array
    control: NDArray[np.bool_]
    label: NDArray[np.bool_] | None
    samples: dict[str, NDArray[Any]]
    units: dict[str, str] = field(default_factory=dict)


class AnomalyFolder:
    """Names inside the folder; every file is whole or absent.

    ``task.json`` is written first; ``state/`` holds each trained model as soon as it is trained,
    so that an interrupted search goes on; ``scores/``, ``samples/`` and ``training.json`` appear
    when all are; ``result.json`` and ``metrics.json`` at the end.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.task = self.root / "task.json"
        self.state = self.root / "state"
        self.scores = self.root / "scores"
        self.samples = self.root / "samples"
        self.training = self.root / "training.json"
        self.result = self.root / "result.json"
        self.metrics = self.root / "metrics.json"

    def read_task(self) -> AnomalyTask | None:
        """The task that the folder belongs to; ``None`` where there is no folder, or an empty one.

        Raises
        ------
        OutputError
            If the folder belongs to something else.
        """
        if not self.root.exists():
            return None
        if not self.root.is_dir():
            raise OutputError(f"{self.root} exists and is no folder; choose another --out.")
        if self.task.is_file():
            return AnomalyTask.read(self.task)
        if any(item.name != ".lock" for item in self.root.iterdir()):
            raise OutputError(
                f"{self.root} exists and holds no anomaly search; choose another --out."
            )
        return None

    @property
    def trained(self) -> bool:
        """Whether all scores are there."""
        return self.training.is_file()

    # --- writing ----------------------------------------------------------------------------

    def write_training(
        self, events: AnomalyEvents, found: StrategyResult, training: Training
    ) -> None:
        """Write scores, samples and, last, how they were had."""
        control = found.control_scores is not None
        parts = [(events.rows, found.scores, found.ratio, False)]
        if events.control is not None and found.control_scores is not None:
            parts.append((events.control_rows, found.control_scores, found.control_ratio, True))
        label = [] if events.data.label is None else [(events.data, events.control)]
        rows = _scored(events.columns, parts)
        columns = [*events.columns, *_SCORES]
        if label:
            columns.append(observer("true_signal", dtype="bool", doc="true label"))
            others = [events.data, *([events.control] if control and events.control else [])]
            rows["true_signal"] = np.concatenate([_labels(item) for item in others])
        datasets = np.asarray(rows.pop(DATASET)).astype(str)
        for dataset in np.unique(datasets).tolist():
            chosen = {name: values[datasets == dataset] for name, values in rows.items()}
            path = self.scores / dataset / "part-00000.parquet"
            write_part(path, columns, chosen, {DATASET: dataset})
        self._write_samples(events, found)
        training.write(self.training)

    def _write_samples(self, events: AnomalyEvents, found: StrategyResult) -> None:
        data = events.data
        tables = [
            _plain(data.features, item, band)
            for band, item in (
                (BEFORE, events.before),
                (SIGNAL, found.samples),
                (SIDEBAND, found.sideband_samples),
            )
            if item is not None
        ]
        units = {column.name: column.unit for column in events.columns}
        columns: list[Column] = [
            *(feature(name, units.get(name, ""), "float64") for name in data.features),
            observer("mass", "GeV"),
            observer("seed", dtype="int64", doc="density model"),
            observer("score"),
            observer("ratio"),
            observer("band", dtype="int64", doc="0 data before cuts, 1 signal region, 2 sidebands"),
        ]
        empty = _plain(data.features, data.take(np.zeros(0, np.int64)), BEFORE)
        rows = {name: np.concatenate([table[name] for table in [empty, *tables]]) for name in empty}
        write_part(self.samples / "samples.parquet", columns, rows)

    # --- reading ----------------------------------------------------------------------------

    def read_kept(self, mass: str, features: Sequence[str]) -> Kept:
        """Read scores and samples back.

        Raises
        ------
        OutputError
            If the training did not end.
        """
        if not self.trained:
            raise OutputError(
                f"{self.root} holds no finished training. Run the same command without --no-train."
            )
        table = FeatureTable.open(self.scores)
        values = {name: _column(table, name) for name in (mass, *features, "score", "ratio")}
        named = table.names()
        samples = FeatureTable.open(self.samples / "samples.parquet")
        drawn = {name: _column(samples, name) for name in samples.names()}
        return Kept(
            mass=values[mass],
            scores=values["score"],
            ratio=values["ratio"],
            x=np.column_stack([values[name] for name in features]),
            control=table.column("control").astype(np.bool_),
            label=table.column("true_signal").astype(np.bool_) if "true_signal" in named else None,
            samples=drawn | {"x": np.column_stack([drawn[name] for name in features])},
            units={column.name: column.unit for column in table.columns},
        )


_SCORES = (
    observer("score", doc="larger for signal, by models that never saw the event"),
    observer("ratio", doc="likelihood ratio of data and background, NaN where there is none"),
    observer("control", dtype="bool", doc="event of the control sample"),
)


def _scored(
    columns: Sequence[Column], parts: Sequence[tuple[Rows, Array, Array | None, bool]]
) -> Rows:
    """Rows of data and control with their scores."""
    found: Rows = {}
    for name in (*(column.name for column in columns), DATASET):
        found[name] = np.concatenate([rows[name] for rows, *_ in parts])
    found["score"] = np.concatenate([scores for _, scores, _, _ in parts])
    found["ratio"] = np.concatenate(
        [np.full(len(scores), np.nan) if ratio is None else ratio for _, scores, ratio, _ in parts]
    )
    sizes = [np.full(len(scores), control) for _, scores, _, control in parts]
    found["control"] = np.concatenate(sizes)
    return found


def _labels(data: AnomalyData) -> NDArray[np.bool_]:
    return np.zeros(len(data), np.bool_) if data.label is None else data.label


def _plain(features: Sequence[str], item: AnomalyData | BackgroundSamples, band: int) -> Rows:
    """Columns of samples, or of data that have no scores."""
    rows = len(item.mass)
    found: Rows = dict(zip(features, item.x.T, strict=True))
    drawn = item if isinstance(item, BackgroundSamples) else None
    unknown = np.full(rows, np.nan)
    found["mass"] = item.mass
    found["seed"] = np.zeros(rows, np.int64) if drawn is None else drawn.seed
    found["score"] = unknown if drawn is None or drawn.scores is None else drawn.scores
    found["ratio"] = unknown if drawn is None or drawn.ratio is None else drawn.ratio
    found["band"] = np.full(rows, band, np.int64)
    return found


def _column(table: FeatureTable, name: str) -> Array:
    return np.asarray(to_numpy(table.to_arrow([name]).column(0)), np.float64)
