"""Roles of events are disjoint, go by the key alone, and agree with the splits of tables."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.keys import key_position
from hepml.ml.dijet.roles import ROLES, SHARES, UNUSED, assign_roles, fold_roles


def keys(size: int = 20_000) -> list[np.ndarray]:
    return [np.full(size, 7), np.arange(size)]


def test_each_event_has_one_role_and_the_shares_are_kept() -> None:
    found = np.bincount(assign_roles(keys()), minlength=len(ROLES)) / 20_000
    np.testing.assert_allclose(found, list(SHARES.values()), atol=0.015)


def test_the_order_of_the_events_does_not_matter() -> None:
    order = np.random.default_rng(1).permutation(20_000)
    both = assign_roles(keys())[order], assign_roles([key[order] for key in keys()])
    np.testing.assert_array_equal(*both)


def test_roles_are_the_windows_that_tables_are_split_by() -> None:
    place = key_position(keys(), 3)
    codes = assign_roles(keys(), {"a": 0.5, "b": 0.25}, seed=3)
    np.testing.assert_array_equal(codes == 0, place < 0.5)
    np.testing.assert_array_equal(codes == 1, (place >= 0.5) & (place < 0.75))
    np.testing.assert_array_equal(codes == UNUSED, place >= 0.75)


@pytest.mark.parametrize("shares", [{}, {"a": 0.0}, {"a": 0.7, "b": 0.5}])
def test_shares_that_make_no_sense_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="Shares"):
        assign_roles(keys(10), shares)


def test_roles_need_keys() -> None:
    with pytest.raises(ParameterError, match="key columns"):
        assign_roles([])


def test_no_events_have_no_roles() -> None:
    assert len(assign_roles(keys(0))) == 0


def test_over_all_folds_each_event_is_tested_once_and_has_every_other_role() -> None:
    codes = np.array([fold_roles(keys(1_000), 6, fold=fold) for fold in range(6)])
    assert ((codes == ROLES.index("test")).sum(axis=0) == 1).all()
    assert ((codes == ROLES.index("weak_train")).sum(axis=0) == 1).all()
    assert ((codes == ROLES.index("prior_train")).sum(axis=0) == 2).all()


@pytest.mark.parametrize(("folds", "fold"), [(4, 0), (5, 5), (5, -1)])
def test_too_few_folds_and_unknown_folds_are_refused(folds: int, fold: int) -> None:
    with pytest.raises(ParameterError, match="fold"):
        fold_roles(keys(10), folds, fold=fold)
