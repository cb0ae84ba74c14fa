"""Settings of classifiers."""

from __future__ import annotations

import pytest

from hepml.errors import ParameterError
from hepml.ml.anomaly.settings import EnsembleSettings


@pytest.mark.parametrize(
    "wrong",
    [
        *({"members": 0}, {"subsample": 0.0}, {"learning_rate": 0.0}, {"patience": -1}),
        *({"random_cuts": -0.1}, {"random_cuts": 1.5}),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError):
        EnsembleSettings(**wrong)  # type: ignore[arg-type]


def test_members_of_large_ensembles_have_seeds_of_their_own() -> None:
    settings = EnsembleSettings(members=150)
    seeds = {settings.member_seed(fold, member) for fold in range(5) for member in range(150)}
    assert len(seeds) == 750


@pytest.mark.parametrize(
    ("share", "places"), [(0.0, []), (0.25, [3, 7]), (0.5, [1, 3, 5, 7]), (1.0, list(range(8)))]
)
def test_members_with_random_cuts_are_spread_evenly(share: float, places: list[int]) -> None:
    settings = EnsembleSettings(random_cuts=share)
    assert [member for member in range(8) if settings.cuts_at_random(member)] == places
