"""A model of production modes that is to be trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hepml.columns import Column
from hepml.ml.kinds import Kind
from hepml.tables import FeatureTable

__all__ = ["ModelPlan", "Weighting", "declared"]


@dataclass(frozen=True, slots=True)
class Weighting:
    """How physics weights become training weights.

    Attributes
    ----------
    policy : {"absolute", "positive"}
        Rows of negative weight count by its absolute value, or not at all.
    balanced : bool
        Whether every class gets the same sum.
    mean : float
        Mean weight.
    """

    policy: Literal["absolute", "positive"] = "absolute"
    balanced: bool = True
    mean: float = 1.0


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """A model to be trained.

    Attributes
    ----------
    name, label : str
        Of the model, for programs and for people.
    kind : str
        Which estimator.
    features : tuple of Column
        Its inputs.
    classes : tuple of str
        What it tells apart.
    weighting : Weighting
        Of the training rows.
    parameters : dict
        Of the estimator.
    rows : int or None
        Most rows that it is trained on.
    stopped : bool
        Whether validation rows decide when to stop.
    """

    name: str
    label: str
    kind: Kind
    features: tuple[Column, ...]
    classes: tuple[str, ...]
    weighting: Weighting
    parameters: dict[str, Any]
    rows: int | None = None
    stopped: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(column.name for column in self.features)

    @property
    def title(self) -> str:
        """Its name for people, with the number of inputs."""
        return f"{self.label}, {len(self.features)} features"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "features": list(self.inputs),
            "classes": list(self.classes),
            "weights": asdict(self.weighting),
            "parameters": self.parameters,
            "most_rows": self.rows,
        }


def declared(table: FeatureTable, names: Sequence[str]) -> tuple[Column, ...]:
    """Columns of a table by their stored or published names."""
    known = {column.name: column for column in table.columns}
    return tuple(known[table.aliases.get(name, name)] for name in names)
