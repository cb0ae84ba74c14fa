"""Numbers of folds as a function of the event key alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, did_you_mean
from hepml.keys import key_position
from hepml.ml.sample import Sample

__all__ = ["fold_numbers"]

# Folds of a part of a split must not depend on where in the split the part lies: the hash of the
# same seed would give the training rows (the lowest 72 %) none of the upper folds.
_SALT = 0x464F4C44


def fold_numbers(
    rows: Sample | Sequence[NDArray[Any]],
    folds: int = 5,
    *,
    seed: int = 0,
    by: Sequence[str] = (),
) -> NDArray[np.int64]:
    """Fold of each row, the same for the same event in whatever order and company.

    Independent of `hepml.tables.FeatureTable.split`, also with the same seed.

    Parameters
    ----------
    rows : Sample or sequence of arrays
        The rows, or their key columns (whole numbers or text, of one length).
    folds : int
        How many folds, at least 2.
    seed : int
        Another seed gives independent folds.
    by : sequence of str
        Key columns of a sample that name an event or a group whose rows stay together.

    Returns
    -------
    array of int64, shape (rows,)
        From 0 to ``folds - 1``.

    Raises
    ------
    ParameterError
        If there are fewer than two folds, or no key columns.
    """
    if folds < 2:
        raise ParameterError(f"At least 2 folds are needed, not {folds}.")
    keys = _keys(rows, by) if isinstance(rows, Sample) else list(rows)
    if not keys:
        raise ParameterError("Folds go by key columns, and none is named.")
    place = key_position([np.asarray(item) for item in keys], seed ^ _SALT)
    return (place * folds).astype(np.int64)


def _keys(sample: Sample, by: Sequence[str]) -> list[NDArray[Any]]:
    for name in by:
        if name not in sample.columns:
            raise ParameterError(
                f"The rows have no key column {name!r}. {did_you_mean(name, sample.columns)}"
            )
    return [sample.columns[name] for name in by]
