"""A trained model inside a selection: what it says of each row becomes columns of the table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column
from hepml.errors import ModelError, ParameterError

if TYPE_CHECKING:
    from hepml.ml.models import TrainedModel

__all__ = [
    "AppliedModel",
    "check_free_names",
    "check_score",
    "comparable",
    "input_matrix",
    "receive",
]

SHOWN = 12  # digits of a hash

# where models lie that were sent to this process: hash to folder
_RECEIVED: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class AppliedModel:
    """A model by its place and content; small, and the same in every process.

    Attributes
    ----------
    path : str
        Its folder, where the run was begun.
    sha256 : str
        Of its files; a process that finds others there refuses them.
    score : str
        Name of the score column, or what the names of several begin with.
    name : str
        What the model calls itself.
    """

    path: str
    sha256: str
    score: str = "score"
    name: str = ""

    @classmethod
    def of(cls, model: str | Path | Mapping[str, Any] | AppliedModel, score: str = "score") -> Self:
        """Take the model in a folder as it is now, or one as `to_json` described it.

        Raises
        ------
        ModelError
            If there is no model, or it is damaged.
        ParameterError
            If the score has no name that a column can have.
        """
        if isinstance(model, AppliedModel):
            model = model.to_json()
        if isinstance(model, Mapping):
            return cls(**model)
        check_score(score)
        from hepml.ml.models import model_digest

        path = str(Path(model).absolute())
        found = cls(path, model_digest(path), score)
        return cls(path, found.sha256, score, found.load().name)

    def to_json(self) -> dict[str, str]:
        """The same as JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.name!r} of {self.path} (sha256 {self.sha256[:SHOWN]})"

    def load(self) -> TrainedModel:
        """Read the model, once per process; it works on one thread.

        Raises
        ------
        ModelError
            If it is gone, or no longer the one that it was.
        """
        return _ready(self.sha256, self.path)

    def lacking(self) -> str:
        """Why this process cannot have the model; empty if it can."""
        try:
            self.load()
        except ModelError as error:
            return str(error)
        except ImportError as error:
            return f"the model {self} needs a package that is not installed: {error}"
        return ""

    def columns(self, columns: Sequence[Column], where: str = "the table") -> tuple[Column, ...]:
        """The columns that it adds to those of a table.

        Raises
        ------
        ModelError
            If the table lacks a feature.
        ParameterError
            If it has a column of that name.
        """
        from hepml.ml.models import resolve_features

        model = self.load()
        resolve_features(model, columns, where)
        check_free_names(model.score_names(self.score), columns, where)
        return model.score_columns(self.score)

    def scores(
        self, columns: Sequence[Column], rows: Mapping[str, NDArray[Any]]
    ) -> dict[str, NDArray[np.float32]]:
        """What the model says of rows that are laid out as the columns declare."""
        from hepml.ml.models import resolve_features

        model = self.load()
        names = resolve_features(model, columns)
        return model.scores(input_matrix(names, [rows[name] for name in names]), self.score)


def check_score(score: str) -> None:
    """Raise a ParameterError if a score has no name that a column can have."""
    if not re.fullmatch(r"[A-Za-z_]\w*", score):
        raise ParameterError(
            f"--score {score!r} cannot be the name of a column: letters, digits and _ only."
        )


def check_free_names(names: Sequence[str], columns: Sequence[Column], where: str) -> None:
    """Raise a ParameterError if a table has a column of one of these names."""
    taken = {name for item in columns for name in (item.name, item.alias)}
    for name in names:
        if name in taken:
            raise ParameterError(
                f"{where[:1].upper()}{where[1:]} has a column {name!r} already. Give the scores "
                "another name:  --score NAME"
            )


def input_matrix(names: Sequence[str], columns: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Inputs of a model, shape (rows, features), out of columns of a table.

    Raises
    ------
    ModelError
        If a value is infinite, or too large for float32.
    """
    x = np.empty((len(columns[0]), len(columns)), dtype=np.float32)
    with np.errstate(over="ignore"):
        for place, values in enumerate(columns):
            x[:, place] = values
    infinite = np.isinf(x)
    if infinite.any():
        worst = int(infinite.sum(axis=0).argmax())
        raise ModelError(
            f"The model's input {names[worst]!r} is infinite in {int(infinite[:, worst].sum())} of "
            f"{len(x)} rows; models read finite numbers, and NaN where nothing is defined."
        )
    return x


@lru_cache(maxsize=4)
def _ready(sha256: str, path: str) -> TrainedModel:
    from hepml.ml.models import model_digest, read_model
    from hepml.ml.threads import set_threads

    place = _RECEIVED.get(sha256, path)
    found = model_digest(place)
    if found != sha256:
        raise ModelError(
            f"The model in {place} is not the one that the run began with: its files have the hash "
            f"{found[:SHOWN]}, and the run was planned with {sha256[:SHOWN]}. A run keeps its "
            "model to the end: put that one back, or start a new run."
        )
    model = read_model(place)
    # every worker process has a core of its own
    set_threads(model.estimator, 1)
    return model


def receive(model: AppliedModel, folder: str) -> None:
    """Note where a model lies that was sent to this process."""
    _RECEIVED[model.sha256] = folder


def comparable(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a run without the place of its model: only the content counts."""
    found = dict(parameters)
    if found.get("model"):
        found["model"] = {k: v for k, v in found["model"].items() if k != "path"}
    return found
