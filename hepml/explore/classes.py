"""Which class each row of a table belongs to, and how much it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.parts import DATASET, is_text, to_numpy

__all__ = ["DATA_CLASS", "RowClasses"]

DATA_CLASS = "data"
MOST = 30


@dataclass(slots=True, eq=False)
class RowClasses:
    """Numbers the classes of rows as they come.

    Attributes
    ----------
    label : str
        Column that names the classes; empty: the dataset does.
    weight : str
        Column of weights; empty: 1.
    kinds : mapping of str to str
        Dataset to ``data`` or ``simulation``; all data are one class, whatever their label says.
    factors : mapping of str to float
        Dataset to what its weights are multiplied with.
    names : list of (str, bool)
        The classes so far, and whether each is data.
    """

    label: str = ""
    weight: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    names: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def reads(self) -> list[str]:
        """Columns that it needs of a batch, first the dataset."""
        return [name for name in (DATASET, self.label, self.weight) if name]

    def read(self, batch: pa.RecordBatch) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Class number and weight of each row; the batch begins with the columns of `reads`."""
        dataset, datasets = _encode(batch.column(0))
        place = 1
        code = dataset
        pairs: list[tuple[str, Any]] = [(str(name), None) for name in datasets]
        if self.label:
            value, values = _encode(batch.column(place))
            place += 1
            code = dataset * len(values) + value
            pairs = [(str(name), item) for name in datasets for item in values]
        used = set(np.unique(code).tolist())
        numbers = np.array(
            [self._number(*pair) if index in used else -1 for index, pair in enumerate(pairs)],
            dtype=np.int64,
        )
        factor = np.array([self.factors.get(str(name), 1.0) for name in datasets])
        weights = factor[dataset] if len(datasets) else np.zeros(0)
        if self.weight:
            weights = weights * to_numpy(batch.column(place)).astype(np.float64)
        return numbers[code] if len(numbers) else code, weights

    def _number(self, dataset: str, value: Any) -> int:
        """Number of a class, a new one if it was not there before."""
        kind = self.kinds.get(dataset)
        data = kind == "data" or (kind is None and value == DATA_CLASS)
        name = DATA_CLASS if data else dataset if value is None else str(value)
        found = (name, data)
        if found not in self.names:
            if len(self.names) == MOST:
                raise ParameterError(
                    f"{self.label or 'dataset'!r} has more than {MOST} values, too many for "
                    "classes of one figure. Name another column with --label, or none."
                )
            self.names.append(found)
        return self.names.index(found)


def _encode(column: Any) -> tuple[NDArray[np.int64], list[Any]]:
    """Number the values of a column; text is numbered already."""
    if is_text(column.type):
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        return to_numpy(column.indices).astype(np.int64), column.dictionary.to_pylist()
    values, place = np.unique(to_numpy(column), return_inverse=True)
    return place.astype(np.int64), values.tolist()
