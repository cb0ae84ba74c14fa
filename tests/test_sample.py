"""The factor from generator weights to expected events."""

from __future__ import annotations

from typing import Any

import pytest

from hepml.errors import ProcessorError
from hepml.sample import given_cross_section, yield_factor
from tests.toys import ToyProcessor

METADATA = {"dataset": "dy", "label": "Z", "sum_of_weights": 50.0}


def factor(metadata: dict[str, Any] | None, **options: Any) -> float:
    return yield_factor(ToyProcessor(**options), metadata)


def test_weights_become_expected_events() -> None:
    assert factor(METADATA | {"cross_section": 2.0}, luminosity=100.0) == 4.0


def test_a_cross_section_that_is_asked_for_wins() -> None:
    assert factor(METADATA | {"cross_section": 2.0}, cross_sections={"dy": 5.0}) == 0.1


def test_the_name_of_a_dataset_comes_before_its_class() -> None:
    assert given_cross_section({"Z": 1.0, "dy": 2.0}, "dy", "Z") == 2.0
    assert given_cross_section({"Z": 1.0}, "dy", "Z") == 1.0
    assert given_cross_section({"Z": 1.0}, "tt", None) is None


@pytest.mark.parametrize("metadata", [METADATA, {"cross_section": 2.0}, {}, None])
def test_weights_stay_those_of_the_generator_where_something_is_not_known(metadata: Any) -> None:
    assert factor(metadata, luminosity=100.0) == 1.0


def test_a_cross_section_without_a_sum_of_weights_is_refused() -> None:
    with pytest.raises(ProcessorError, match="sum of its generated weights is not known"):
        factor({"dataset": "dy"}, cross_sections={"dy": 5.0})
