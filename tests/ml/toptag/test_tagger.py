"""Taggers on disk: what is read again says the same."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.toptag.inputs import ConstituentInputs, HighLevelInputs
from hepml.ml.toptag.presets import NETWORKS, network_plan
from hepml.ml.toptag.tagger import KIND, NetworkTagger, load_tagger
from processors.topjet_scaling import HighLevelScaler
from tests.ml.toptag.jets import write_jets

pytest.importorskip("torch")

from hepml.ml.toptag.networks import make_network


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_jets(tmp_path_factory.mktemp("jets"), "test_nominal", 60)


def network(table, model):
    plan = network_plan(model, "small", slots=10)
    inputs = ConstituentInputs(10)
    if model == "hldnn":
        inputs = HighLevelInputs(HighLevelScaler().fit_table(table))
    return NetworkTagger(plan, inputs, make_network(plan).eval(), card={"seed": 1})


@pytest.mark.parametrize("model", NETWORKS)
def test_a_network_that_is_read_again_gives_the_same_scores(table, model, tmp_path):
    tagger = network(table, model)
    rows = table.to_arrow(list(tagger.columns))
    tagger.write(tmp_path)
    again = load_tagger(tmp_path, "cpu")
    expected = tagger.scores(rows)
    assert expected.dtype == np.float32
    assert len(np.unique(expected)) > 30
    np.testing.assert_array_equal(again.scores(rows), expected)
    assert sorted(item.name for item in tmp_path.iterdir()) == [
        "card.md",
        "model.json",
        "model.safetensors",
    ]


def test_scores_do_not_depend_on_how_many_jets_are_scored_at_once(table):
    tagger = network(table, "pfn")
    rows = table.to_arrow(list(tagger.columns))
    whole = tagger.scores(rows)
    parts = [tagger.scores(rows.slice(low, 13)) for low in range(0, 60, 13)]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-5)


def test_a_folder_without_a_tagger_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"no model\.json"):
        load_tagger(tmp_path)


def test_a_network_without_its_weights_is_named(table, tmp_path):
    network(table, "pfn").write(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        load_tagger(tmp_path)


def test_weights_of_another_network_are_refused(table, tmp_path):
    network(table, "pfn").write(tmp_path)
    content = json.loads((tmp_path / "model.json").read_text())
    assert content["kind"] == KIND
    content["network"]["options"]["phi"] = [32]
    (tmp_path / "model.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match="cannot be read"):
        load_tagger(tmp_path)
