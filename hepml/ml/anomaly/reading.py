"""Read the events of an anomaly search from a run directory or a Parquet table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column
from hepml.errors import EmptyInputError, ParameterError, TableError, did_you_mean
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.feature_sets import find_features
from hepml.ml.features import choose_features
from hepml.parts import DATASET, is_text, to_numpy
from hepml.stats.account import Account, open_table
from hepml.stats.conditions import Condition, parse_condition
from hepml.stats.selection import mass_column, need_numbers
from hepml.tables import FeatureTable
from hepml.windows import Window

__all__ = ["SIGNS", "AnomalyEvents", "Wish", "read_events"]

Rows = dict[str, NDArray[Any]]

_CHARGE = "charge_product"
# Product of the charges of the pairs that are trained on; the other sign is the control.
SIGNS: dict[str, float] = {"opposite": -1.0, "same": 1.0}


@dataclass(frozen=True, slots=True)
class Wish:
    """What to read.

    Attributes
    ----------
    features : tuple of str
        Columns by their names or published names.
    window : Window
        Sidebands and signal region.
    mass : str or None
        Mass column; ``None``: the one that the table declares.
    where : tuple of str
        Conditions that must all hold, ``"lead_pt>=17"``.
    loose : tuple of str
        Further conditions; events of the signal region before these are kept for comparison.
    sign : {"opposite", "same"}
        Pairs to train on, where the table has both; the others are the control.
    datasets : tuple of str
        Datasets; default: data, else all simulation.
    label : str or None
        Column that is true for signal, for judging only.
    accept_loss : tuple of str
        Features whose events without a finite value may be left out.
    blind : bool
        Drop the signal region while reading: not even its events are counted.
    """

    features: tuple[str, ...]
    window: Window
    mass: str | None = None
    where: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    sign: str = "opposite"
    datasets: tuple[str, ...] = ()
    label: str | None = None
    accept_loss: tuple[str, ...] = ()
    blind: bool = False


@dataclass(frozen=True, eq=False)
class AnomalyEvents:
    """Events of the window.

    Attributes
    ----------
    data : AnomalyData
        What is trained on and searched.
    control : AnomalyData or None
        Pairs of the other sign.
    before : AnomalyData or None
        Events of the signal region before the loose conditions, of the sign of ``data``.
    columns : tuple of Column
        Keys, mass, charge and features, as the table declares them.
    rows, control_rows : dict of str to array
        Their values, dataset included, in the order of ``data`` and ``control``.
    source : dict
        Where this comes from, as JSON values.
    notes : tuple of str
        What a reader must know.
    """

    data: AnomalyData
    control: AnomalyData | None
    before: AnomalyData | None
    columns: tuple[Column, ...]
    rows: Rows
    control_rows: Rows
    source: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_events(path: str | Path, wish: Wish) -> AnomalyEvents:
    """Read the events of a window, ordered by key; only the needed columns are read.

    Raises
    ------
    TableError
        If there is no table, no such column, or a feature is not finite and its loss was not
        accepted.
    ParameterError
        If a condition, the sign or a feature makes no sense.
    EmptyInputError
        If no event is left.
    """
    if wish.sign not in SIGNS:
        raise ParameterError(f"There is no sign {wish.sign!r}. " + did_you_mean(wish.sign, SIGNS))
    table, account = open_table(path, wish.datasets)
    mass = mass_column(table, wish.mass)
    reserved = [mass, *([wish.label] if wish.label else [])]
    named = find_features(wish.features, table.names())
    features = choose_features(table, named, reserved=reserved)
    reader = _Reader(table, wish, mass, features)
    kept = reader.collect()
    return _Builder(path, wish, reader, account).build(kept)


class _Reader:
    """Columns to read and rows to keep."""

    def __init__(
        self, table: FeatureTable, wish: Wish, mass: str, features: tuple[str, ...]
    ) -> None:
        known = table.names()
        self.table, self.wish, self.mass, self.features = table, wish, mass, features
        self.keys = table.names("key")
        self.charge = _CHARGE if _CHARGE in known else None
        self.conditions = [_condition(text, table) for text in wish.where]
        self.loose = [_condition(text, table) for text in wish.loose]
        if wish.label is not None:
            need_numbers(table, wish.label)
        if self.charge is None and wish.sign == "same":
            raise TableError(f"The table has no column {_CHARGE!r}, so there is no same sign.")

    @property
    def kept(self) -> list[str]:
        """Columns whose values are kept."""
        more = [name for name in (self.charge, self.wish.label) if name]
        return list(dict.fromkeys([*self.keys, DATASET, self.mass, *more, *self.features]))

    def collect(self) -> Rows:
        """Rows of the window that fulfil the conditions, ordered; ``loose`` says of each
        whether it fulfils the loose ones too.
        """
        both = [*self.conditions, *self.loose]
        read = list(dict.fromkeys([*self.kept, *(item.column for item in both)]))
        parts: list[Rows] = []
        for batch in self.table.batches(read):
            values = {name: to_numpy(batch.column(name)) for name in read}
            masses = values[self.mass].astype(np.float64)
            window = self.wish.window
            passed = (masses >= window.left) & (masses < window.right)
            if self.wish.blind:
                passed &= (masses < window.low) | (masses >= window.high)
            for item in self.conditions:
                passed &= item(values[item.column])
            part = {name: values[name][passed] for name in self.kept}
            tight = np.ones(int(passed.sum()), np.bool_)
            for item in self.loose:
                tight &= item(values[item.column])[passed]
            part["loose"] = tight
            parts.append(part)
        names = [*self.kept, "loose"]
        rows = {name: np.concatenate([part[name] for part in parts]) for name in names}
        by = [rows[name] for name in (*self.keys, DATASET)] or [rows[self.mass]]
        codes = [np.unique(c, return_inverse=True)[1] if c.dtype.kind == "O" else c for c in by]
        order = np.lexsort(codes)
        return {name: values[order] for name, values in rows.items()}


@dataclass(frozen=True, eq=False)
class _Builder:
    """Makes events of rows."""

    path: str | Path
    wish: Wish
    reader: _Reader
    account: Account

    def build(self, rows: Rows) -> AnomalyEvents:
        reader, wish = self.reader, self.wish
        charge = rows[reader.charge] if reader.charge else None
        own = np.ones(len(rows["loose"]), np.bool_)
        if charge is not None:
            own = charge == SIGNS[wish.sign]
        tight = rows["loose"]
        data, data_rows = self._events(rows, own & tight)
        if not len(data):
            raise EmptyInputError(self._nothing())
        control: AnomalyData | None = None
        control_rows: Rows = {}
        if charge is not None and (~own & tight).any():
            control, control_rows = self._events(rows, (charge == -SIGNS[wish.sign]) & tight)
        before = self._events(rows, own)[0] if (own & ~tight).any() else None
        if before is not None:
            before = before.take(before.signal_region)
        known = {column.name: column for column in reader.table.columns}
        kept = [name for name in reader.kept if name in known]
        return AnomalyEvents(
            data=data,
            control=control,
            before=before,
            columns=tuple(_stored(known[name], reader.mass) for name in kept),
            rows=data_rows,
            control_rows=control_rows,
            source=self.account.source | self._described(data, control),
            notes=(*self.account.notes, *_losses(data, control)),
        )

    def _events(self, rows: Rows, chosen: NDArray[np.bool_]) -> tuple[AnomalyData, Rows]:
        reader, wish = self.reader, self.wish
        part = {name: rows[name][chosen] for name in reader.kept}
        x = np.column_stack([part[name].astype(np.float64) for name in reader.features])
        keys = [part[name] for name in (*reader.keys, DATASET)] if reader.keys else None
        label = part[wish.label] > 0 if wish.label else None
        data, places = AnomalyData.select(
            reader.features,
            x,
            part[reader.mass],
            wish.window,
            key=keys,
            label=label,
            accept_loss=self._accepted(),
        )
        return data, {name: values[places] for name, values in part.items()}

    def _accepted(self) -> tuple[str, ...]:
        """Features whose loss is accepted, by their stored names."""
        wanted = self.wish.accept_loss
        names = find_features(wanted, self.reader.table.names()) if wanted else ()
        for name in names:
            if name not in self.reader.features:
                raise ParameterError(
                    f"A loss of {name!r} is accepted, but it is no feature here. "
                    + did_you_mean(name, self.reader.features)
                )
        return names

    def _described(self, data: AnomalyData, control: AnomalyData | None) -> dict[str, Any]:
        return {
            "mass": self.reader.mass,
            "sign": self.wish.sign if self.reader.charge else "all",
            "where": [*self.wish.where, *self.wish.loose],
            "features": list(self.reader.features),
            "rows": len(self.reader.table),
            "selected": len(data),
            "control": 0 if control is None else len(control),
        }

    def _nothing(self) -> str:
        window = self.wish.window
        rules = [*self.wish.where, *self.wish.loose]
        rules.append(f"{window.left:g} <= {self.reader.mass} < {window.right:g} GeV")
        return (
            f"None of the {len(self.reader.table):,} rows of {self.path} is selected by "
            f"{', '.join(rules)}. Choose another window or other conditions."
        )


def _condition(text: str, table: FeatureTable) -> Condition:
    parsed = parse_condition(text)
    kind = table.schema([parsed.column]).field(parsed.column).type
    return parsed.checked(text=is_text(kind))


def _stored(column: Column, mass: str) -> Column:
    """A column of the table of scores: what a model of this kind may not read is an observer."""
    return replace(column, role="observer") if column.name == mass else column


def _losses(data: AnomalyData, control: AnomalyData | None) -> list[str]:
    """Notes on events that were left out because a feature was not finite."""
    found = []
    for what, events in (("events", data), ("control events", control)):
        for reason, count in ((events.lost or {}) if events is not None else {}).items():
            if reason != "outside the window" and count:
                found.append(f"{count:,} {what} were left out: {reason}")
    return found
