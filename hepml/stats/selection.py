"""Which columns and rows of a table a fit takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hepml.errors import TableError, did_you_mean
from hepml.parts import to_numpy
from hepml.stats.conditions import Condition
from hepml.tables import FeatureTable

__all__ = ["Wanted", "collect", "mass_column", "need_numbers", "weight_column"]

Floats = NDArray[np.float64]

# A foreign table may hold several masses; these are the ones that channels hunt in.
_USUAL = ("dimuon_mass", "dimu_mass", "diphoton_mass", "dijet_mass", "mass")


def mass_column(table: FeatureTable, wanted: str | None = None) -> str:
    """Name of the mass column: the wanted one, or the one the table declares.

    Raises
    ------
    TableError
        If there is none, there are several, or it holds no numbers.
    """
    if wanted is None:
        masses = [name for name in table.names() if name == "mass" or name.endswith("_mass")]
        observed = [name for name in table.names("observer") if name in masses]
        wanted = _only(observed or masses, table)
    need_numbers(table, wanted)
    return wanted


def _only(masses: list[str], table: FeatureTable) -> str:
    """The one mass to take."""
    usual = [name for name in _USUAL if name in masses]
    if len(masses) == 1 or usual:
        return usual[0] if usual else masses[0]
    found = f"several: {', '.join(masses)}." if masses else "none. "
    hint = "" if masses else did_you_mean("mass", table.names())
    raise TableError(f"Which column is the mass? Name it with --mass; the table has {found}{hint}")


def weight_column(table: FeatureTable, wanted: str | None) -> str | None:
    """Name of the weight column; ``None`` if there is none, or none is wanted."""
    if wanted == "none" or (wanted is None and "weight" not in table.names()):
        return None
    name = wanted or "weight"
    need_numbers(table, name)
    return name


def need_numbers(table: FeatureTable, name: str) -> None:
    """Raise a TableError unless there is such a column and it holds numbers."""
    kind = table.schema([name]).field(name).type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        raise TableError(f"Column {name!r} holds {kind}, not numbers; name another one.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Columns to read, and which rows to keep."""

    mass: str
    charge: str | None
    weight: str | None
    scores: tuple[str, ...]
    conditions: tuple[Condition, ...]
    sign: str
    window: tuple[float, float] | None
    outside: bool

    @property
    def kept(self) -> tuple[str, ...]:
        """Columns whose values are kept."""
        names = (self.mass, self.charge, self.weight, *self.scores)
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def read(self) -> tuple[str, ...]:
        """Columns to read."""
        return tuple(dict.fromkeys([*self.kept, *(item.column for item in self.conditions)]))

    def inside(self, masses: Floats) -> NDArray[np.bool_]:
        """Rows in the window."""
        if self.window is None:
            return np.ones(len(masses), dtype=np.bool_)
        return (masses >= self.window[0]) & (masses <= self.window[1])


def collect(table: FeatureTable, wanted: Wanted) -> tuple[dict[str, Floats], dict[str, int]]:
    """Rows that fulfil the conditions, of either sign, and how many did not."""
    parts: list[dict[str, Floats]] = []
    counts = {"rows": 0, f"without {wanted.mass}": 0}
    for batch in table.batches(wanted.read):
        values = {name: to_numpy(batch.column(name)) for name in wanted.read}
        masses = _floats(values[wanted.mass])
        passed = np.isfinite(masses)
        counts["rows"] += len(masses)
        counts[f"without {wanted.mass}"] += int((~passed).sum())
        for condition in wanted.conditions:
            column = values[condition.column]
            if column.dtype.kind == "f":
                missing = int(np.isnan(column[passed]).sum())
                key = f"without {condition.column}"
                counts[key] = counts.get(key, 0) + missing
            passed &= condition(column)
        if not wanted.outside:
            passed &= wanted.inside(masses)
        parts.append({name: _floats(values[name])[passed] for name in wanted.kept})
    empty = np.empty(0)
    kept = {name: np.concatenate([empty, *(part[name] for part in parts)]) for name in wanted.kept}
    counts["passed"] = len(kept[wanted.mass])
    return kept, counts


def _floats(values: NDArray[Any]) -> Floats:
    return np.asarray(values, dtype=np.float64)
