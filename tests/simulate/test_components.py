"""Yields of the components of the dimuon simulator."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.simulate.components import COMPONENTS, THRESHOLD, component_yields


def test_default_yields_add_up_to_the_events() -> None:
    assert sum(component_yields(12_345, {}).values()) == 12_345


def test_a_number_replaces_a_share_and_the_rest_stays() -> None:
    default, changed = component_yields(10_000, {}), component_yields(10_000, {"z": 3})
    assert changed.pop("z") == 3
    assert changed.items() < default.items()


def test_a_pattern_sets_every_component_it_matches_and_later_ones_win() -> None:
    found = component_yields(1000, {"upsilon_*": 5, "upsilon_3s": 0})
    assert [found[f"upsilon_{state}"] for state in ("1s", "2s", "3s")] == [5, 5, 0]
    assert found["upsilon_3s_in_jets"] == 5


def test_an_unknown_component_is_named_with_its_neighbours() -> None:
    with pytest.raises(ParameterError, match=r"'drell_yann'.*Did you mean 'drell_yan'"):
        component_yields(10, {"drell_yann": 1})


def test_seeds_of_components_differ() -> None:
    assert len({component.number for component in COMPONENTS.values()}) == len(COMPONENTS)


@pytest.mark.parametrize("name", COMPONENTS)
def test_pairs_are_generated_above_the_threshold(name: str) -> None:
    mass, pt = COMPONENTS[name].kinematics(np.random.default_rng(1), 500)
    assert np.hypot(mass, pt).min() > THRESHOLD * (1 - 1e-12)
