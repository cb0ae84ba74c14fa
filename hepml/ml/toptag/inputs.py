"""What a network reads of a table: constituents or high-level quantities, batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hepml.compiled import compiled
from hepml.errors import ModelError
from hepml.parts import to_numpy
from processors.topjet_columns import CONSTITUENTS, HIGH_LEVEL
from processors.topjet_constituents import NETWORK_FEATURES, flat_inputs
from processors.topjet_scaling import HighLevelScaler

__all__ = ["ConstituentInputs", "HighLevelInputs", "Inputs", "inputs_from_json"]

Floats = NDArray[np.float32]
Places = NDArray[np.int64]


class Inputs(Protocol):
    """How rows of a table become the input of a network."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that it needs."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the input of one jet."""

    def load(self, tables: Sequence[pa.Table]) -> Any:
        """Take row groups, one after the other, into memory as numbers."""

    def fill(self, held: Any, rows: Places, out: Floats) -> None:
        """Write the inputs of some rows of what was loaded."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Constituents of row groups: one run of numbers a column, and where each jet begins."""

    values: tuple[Floats, ...]
    begin: Places
    count: Places


@dataclass(frozen=True, slots=True)
class ConstituentInputs:
    """Seven features of each of the constituents of highest pT; empty slots are zero.

    Attributes
    ----------
    slots : int
        Constituents of a jet.
    """

    slots: int = 80

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that it needs."""
        return CONSTITUENTS

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the input of one jet."""
        return (self.slots, len(NETWORK_FEATURES))

    def load(self, tables: Sequence[pa.Table]) -> Held:
        """Take row groups into memory; nothing is padded."""
        begins, counts, base = [], [], 0
        parts: dict[str, list[Floats]] = {name: [] for name in self.columns}
        for table in tables:
            lists = {name: _lists(table, name) for name in self.columns}
            offsets = lists[CONSTITUENTS[0]].offsets.to_numpy().astype(np.int64)
            first, last = offsets[0], offsets[-1]
            for name, item in lists.items():
                if len(item.offsets) != len(offsets) or item.offsets[-1].as_py() != last:
                    raise ModelError(f"Column {name!r} has other lists than {CONSTITUENTS[0]!r}.")
                values = item.values.to_numpy(zero_copy_only=False)[first:last]
                parts[name].append(values.astype(np.float32, copy=False))
            begins.append(offsets[:-1] - first + base)
            counts.append(np.minimum(np.diff(offsets), self.slots))
            base += last - first
        values = tuple(_joined(parts[name]) for name in self.columns)
        return Held(values, np.concatenate(begins), np.concatenate(counts))

    def fill(self, held: Held, rows: Places, out: Floats) -> None:
        """Write the features of some jets, shape (rows, slots, 7)."""
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(held.count[rows], out=offsets[1:])
        begin = held.begin[rows]
        chosen = [np.empty(offsets[-1], np.float32) for _ in held.values]
        for source, target in zip(held.values, chosen, strict=True):
            _gather(source, begin, offsets, target)
        named = dict(zip(self.columns, chosen, strict=True))
        flat_inputs(
            named["constit_eta"],
            named["constit_phi"],
            named["constit_pt"],
            named["constit_energy"],
            offsets,
            self.slots,
            out,
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"kind": "constituents", "slots": self.slots, "features": list(NETWORK_FEATURES)}


@dataclass(frozen=True, slots=True, eq=False)
class HighLevelInputs:
    """The 15 high-level quantities, scaled as they were in training.

    Attributes
    ----------
    scaler : HighLevelScaler
        Fitted on training jets.
    """

    scaler: HighLevelScaler

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that it needs."""
        return self.scaler.names

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the input of one jet."""
        return (len(self.scaler.names),)

    def load(self, tables: Sequence[pa.Table]) -> Floats:
        """Take row groups into memory, scaled."""
        return np.concatenate([self.scaler.transform(matrix(t, self.columns)) for t in tables])

    def fill(self, held: Floats, rows: Places, out: Floats) -> None:
        """Write the quantities of some jets."""
        out[:] = held[rows]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"kind": "high_level", "scaler": self.scaler.to_json()}


def inputs_from_json(content: Mapping[str, Any]) -> Inputs:
    """Invert ``to_json`` of inputs.

    Raises
    ------
    ModelError
        If they are of a kind that there is not, or of other features.
    """
    if content.get("kind") == "high_level":
        return HighLevelInputs(HighLevelScaler.from_json(content["scaler"]))
    if content.get("kind") != "constituents":
        raise ModelError(f"There are no inputs of the kind {content.get('kind')!r}.")
    if tuple(content["features"]) != NETWORK_FEATURES:
        raise ModelError(
            f"The network reads {', '.join(content['features'])} of a constituent; here they are "
            f"{', '.join(NETWORK_FEATURES)}. Train again."
        )
    return ConstituentInputs(int(content["slots"]))


def matrix(table: pa.Table, names: Sequence[str] = HIGH_LEVEL) -> Floats:
    """Flat columns as an array of shape (rows, columns)."""
    found = np.empty((table.num_rows, len(names)), np.float32)
    for place, name in enumerate(names):
        found[:, place] = to_numpy(table.column(name))
    return found


def _lists(table: pa.Table, name: str) -> Any:
    column = table.column(name).combine_chunks()
    return column.chunk(0) if isinstance(column, pa.ChunkedArray) else column


def _joined(parts: list[Floats]) -> Floats:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


@compiled
def _gather(source, begin, offsets, target):  # type: ignore[no-untyped-def]
    """Copy a run of numbers for each jet."""
    for jet in range(len(begin)):
        shift = begin[jet] - offsets[jet]
        for place in range(offsets[jet], offsets[jet + 1]):
            target[place] = source[place + shift]
