"""The task top-tagger: from a table to a folder with a tagger, its scores and their evaluation."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ModelError, OutputError, ParameterError
from hepml.ml.models import load_model
from hepml.ml.toptag.results import TaggerResult
from hepml.ml.toptag.task import TaggerOptions, tag_tops, training_area
from hepml.tables import FeatureTable
from tests.ml.toptag.jets import write_jets

NETWORK = {
    "workers": 1,
    "preset": "small",
    "max_constits": 8,
    "epochs": 2,
    "batch": 64,
    "device": "cpu",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_jets(folder, "train_nominal", 900, parts=2)
    write_jets(folder, "esup", 200, seed=2)
    write_jets(folder, "test_nominal", 300, seed=1)
    return folder


@pytest.fixture(scope="module")
def trees(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "m"
    tag_tops(run, out, TaggerOptions(workers=1))
    return out


def test_trees_are_judged_by_jets_that_they_never_saw(trees):
    metrics = json.loads((trees / "metrics.json").read_text())
    assert metrics["auc"] > 0.8
    assert metrics["jets"] == 300
    assert metrics["auc_esup"] > 0.8
    assert FeatureTable.open(trees / "scores").datasets == ("esup", "test_nominal")


def test_the_folder_says_how_to_do_it_again(trees):
    task = json.loads((trees / "task.json").read_text())
    assert task["options"]["model"] == "lightgbm"
    assert task["jets"]["training"] + task["jets"]["validation"] == 900
    assert "AUC" in (trees / "card.md").read_text().upper()
    assert (trees / "jets.json").exists()


def test_trees_are_a_model_like_any_other(trees, run):
    model = load_model(trees)
    x = FeatureTable.open(run).of("test_nominal").to_numpy(list(model.inputs))
    scores = FeatureTable.open(trees / "scores").of("test_nominal").column("score")
    np.testing.assert_allclose(model.score(x.astype(np.float32)), scores, rtol=1e-6)


def test_the_result_is_that_of_the_evaluation(trees):
    found = TaggerResult.read(trees / "result.json")
    assert found.tagger == "lightgbm"
    assert found.title == "LightGBM"
    assert found.history is not None
    assert {"train", "validation"} == set(found.history.losses)


@pytest.mark.parametrize("model", ["hldnn", "pfn"])
def test_a_network_is_trained_judged_and_applied_again(run, tmp_path, model):
    pytest.importorskip("torch")
    options = dict(NETWORK)
    if model == "hldnn":
        del options["max_constits"]
    found = tag_tops(run, tmp_path / "n", TaggerOptions(model=model, **options))
    assert found.parameters
    assert found.nominal.auc > 0.5
    assert not training_area(tmp_path / "n").exists()
    again = tag_tops(run, tmp_path / "again", trained=tmp_path / "n")
    assert again.nominal.auc == pytest.approx(found.nominal.auc)
    scores = [FeatureTable.open(tmp_path / f / "scores").column("score") for f in ("n", "again")]
    np.testing.assert_array_equal(*scores)
    cards = [(tmp_path / folder / "card.md").read_text() for folder in ("n", "again")]
    assert cards[0] == cards[1]


def test_a_stopped_training_goes_on_with_the_same_command(run, tmp_path):
    pytest.importorskip("torch")
    options = TaggerOptions(model="pfn", **NETWORK)
    whole = tag_tops(run, tmp_path / "whole", options)

    def stop(name, done, total):
        if name.startswith("epoch"):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        tag_tops(run, tmp_path / "n", options, progress=stop)
    assert training_area(tmp_path / "n").exists()
    assert not (tmp_path / "n").exists()
    found = tag_tops(run, tmp_path / "n", options)
    assert found.history == whole.history
    assert found.nominal.auc == whole.nominal.auc


def test_one_data_set_is_split_by_key(tmp_path):
    write_jets(tmp_path / "run", "mine", 900)
    found = tag_tops(tmp_path / "run", tmp_path / "m", TaggerOptions(workers=1))
    jets = found.task["jets"]
    assert jets["training"] + jets["validation"] + jets["test_nominal"] == 900
    assert 130 < jets["test_nominal"] < 230
    assert any("was not trained on" in note for note in found.notes)


def test_several_data_sets_need_a_word_on_which_one_to_train_on(tmp_path):
    for name in ("mine", "yours"):
        write_jets(tmp_path / "run", name, 300)
    with pytest.raises(ModelError, match="--train NAME"):
        tag_tops(tmp_path / "run", tmp_path / "m")
    found = tag_tops(tmp_path / "run", tmp_path / "m", TaggerOptions(train="mine", workers=1))
    assert set(found.task["jets"]) == {"training", "validation", "test_nominal", "yours"}


def test_at_most_so_many_jets(run, tmp_path):
    options = TaggerOptions(max_jets=400, max_test_jets=120, workers=1)
    found = tag_tops(run, tmp_path / "m", options)
    assert found.training_jets == 400
    assert found.task["jets"]["test_nominal"] == 120
    rows = FeatureTable.open(tmp_path / "m" / "scores").of("test_nominal").column("row")
    assert sorted(rows) == list(range(120))


def test_options_of_networks_are_refused_for_trees(run, tmp_path):
    with pytest.raises(ParameterError, match="--epochs"):
        tag_tops(run, tmp_path / "m", TaggerOptions(epochs=3))


def test_an_unknown_tagger_is_named_with_its_neighbour(run, tmp_path):
    with pytest.raises(ParameterError, match="particlenet"):
        tag_tops(run, tmp_path / "m", TaggerOptions(model="particlnet"))


def test_a_folder_that_is_taken_is_refused_before_training(run, trees):
    with pytest.raises(OutputError, match="not empty"):
        tag_tops(run, trees)


@pytest.mark.shared
@pytest.mark.slow
def test_trees_tell_the_jets_of_the_shared_sample(tmp_path):
    from hepml.engine.run import run as run_processor
    from hepml.importers.topjet import import_jets
    from processors.topjet import TopJetProcessor

    shared = Path(__file__).parents[3].parent / "shared" / "data" / "topjet"
    if not shared.is_dir():
        pytest.skip("the shared sample of jets is not there")
    files = sorted(shared.glob("*nominal*.h5"))
    import_jets(files, tmp_path / "imported", workers=1)
    run_processor(
        TopJetProcessor(), [str(tmp_path / "imported")], out=tmp_path / "run", executor="iterative"
    )
    shutil.rmtree(tmp_path / "imported")
    found = tag_tops(tmp_path / "run", tmp_path / "m", TaggerOptions(workers=1))
    assert found.nominal.auc > 0.85
