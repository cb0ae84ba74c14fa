"""Rows of a table in memory, as a model is trained on them and judged by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.parts import DATASET, to_numpy
from hepml.tables import FeatureTable

__all__ = ["Sample", "load_sample"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows of a table, ordered by key: the same rows give the same model in whatever parts.

    Attributes
    ----------
    features : tuple of str
        Names of the inputs.
    x : array of float32, shape (rows, features)
        The inputs; NaN where not defined.
    y : array of int64 or None
        Place of each row's class in ``classes``; ``None`` without labels.
    classes : tuple
        Values of the label, sorted.
    weights : array of float64
        Weights of the rows, with their sign; 1 where the table has none.
    group : array of int64
        Number of the group (shower, event) that each row belongs to, from 0 on.
    groups : int
        How many groups there are.
    columns : dict of str to array
        Keys, ``dataset`` and observers of the rows.
    """

    features: tuple[str, ...]
    x: NDArray[np.float32]
    y: Ints | None
    classes: tuple[Any, ...]
    weights: Floats
    group: Ints
    groups: int
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def signal(self) -> NDArray[np.bool_]:
        """Which rows belong to the last class of two.

        Raises
        ------
        ModelError
            Without labels, or with other than two classes.
        """
        if self.y is None or len(self.classes) != 2:
            raise ModelError(f"Two classes are needed, and the rows have {self.classes}.")
        return np.asarray(self.y == 1)

    @property
    def labels(self) -> Ints:
        """Place of each row's class.

        Raises
        ------
        ModelError
            Without labels.
        """
        if self.y is None:
            raise ModelError("The rows have no labels.")
        return self.y

    def take(self, rows: NDArray[Any]) -> Sample:
        """Some rows, by mask or number; groups are numbered anew."""
        found, group = np.unique(self.group[rows], return_inverse=True)
        return replace(
            self,
            x=self.x[rows],
            y=None if self.y is None else self.y[rows],
            weights=self.weights[rows],
            group=group.astype(np.int64),
            groups=len(found),
            columns={name: values[rows] for name, values in self.columns.items()},
        )

    def matrix(self, features: Sequence[str]) -> NDArray[np.float32]:
        """Some of the inputs, in the order asked for."""
        if tuple(features) == self.features:
            return self.x
        return self.x[:, [self.features.index(name) for name in features]]

    def first_rows(self) -> Ints:
        """A row of each group, in the order of the groups."""
        return np.unique(self.group, return_index=True)[1].astype(np.int64)


def load_sample(
    table: FeatureTable,
    features: Sequence[str],
    *,
    label: str | None = None,
    classes: Sequence[Any] | None = None,
    weight: str | None = None,
    group: Sequence[str] | None = None,
    observers: Sequence[str] = (),
) -> Sample:
    """Read rows of a table, or of a view of it.

    Parameters
    ----------
    table : FeatureTable
        The table.
    features : sequence of str
        Stored names of the inputs; see `hepml.ml.features.choose_features`.
    label : str, optional
        Column with the class of each row.
    classes : sequence, optional
        Values that the label may have; default: those that it has.
    weight : str, optional
        Column of weights.
    group : sequence of str, optional
        Key columns that name a group together with the dataset; default: the whole key.
    observers : sequence of str
        More columns to keep.

    Raises
    ------
    ModelError
        If the label has a value that is not among the classes.
    """
    keys = table.names("key")
    kept = list(dict.fromkeys([*keys, *observers]))
    extra = [name for name in (label, weight) if name is not None]
    read = list(dict.fromkeys([*kept, *extra, DATASET, *features]))
    rows = table.to_arrow(read)
    rows = rows.take(pa.array(_order(rows, keys))) if keys else rows
    columns = {name: to_numpy(rows.column(name)) for name in [*kept, DATASET]}
    x = np.empty((len(rows), len(features)), dtype=np.float32)
    for place, name in enumerate(features):
        x[:, place] = to_numpy(rows.column(name))
    y, known = _classes(rows, label, classes)
    by = [columns[name] for name in (keys if group is None else group)]
    numbers, count = _groups([columns[DATASET], *by], len(rows))
    weights = np.ones(len(rows)) if weight is None else to_numpy(rows.column(weight))
    return Sample(
        tuple(features), x, y, known, np.asarray(weights, np.float64), numbers, count, columns
    )


def _order(rows: pa.Table, keys: Sequence[str]) -> Ints:
    """Order of dataset and key, which does not depend on the parts."""
    columns = [to_numpy(rows.column(name)) for name in (DATASET, *keys)]
    ordered = [np.unique(c, return_inverse=True)[1] if c.dtype.kind == "O" else c for c in columns]
    return np.lexsort(ordered[::-1]).astype(np.int64)


def _groups(columns: Sequence[NDArray[Any]], size: int) -> tuple[Ints, int]:
    """Number the distinct combinations of values."""
    number = np.zeros(size, dtype=np.int64)
    for values in columns:
        place = np.unique(values, return_inverse=True)[1]
        both = number * (int(place.max(initial=0)) + 1) + place
        number = np.unique(both, return_inverse=True)[1].astype(np.int64)
    return number, int(number.max(initial=-1)) + 1


def _classes(
    rows: pa.Table, label: str | None, classes: Sequence[Any] | None
) -> tuple[Ints | None, tuple[Any, ...]]:
    if label is None:
        return None, tuple(classes or ())
    found, place = np.unique(to_numpy(rows.column(label)), return_inverse=True)
    values = found.tolist()
    known = tuple(values) if classes is None else tuple(classes)
    strange = [value for value in values if value not in known]
    if strange:
        raise ModelError(
            f"Column {label!r} holds {', '.join(map(repr, strange[:5]))}, and the classes are "
            f"{', '.join(map(repr, known))}."
        )
    index = np.array([known.index(value) for value in values], dtype=np.int64)
    return index[place], known
