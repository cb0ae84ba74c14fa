"""Inputs of a model: chosen by name, never a label, weight, key or observer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError, ParameterError, TableError, did_you_mean
from hepml.lists import is_list
from hepml.parts import is_text
from hepml.tables import FeatureTable

__all__ = ["check_inputs", "choose_features"]


def choose_features(
    table: FeatureTable,
    names: Sequence[str] | None = None,
    *,
    without: Sequence[str] = (),
    reserved: Sequence[str] = (),
) -> tuple[str, ...]:
    """Choose the columns that a model reads.

    Parameters
    ----------
    table : FeatureTable
        The table.
    names : sequence of str, optional
        Columns by their names or published names; default: every feature of one number a row.
    without : sequence of str
        Columns to leave out.
    reserved : sequence of str
        Columns that serve as label, weight or group here, whatever the table declares.

    Returns
    -------
    tuple of str
        Stored names, in the order asked for.

    Raises
    ------
    TableError
        If there is no such column.
    ParameterError
        If a column is no feature, is named twice, or none is left.
    """
    left_out = {_stored(table, name) for name in without}
    taken = {_stored(table, name) for name in reserved}
    if names is None:
        lists = {column.name for column in table.columns if column.is_list}
        chosen = [name for name in table.names("feature") if name not in taken | lists]
    else:
        chosen = [_stored(table, name) for name in names]
        for name in chosen:
            _need_feature(table, name, taken)
    repeated = sorted({name for name in chosen if chosen.count(name) > 1})
    if repeated:
        raise ParameterError(f"Features are named twice: {', '.join(repeated)}.")
    found = tuple(name for name in chosen if name not in left_out)
    if not found:
        raise ParameterError("No feature is left to train on; leave out fewer columns.")
    for name in found:
        kind = table.schema([name]).field(name).type
        if is_text(kind):
            raise ParameterError(f"Feature {name!r} holds text; models read numbers.")
        if is_list(kind):
            raise ParameterError(
                f"Feature {name!r} holds a list in each row; this model reads one number a column. "
                "Leave it out, or take a model of sequences (a tagger of constituents)."
            )
    return found


def _stored(table: FeatureTable, name: str) -> str:
    """The stored name of a column."""
    known = table.names()
    stored = name if name in known else table.aliases.get(name, name)
    if stored not in known:
        near = did_you_mean(name, [*known, *table.aliases])
        raise TableError(f"The table has no column {name!r}. {near}")
    return stored


def _need_feature(table: FeatureTable, name: str, taken: set[str]) -> None:
    role = next(column.role for column in table.columns if column.name == name)
    if role == "feature" and name not in taken:
        return
    what = f"a {role} column of the table" if role != "feature" else "what the task is about"
    what = what.replace("a observer", "an observer")
    raise ParameterError(
        f"{name!r} cannot be an input of a model: it is {what}. Labels, weights, keys and "
        f"observers would give the answer away. "
        f"Features: {', '.join(item for item in table.names('feature') if item not in taken)}."
    )


def check_inputs(x: NDArray[np.float32], names: Sequence[str]) -> tuple[str, ...]:
    """Check the matrix a model is trained on; NaN means "not defined" and is allowed.

    Parameters
    ----------
    x : array of float32, shape (rows, features)
        The inputs.
    names : sequence of str
        Their names.

    Returns
    -------
    tuple of str
        Notes: features that are the same in every row.

    Raises
    ------
    ModelError
        If there is no row, a value is infinite, or a feature is never defined.
    """
    if not len(x):
        raise ModelError("There is no row to train on.")
    notes = []
    for place, name in enumerate(names):
        values = x[:, place]
        defined = ~np.isnan(values)
        if not defined.any():
            raise ModelError(f"Feature {name!r} is NaN in every row; leave it out.")
        low, high = values[defined].min(), values[defined].max()
        if not (np.isfinite(low) and np.isfinite(high)):
            bad = int(np.isinf(values).sum())
            raise ModelError(
                f"Feature {name!r} is infinite in {bad:,} of {len(values):,} rows. "
                "Undefined values have to be NaN."
            )
        if low == high and defined.all():
            notes.append(f"feature {name!r} is {low:g} in every row: it says nothing")
    return tuple(notes)
