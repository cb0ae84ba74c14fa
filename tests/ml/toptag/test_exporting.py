"""Networks for other programs say what they say here."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError
from hepml.ml.models import TrainedModel
from hepml.ml.toptag.exporting import export_tagger
from hepml.ml.toptag.inputs import ConstituentInputs
from hepml.ml.toptag.presets import network_plan
from hepml.ml.toptag.tagger import NetworkTagger, TreeTagger
from tests.ml.toptag.jets import write_jets

torch = pytest.importorskip("torch")

from hepml.ml.toptag.networks import make_network  # noqa: E402


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_jets(tmp_path_factory.mktemp("jets"), "test_nominal", 30)


def tagger_and_jets(table, model="pfn"):
    plan = network_plan(model, "small", slots=10)
    tagger = NetworkTagger(plan, ConstituentInputs(10), make_network(plan).eval())
    rows = table.to_arrow(list(tagger.columns))
    x = np.empty((30, 10, 7), np.float32)
    tagger.inputs.fill(tagger.inputs.load([rows]), np.arange(30), x)
    return tagger, torch.from_numpy(x), tagger.scores(rows)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's exporters warn of torch's own parts
def test_an_exported_program_gives_the_same_scores(table, tmp_path):
    tagger, x, scores = tagger_and_jets(table)
    path = export_tagger(tagger, tmp_path, "pt2")
    found = torch.export.load(path).module()(x)
    np.testing.assert_allclose(found.detach().numpy(), scores, rtol=1e-4)


@pytest.mark.filterwarnings("ignore")  # TorchScript is deprecated, and read by older programs
def test_torchscript_gives_the_same_scores(table, tmp_path):
    tagger, x, scores = tagger_and_jets(table)
    path = export_tagger(tagger, tmp_path, "torchscript")
    with torch.no_grad():
        found = torch.jit.load(path)(x)
    np.testing.assert_allclose(found.numpy(), scores, rtol=1e-4)


def test_onnx_names_the_package_that_it_lacks(table, tmp_path):
    if importlib.util.find_spec("onnx"):
        pytest.skip("onnx is installed")
    with pytest.raises(ModelError, match="pip install onnx"):
        export_tagger(tagger_and_jets(table)[0], tmp_path, "onnx")


def test_trees_are_text_already(tmp_path):
    model = TrainedModel("m", "t", "boosted", None, (), (0, 1))
    with pytest.raises(ModelError, match=r"model\.txt"):
        export_tagger(TreeTagger(model), tmp_path, "pt2")


def test_an_unknown_form_is_named(table, tmp_path):
    with pytest.raises(ParameterError, match="onnx"):
        export_tagger(tagger_and_jets(table)[0], tmp_path, "onyx")
