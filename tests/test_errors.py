"""Errors carry their text through pickling, and name near misses."""

from __future__ import annotations

import pickle

import pytest

from hepml import errors
from hepml.errors import HepmlError, IncompleteRunError, did_you_mean

KINDS = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]


@pytest.mark.parametrize("kind", KINDS)
def test_errors_survive_pickling(kind: type[HepmlError]) -> None:
    again = pickle.loads(pickle.dumps(kind("what, where, what next")))  # noqa: S301
    assert type(again) is kind
    assert str(again) == "what, where, what next"


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_users_share_a_base(kind: type[Exception]) -> None:
    assert issubclass(kind, HepmlError)


def test_an_incomplete_run_has_an_exit_code_of_its_own() -> None:
    assert IncompleteRunError.exit_code == 3
    assert {kind.exit_code for kind in KINDS if kind is not IncompleteRunError} == {2}


@pytest.mark.parametrize(
    ("name", "known", "text"),
    [
        ("foton_pt", ["photon_pt", "jet_pt"], "Did you mean 'photon_pt'"),
        ("PHOTON_PT", ["photon_pt", "met"], "Did you mean 'photon_pt'?"),
        ("x", ["b", "a"], "Known: a, b."),
        ("x", [], "There is none."),
    ],
)
def test_near_misses_are_named(name: str, known: list[str], text: str) -> None:
    assert did_you_mean(name, known).startswith(text)


def test_a_long_list_of_known_names_is_cut() -> None:
    known = [f"branch_{index:03d}" for index in range(40)]
    assert did_you_mean("zzz", known).endswith("branch_009, ... (40 in all).")
