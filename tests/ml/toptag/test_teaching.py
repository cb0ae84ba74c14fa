"""What each kind of tagger is taught with."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError, TableError
from hepml.ml.toptag.blocks import find_rows
from hepml.ml.toptag.tagger import NetworkTagger, TreeTagger
from hepml.ml.toptag.teaching import Lessons, TaggerOptions, teach
from processors.topjet_columns import COLUMNS, HIGH_LEVEL
from tests.ml.toptag.jets import write_jets

SHARES = {"train": (0.0, 0.8), "validation": (0.8, 1.0)}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    flat = tuple(column for column in COLUMNS if not column.is_list)
    return write_jets(tmp_path_factory.mktemp("jets"), "train_nominal", 500, columns=flat)


def lessons(table):
    found = find_rows(table, SHARES)
    return Lessons(found["train"], found["validation"], dict(SHARES))


def test_trees_need_no_constituents(table):
    found = teach(TaggerOptions(workers=1), table, lessons(table))
    assert isinstance(found.tagger, TreeTagger)
    assert found.parameters > 1
    assert found.carded({"seed": 5}).model.card == {"seed": 5}


def test_high_level_quantities_are_scaled_by_training_jets_alone(table):
    pytest.importorskip("torch")
    options = TaggerOptions(model="hldnn", preset="small", epochs=1, device="cpu", workers=1)
    found = teach(options, table, lessons(table))
    assert isinstance(found.tagger, NetworkTagger)
    training = table.split({"train": 0.8, "validation": 0.2})["train"]
    expected = training.to_numpy(list(HIGH_LEVEL)).mean(axis=0)
    np.testing.assert_allclose(found.tagger.inputs.scaler.mean_, expected, rtol=1e-5, atol=1e-6)
    assert found.carded({"seed": 5}).card == {"seed": 5}


def test_a_network_of_constituents_needs_them(table):
    pytest.importorskip("torch")
    with pytest.raises(TableError, match="lightgbm or hldnn"):
        teach(TaggerOptions(model="pfn", workers=1), table, lessons(table))


@pytest.mark.parametrize(
    ("name", "value"),
    [("preset", "small"), ("epochs", 3), ("batch", 9), ("fraction", True), ("export", "pt2")],
)
def test_options_of_networks_are_refused_for_trees(table, name, value):
    with pytest.raises(ParameterError, match=f"--{name}"):
        teach(TaggerOptions(**{name: value}), table, lessons(table))
