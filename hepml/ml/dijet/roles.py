"""What each event is used for, as a function of its key alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.keys import key_position
from hepml.ml.folds import fold_numbers

__all__ = ["ROLES", "SHARES", "assign_roles", "fold_roles"]

Codes = NDArray[np.int8]

ROLES = ("prior_train", "prior_validation", "weak_train", "weak_validation", "test")
"""Training of the supervised networks; when they stop, and their normalisation; what weak models
and fits see; what chooses among them; what judges them."""

SHARES: dict[str, float] = {
    "prior_train": 0.40,
    "prior_validation": 0.10,
    "weak_train": 0.25,
    "weak_validation": 0.10,
    "test": 0.15,
}

UNUSED = -1


def assign_roles(
    keys: Sequence[NDArray[Any]],
    shares: Mapping[str, float] | None = None,
    *,
    seed: int = 0,
) -> Codes:
    """Role of each event: disjoint, and the same in whatever order and company it is read.

    With the same seed these are the views of `hepml.tables.FeatureTable.split`.

    Parameters
    ----------
    keys : sequence of arrays
        Key columns of one length.
    shares : mapping of str to float, optional
        Share of each role, in the order of the mapping; default ``SHARES``.
    seed : int
        Another seed gives independent roles.

    Returns
    -------
    array of int8, shape (events,)
        Place in the order of ``shares``; -1 for the rest if they add up to less than 1.

    Raises
    ------
    ParameterError
        If the shares make no sense, or there are no key columns.
    """
    wanted = dict(SHARES if shares is None else shares)
    if not wanted or not all(0 < share <= 1 for share in wanted.values()):
        raise ParameterError(f"Shares of roles must be above 0 and at most 1, not {wanted}.")
    edges = np.cumsum(list(wanted.values()))
    if edges[-1] > 1 + 1e-9:
        raise ParameterError(f"Shares of roles add up to {edges[-1]:.4g}: {wanted}.")
    if not keys:
        raise ParameterError("Roles go by key columns, and none is given.")
    place = key_position([np.asarray(item) for item in keys], seed)
    if abs(edges[-1] - 1) < 1e-9:
        edges[-1] = 1.0
    found = np.searchsorted(edges, place, side="right")
    return np.where(found < len(wanted), found, UNUSED).astype(np.int8)


def fold_roles(
    keys: Sequence[NDArray[Any]], folds: int = 5, *, fold: int = 0, seed: int = 0
) -> Codes:
    """Roles by folds: over all values of ``fold`` each event is tested once.

    Counted from the tested fold on: test, weak validation, weak training, validation of the
    networks, and their training in all the rest.

    Parameters
    ----------
    keys : sequence of arrays
        Key columns of one length.
    folds : int
        How many, at least 5.
    fold : int
        The fold that is tested.
    seed : int
        Another seed gives independent folds.

    Returns
    -------
    array of int8, shape (events,)
        Place in ``ROLES``.

    Raises
    ------
    ParameterError
        If there are too few folds, or no such fold.
    """
    if folds < len(ROLES):
        raise ParameterError(f"{len(ROLES)} roles need at least as many folds, not {folds}.")
    if not 0 <= fold < folds:
        raise ParameterError(f"There is no fold {fold}: they are numbered 0 to {folds - 1}.")
    behind = (fold_numbers(keys, folds, seed=seed) - fold) % folds
    order = ["test", "weak_validation", "weak_train", "prior_validation", "prior_train"]
    codes = np.array([ROLES.index(name) for name in order])
    return codes[np.minimum(behind, len(order) - 1)].astype(np.int8)
