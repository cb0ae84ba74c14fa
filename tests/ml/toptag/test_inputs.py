"""Inputs of networks are those of the reference treatment, whatever rows are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.toptag.inputs import (
    ConstituentInputs,
    HighLevelInputs,
    inputs_from_json,
)
from processors.topjet_columns import CONSTITUENTS, HIGH_LEVEL
from processors.topjet_constituents import network_inputs
from processors.topjet_scaling import HighLevelScaler
from tests.ml.toptag.jets import write_jets


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_jets(tmp_path_factory.mktemp("jets"), "train_nominal", 60, parts=2)


@pytest.mark.parametrize("slots", [5, 20])
def test_constituents_are_those_of_the_processors_function(table, slots):
    import awkward as ak

    whole = table.to_arrow(list(CONSTITUENTS))
    lists = {name: ak.from_arrow(whole.column(name))[:, :slots] for name in CONSTITUENTS}
    expected = network_inputs(
        lists["constit_eta"],
        lists["constit_phi"],
        lists["constit_pt"],
        lists["constit_energy"],
        max_constits=slots,
    )
    inputs = ConstituentInputs(slots)
    held = inputs.load([whole.slice(0, 25), whole.slice(25)])
    rows = np.random.default_rng(0).permutation(60)
    found = np.full((60, *inputs.shape), 7.0, np.float32)
    inputs.fill(held, rows, found)
    np.testing.assert_array_equal(found, expected[rows])


def test_high_level_quantities_are_scaled(table):
    scaler = HighLevelScaler().fit_table(table)
    inputs = HighLevelInputs(scaler)
    held = inputs.load([table.to_arrow(list(HIGH_LEVEL))])
    found = np.empty((60, 15), np.float32)
    inputs.fill(held, np.arange(60), found)
    np.testing.assert_allclose(found.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(found.std(axis=0), 1.0, atol=1e-4)


def test_inputs_survive_json(table):
    scaled = HighLevelInputs(HighLevelScaler().fit_table(table))
    for inputs in (ConstituentInputs(40), scaled):
        again = inputs_from_json(inputs.to_json())
        assert again.to_json() == inputs.to_json()


def test_inputs_of_other_features_are_refused():
    content = ConstituentInputs(40).to_json() | {"features": ["eta"]}
    with pytest.raises(ModelError, match="Train again"):
        inputs_from_json(content)
