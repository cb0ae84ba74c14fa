"""Presets of networks: what they are made of, and what is refused."""

from __future__ import annotations

import pytest

from hepml.errors import ParameterError
from hepml.ml.toptag.presets import MODELS, TITLES, NetworkPlan, network_plan


def test_a_plan_survives_json():
    plan = network_plan("efn", "pub_note", learning_rate=1e-3, batch=64, slots=40)
    assert NetworkPlan.from_json(plan.to_json()) == plan


def test_an_unknown_network_is_named_with_its_neighbour():
    with pytest.raises(ParameterError, match="pfn"):
        network_plan("pfnn")


def test_a_preset_that_is_not_is_refused():
    with pytest.raises(ParameterError, match="pub_note"):
        network_plan("pfn", "pubnote")


def test_only_an_energy_flow_network_can_weigh_by_shares():
    with pytest.raises(ParameterError, match="EFN"):
        network_plan("pfn", fraction=True)


def test_a_negative_learning_rate_is_refused():
    with pytest.raises(ParameterError, match="learning_rate"):
        network_plan("pfn", learning_rate=-1.0)


def test_every_tagger_has_a_name_for_people():
    assert set(TITLES) == set(MODELS)


def test_the_published_learning_rate_is_that_of_the_published_widths():
    assert network_plan("pfn", "pub_note").learning_rate == 7.9e-5
    assert network_plan("dnn", "train_py").penalty == 2e-4
