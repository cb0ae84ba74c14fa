"""Trained models on disk: the estimator in its library's own format, all else as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column, observer
from hepml.errors import ModelError
from hepml.ml.calibration import Calibration
from hepml.ml.kinds import FILES, Kind, read_estimator, write_estimator
from hepml.tables import FeatureTable

__all__ = [
    "TrainedModel",
    "load_model",
    "model_digest",
    "model_files",
    "read_model",
    "resolve_features",
]

_BATCH = 262_144


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """An estimator and everything needed to apply it.

    Attributes
    ----------
    name : str
        Of the model within its task.
    task : str
        What it was trained for.
    kind : {"boosted", "forest"}
        Which library's format it is kept in.
    estimator : object
        With ``predict_proba``.
    features : tuple of Column
        Inputs in order, with units.
    classes : tuple
        Values of the label, in the order of the probabilities.
    missing : {"native", "zero"}
        What an undefined input means: a value of its own, or 0.
    calibration : Calibration
        From the probability of the last class to a calibrated one; two classes only.
    threshold : float
        Calibrated probability from which a row counts as signal.
    card : dict
        Data, parameters, versions, metrics; JSON values.
    """

    name: str
    task: str
    kind: Kind
    estimator: Any
    features: tuple[Column, ...]
    classes: tuple[Any, ...]
    missing: Literal["native", "zero"] = "native"
    calibration: Calibration = field(default_factory=Calibration.none)
    threshold: float = 0.5
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(column.name for column in self.features)

    def probabilities(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability of each class as the estimator gives it, shape (rows, classes)."""
        found = np.empty((len(x), len(self.classes)))
        # in pieces: a forest makes a copy of its input for each tree
        for low in range(0, len(x), _BATCH):
            part = x[low : low + _BATCH]
            if self.missing == "zero":
                part = np.nan_to_num(part, nan=0.0)
            found[low : low + _BATCH] = self.estimator.predict_proba(part)
        return found

    def raw(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability of the last class as the estimator gives it."""
        return self.probabilities(x)[:, -1]

    def score(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Calibrated probability of the last class."""
        return self.calibration(self.raw(x))

    def score_names(self, name: str = "score") -> tuple[str, ...]:
        """Columns that it gives: one for two classes, else one a class, ``<name>_<class>``."""
        if len(self.classes) == 2:
            return (name,)
        return tuple(f"{name}_{item}" for item in self.classes)

    def score_columns(self, name: str = "score") -> tuple[Column, ...]:
        """Those columns as observers: what one model says is no input of another."""
        texts = [self.classes[-1]] if len(self.classes) == 2 else self.classes
        return tuple(
            observer(found, dtype="float32", doc=f"probability of {text}, by model {self.name}")
            for found, text in zip(self.score_names(name), texts, strict=True)
        )

    def scores(self, x: NDArray[np.float32], name: str = "score") -> dict[str, NDArray[np.float32]]:
        """What it says of each row, by the names of `score_names`."""
        if len(self.classes) == 2:
            return {name: self.score(x).astype(np.float32)}
        found = self.probabilities(x).astype(np.float32)
        return dict(zip(self.score_names(name), found.T, strict=True))

    def to_json(self) -> dict[str, Any]:
        """Everything but the estimator, as JSON values."""
        return {
            "name": self.name,
            "task": self.task,
            "kind": self.kind,
            "file": FILES[self.kind],
            "features": [
                {"name": c.name, "dtype": c.dtype, "unit": c.unit, "alias": c.alias, "doc": c.doc}
                for c in self.features
            ],
            "classes": list(self.classes),
            "missing": self.missing,
            "calibration": self.calibration.to_json(),
            "threshold": self.threshold,
            "card": self.card,
        }

    def write(self, folder: Path) -> None:
        """Write the estimator, ``model.json`` and ``card.md`` into a folder."""
        from hepml.engine.store import write_json, write_text
        from hepml.ml.cards import write_card

        folder.mkdir(parents=True, exist_ok=True)
        write_estimator(self.kind, self.estimator, folder)
        content = self.to_json()
        write_json(folder / "model.json", content, indent=1)
        write_text(folder / "card.md", write_card(content))


def load_model(path: str | Path) -> TrainedModel:
    """Read a model; each is read once per process, and again when its files change.

    Parameters
    ----------
    path : path
        Folder that a task of ``hepml ml`` wrote, or one of those under its ``models``.

    Raises
    ------
    ModelError
        If there is no model, or it is damaged.
    """
    return _load(str(Path(path).absolute()), model_digest(path))


@lru_cache(maxsize=8)
def _load(path: str, digest: str) -> TrainedModel:
    return read_model(path)


def model_files(path: str | Path) -> tuple[Path, ...]:
    """The files that make a model: ``model.json`` and the estimator, relative to its folder.

    Raises
    ------
    ModelError
        If there is no model, or it is damaged.
    """
    folder = Path(path)
    document = folder / "model.json"
    if not document.is_file():
        below = sorted(str(item.parent) for item in folder.glob("*/*/model.json"))
        hint = f"There are models in {', '.join(below)}." if below else "Train one: hepml ml."
        raise ModelError(f"There is no model in {folder} (no model.json). {hint}")
    try:
        kind = str(json.loads(document.read_text())["kind"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The model in {folder} cannot be read: {error!r}.") from error
    if kind not in FILES:
        raise ModelError(
            f"The model in {folder} is a {kind!r}, which does not read rows of numbers. The "
            "command that trained it applies it, too: see its card.md and --help."
        )
    estimator = folder / FILES[kind]
    parts = [item for item in estimator.rglob("*") if item.is_file()]
    found = [document, *(sorted(parts) if estimator.is_dir() else [estimator])]
    return tuple(item.relative_to(folder) for item in found)


def model_digest(path: str | Path) -> str:
    """SHA-256 of all that decides what a model says, wherever it lies.

    Raises
    ------
    ModelError
        If there is no model, or it is damaged.
    """
    folder, digest = Path(path), hashlib.sha256()
    for name in model_files(folder):
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise ModelError(f"The model in {folder} cannot be read: {error!r}.") from error
        digest.update(f"{name.as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def read_model(path: str | Path) -> TrainedModel:
    """Read a model that nobody shares.

    Raises
    ------
    ModelError
        If there is no model, or it is damaged.
    """
    folder = Path(path)
    try:
        found = json.loads((folder / "model.json").read_text())
        return TrainedModel(
            name=found["name"],
            task=found["task"],
            kind=found["kind"],
            estimator=read_estimator(folder, found),
            features=tuple(Column(**item) for item in found["features"]),
            classes=tuple(found["classes"]),
            missing=found["missing"],
            calibration=Calibration.from_json(found["calibration"]),
            threshold=float(found["threshold"]),
            card=found["card"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The model in {folder} cannot be read: {error!r}.") from error


def resolve_features(
    model: TrainedModel, table: FeatureTable | Sequence[Column], where: str = "the table"
) -> tuple[str, ...]:
    """Stored names of a model's inputs in a table; published names count, too.

    Parameters
    ----------
    model : TrainedModel
        The model.
    table : FeatureTable or sequence of Column
        The table, or the columns that it will have.
    where : str
        What it is, for messages.

    Raises
    ------
    ModelError
        If the table lacks one, or has it in another unit or as text.
    """
    columns = table.columns if isinstance(table, FeatureTable) else table
    known = {column.name: column for column in columns}
    published = {item.alias: item.name for item in reversed(columns) if item.alias}
    names, lacking = [], []
    for wanted in model.features:
        ways = (wanted.name, wanted.alias, published.get(wanted.name, ""))
        stored = next((name for name in ways if name in known), None)
        if stored is None:
            lacking.append(wanted.name)
            continue
        unit = known[stored].unit
        if unit and wanted.unit and unit != wanted.unit:
            raise ModelError(
                f"The model knows {wanted.name!r} in {wanted.unit}, {where} has it in {unit}."
            )
        if known[stored].dtype == "string" or known[stored].is_list:
            kind = "lists" if known[stored].is_list else "text"
            raise ModelError(
                f"The model reads numbers, and {wanted.name!r} of {where} holds {kind}."
            )
        names.append(stored)
    if lacking:
        raise ModelError(
            f"{where[:1].upper()}{where[1:]} lacks {len(lacking)} of the {len(model.features)} "
            f"features of model {model.name!r}: {', '.join(lacking[:8])}. Run the same selection "
            "that the model was trained on."
        )
    return tuple(names)
