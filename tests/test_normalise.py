"""Simulation is scaled to a luminosity only where its sums are proven complete."""

from __future__ import annotations

from typing import Any

import pytest

from hepml.errors import IncompleteRunError, ParameterError
from hepml.normalise import data_luminosity, normalise
from tests.toys import account


def datasets(**changes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Two data periods of 500 pb^-1 and one simulated sample."""
    found = {
        "A": account("data", luminosity=500.0),
        "B": account("data", luminosity=500.0),
        "s": account("simulation"),
    }
    for name, change in changes.items():
        found[name] |= change
    return found


PARTIAL = {"complete": False, "incomplete_because": "1 of 4 chunks have no result"}


def test_luminosity_of_the_data_is_the_sum() -> None:
    assert data_luminosity(datasets()) == 1000.0


@pytest.mark.parametrize("unknown", [datasets(B={"luminosity": None}), {"s": datasets()["s"]}, {}])
def test_one_unknown_luminosity_makes_the_sum_unknown(unknown: Any) -> None:
    assert data_luminosity(unknown) is None


def test_simulation_is_scaled_to_the_data() -> None:
    found = normalise(datasets(), weights_at=2.0)
    assert found.factors == {"A": 1.0, "B": 1.0, "s": 500.0}
    assert found.luminosity == 1000.0


def test_a_luminosity_that_is_asked_for_wins() -> None:
    found = normalise(datasets(), 2.0, 10.0)
    assert (found.factors["s"], found.luminosity) == (5.0, 10.0)


def test_weights_stay_where_the_data_have_no_luminosity() -> None:
    found = normalise(datasets(A={"luminosity": None}), 2.0)
    assert (found.factors["s"], found.luminosity) == (1.0, 2.0)


def test_without_simulation_the_luminosity_is_that_of_the_data() -> None:
    data = {name: item for name, item in datasets().items() if item["kind"] == "data"}
    assert normalise(data, 1.0).luminosity == 1000.0
    assert normalise({"A": account("data")}, 1.0, 5.0).luminosity is None


def test_incomplete_simulation_is_not_scaled() -> None:
    with pytest.raises(IncompleteRunError) as caught:
        normalise(datasets(s=PARTIAL), 1.0, where="r1")
    text = str(caught.value)
    assert "'s': 1 of 4 chunks have no result" in text
    assert "hepml resume r1" in text
    assert "--allow-missing" in text


def test_incomplete_simulation_can_be_accepted() -> None:
    found = normalise(datasets(s=PARTIAL), 1.0, allow_missing=True)
    assert found.factors["s"] == 1000.0
    assert found.partial == {"s": "1 of 4 chunks have no result"}


def test_incomplete_simulation_left_as_it_is_claims_no_luminosity() -> None:
    found = normalise(datasets(A={"luminosity": None}, s=PARTIAL), 2.0)
    assert (found.factors["s"], found.luminosity) == (1.0, None)


def test_incomplete_data_leave_simulation_alone() -> None:
    found = normalise(datasets(A=PARTIAL | {"luminosity": None}), 2.0)
    assert (found.factors, found.partial) == ({"A": 1.0, "B": 1.0, "s": 1.0}, {})


@pytest.mark.parametrize("luminosity", [0.0, -1.0, float("nan")])
def test_a_luminosity_must_be_positive(luminosity: float) -> None:
    with pytest.raises(ParameterError, match="above 0 pb"):
        normalise(datasets(), 1.0, luminosity)


def test_many_incomplete_samples_fit_on_a_screen() -> None:
    many = {f"s{index}": account("simulation", **PARTIAL) for index in range(30)}
    with pytest.raises(IncompleteRunError, match="and 25 more"):
        normalise(many, 1.0, 2.0)


def test_a_limited_run_is_told_to_run_again_and_not_to_resume() -> None:
    limit = {"complete": False, "incomplete_because": "limited to 5 of 9 events by --max-events"}
    with pytest.raises(IncompleteRunError, match="run without the limit") as caught:
        normalise(datasets(s=limit), 2.0)
    assert "resume" not in str(caught.value)


# --- samples that are not normalised, data that share events --------------------------------------

BARE = {"unnormalised": "its cross section is not known"}


def test_a_sample_without_cross_section_is_not_scaled_and_claims_no_luminosity() -> None:
    found = normalise(datasets(s=BARE), 1.0)
    assert found.factors == {"A": 1.0, "B": 1.0, "s": 1.0}
    assert found.luminosity is None
    assert found.unnormalised == {"s": "its cross section is not known"}


@pytest.mark.parametrize("allow_missing", [True, False])
def test_no_luminosity_can_be_given_to_it(allow_missing: bool) -> None:
    with pytest.raises(ParameterError, match=r"'s': its cross section is not known"):
        normalise(datasets(s=BARE), 1.0, 500.0, allow_missing=allow_missing)


def test_luminosities_of_data_that_share_events_do_not_add_up() -> None:
    assert data_luminosity(datasets(B={"removed_duplicates": 3})) is None
    assert data_luminosity(datasets(B={"removed_duplicates": 0})) == 1000.0
