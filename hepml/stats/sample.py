"""Read masses, weights and scores for a fit or a hunt from a run directory or a Parquet table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import EmptyInputError, ParameterError, TableError, did_you_mean
from hepml.parts import is_text
from hepml.stats.account import Account, open_table
from hepml.stats.conditions import Condition, parse_condition
from hepml.stats.selection import Wanted, collect, mass_column, need_numbers, weight_column
from hepml.tables import FeatureTable

__all__ = ["MassSample", "read_sample"]

Floats = NDArray[np.float64]

# Product of the charges of the pairs that a sign selects.
_SIGNS: dict[str, float | None] = {"opposite": -1.0, "same": 1.0, "all": None}
_CHARGE = "charge_product"


@dataclass(frozen=True, slots=True, eq=False)
class MassSample:
    """Selected rows of a table.

    Attributes
    ----------
    masses : array of float64
        Masses [GeV] of the selected rows.
    weights : array of float64 or None
        Their weights; ``None`` where all are 1.
    scores : dict of str to array of float64
        Score columns, row by row.
    same_sign, same_sign_weights : array of float64 or None
        Masses and weights of the same-sign pairs that fulfil the same conditions, where the
        opposite-sign ones were selected.
    source : dict
        Where this comes from, as JSON values: path, datasets, mass column, sign, conditions,
        rows, and whether the data are simulated.
    notes : tuple of str
        What a reader must know.
    """

    masses: Floats
    weights: Floats | None = None
    scores: dict[str, Floats] = field(default_factory=dict)
    same_sign: Floats | None = None
    same_sign_weights: Floats | None = None
    source: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_sample(
    path: str | Path,
    *,
    mass: str | None = None,
    sign: str = "opposite",
    where: Sequence[str] = (),
    scores: Sequence[str] = (),
    datasets: Sequence[str] = (),
    weight: str | None = None,
    window: tuple[float, float] | None = None,
    outside: bool = False,
) -> MassSample:
    """Read what a fit needs; only the needed columns are read, batch by batch.

    Parameters
    ----------
    path : path
        Run directory, Parquet file, or folder of Parquet files.
    mass : str, optional
        Mass column [GeV]; default: the mass that the table declares as an observer.
    sign : {"opposite", "same", "all"}
        Pairs to select by ``charge_product``; a table without that column is read whole.
    where : sequence of str
        Conditions that must all hold, ``"lead_iso04>=0.55"``.
    scores : sequence of str
        Score columns.
    datasets : sequence of str
        Datasets to read; default: the data of a run, or its simulation where it has no data.
    weight : str, optional
        Weight column, or ``"none"``; default: ``weight`` where there is one.
    window : (float, float), optional
        Masses [GeV] to keep, both included; scores must be defined there.
    outside : bool
        Keep the masses outside the window too.

    Raises
    ------
    TableError
        If there is no table, no such column, or a column that is needed holds no numbers.
    ParameterError
        If the sign or a condition makes no sense.
    EmptyInputError
        If no row is selected.
    """
    if sign not in _SIGNS:
        raise ParameterError(f"There is no sign {sign!r}. " + did_you_mean(sign, _SIGNS))
    table, account = open_table(path, datasets)
    wanted = Wanted(
        mass=mass_column(table, mass),
        charge=_CHARGE if _CHARGE in table.names() else None,
        weight=weight_column(table, weight),
        scores=tuple(dict.fromkeys(scores)),
        conditions=tuple(_condition(text, table) for text in where),
        sign=sign,
        window=window,
        outside=outside,
    )
    for name in wanted.scores:
        need_numbers(table, name)
    if wanted.charge is None and sign == "same":
        raise TableError(f"{path} has no column {_CHARGE!r}, so --sign {sign} selects nothing.")
    kept, counts = collect(table, wanted)
    sample = _sample(wanted, kept, counts, account)
    if not len(sample.masses):
        raise EmptyInputError(_nothing(path, wanted, counts))
    return sample


def _condition(text: str, table: FeatureTable) -> Condition:
    parsed = parse_condition(text)
    kind = table.schema([parsed.column]).field(parsed.column).type
    return parsed.checked(text=is_text(kind))


def _sample(
    wanted: Wanted,
    kept: Mapping[str, Floats],
    counts: Mapping[str, int],
    account: Account,
) -> MassSample:
    """Divide by sign and check what was selected."""
    charge = kept[wanted.charge] if wanted.charge else None
    product = _SIGNS[wanted.sign]
    size = len(kept[wanted.mass])
    chosen = np.ones(size, dtype=np.bool_)
    same = np.zeros(size, dtype=np.bool_)
    if charge is not None and product is not None:
        chosen = charge == product
        same = (charge == 1.0) & ~chosen
    masses = kept[wanted.mass][chosen]
    scores = {name: kept[name][chosen] for name in wanted.scores}
    inside = wanted.inside(masses)
    for name, values in scores.items():
        _need_defined(name, values[inside])
    weights = kept[wanted.weight] if wanted.weight else None
    if weights is not None:
        _need_defined(str(wanted.weight), weights[chosen | same])
        if np.all(weights == 1.0):
            weights = None
    paired = wanted.sign == "opposite" and bool(same.any())
    return MassSample(
        masses=masses,
        weights=None if weights is None else weights[chosen],
        scores=scores,
        same_sign=kept[wanted.mass][same] if paired else None,
        same_sign_weights=weights[same] if paired and weights is not None else None,
        source=account.source | _described(wanted, counts, len(masses), weights is not None),
        notes=(*account.notes, *_lacking(counts)),
    )


def _described(
    wanted: Wanted, counts: Mapping[str, int], selected: int, weighted: bool
) -> dict[str, Any]:
    return {
        "mass": wanted.mass,
        "sign": wanted.sign if wanted.charge else "all",
        "where": [str(condition) for condition in wanted.conditions],
        "scores": list(wanted.scores),
        "weight": wanted.weight if weighted else None,
        "rows": counts["rows"],
        "selected": selected,
    }


def _need_defined(name: str, values: Floats) -> None:
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise TableError(
            f"Column {name!r} is not a finite number in {bad:,} of {len(values):,} selected rows. "
            "Choose rows where it is defined, with --where, or another column."
        )


def _lacking(counts: Mapping[str, int]) -> list[str]:
    """Notes on rows that were left out because a number was not defined."""
    return [
        f"{count:,} rows {what} (NaN or infinite) were left out"
        for what, count in counts.items()
        if what.startswith("without ") and count
    ]


def _nothing(path: str | Path, wanted: Wanted, counts: Mapping[str, int]) -> str:
    """Why no row was selected."""
    if not counts["rows"]:
        return f"The table of {path} has no rows: nothing passed the selection that made it."
    rules = [str(condition) for condition in wanted.conditions]
    if wanted.window is not None and not wanted.outside:
        rules.append(f"{wanted.window[0]:g} <= {wanted.mass} <= {wanted.window[1]:g} GeV")
    if wanted.charge and wanted.sign != "all":
        rules.append(f"{wanted.sign} sign")
    return (
        f"None of the {counts['rows']:,} rows of {path} is selected by {', '.join(rules)}. "
        "Choose another window or other conditions."
    )
