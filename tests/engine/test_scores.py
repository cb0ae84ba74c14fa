"""A model applied in a run: the same scores everywhere, and never those of another model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coffea.processor import IterativeExecutor, Runner

import hepml
from hepml import scoring
from hepml.engine import Run
from hepml.engine.fingerprint import fingerprint
from hepml.engine.merge import merge
from hepml.engine.resume import check, resume
from hepml.engine.store import Layout
from hepml.errors import ModelError, ParameterError, ProcessorError
from hepml.ml.apply import score_table
from hepml.tables import FeatureTable
from processors import DimuonProcessor, DiphotonProcessor
from tests.engine.runs import assert_same_answer, assert_same_bits, checkpoint_times
from tests.ml.trained import THREE, write_model

FEATURES = ("lead_pt", "sublead_pt", "lep_pt_mean", "n_jets", "jet_mv2c10_max")
SCORES = tuple(f"score_{name}" for name in THREE)
EXECUTORS = [
    "futures",
    *(pytest.param(name, marks=pytest.mark.dask) for name in ("dask", "dask-awkward")),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("m") / "m", DiphotonProcessor.columns, FEATURES)


def process(files: list[Path], out: Path, model: Path | None, **options: Any) -> Run:
    settings: dict[str, Any] = {"executor": "iterative", "chunk_size": 50} | options
    return hepml.run(DiphotonProcessor(), list(map(str, files)), out=out, model=model, **settings)


@pytest.fixture(scope="module")
def reference(
    cluster_files: list[Path], model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    run = process(cluster_files, tmp_path_factory.mktemp("reference") / "run", model)
    assert run.report["planned"] == run.report["processed"] == 16
    return run


def test_scores_are_observers_of_the_table(reference: Run) -> None:
    added = [item for item in reference.features.columns if item.name in SCORES]
    assert [item.role for item in added] == ["observer"] * 3
    assert len(np.unique(reference.features.column("score_ggF"))) > 5
    total = reference.features.to_numpy(SCORES).sum(axis=1)
    np.testing.assert_allclose(total, 1.0, rtol=1e-6)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_executor_gives_the_same_scores(
    reference: Run,
    cluster_files: list[Path],
    model: Path,
    tmp_path: Path,
    executor: str,
    request: pytest.FixtureRequest,
) -> None:
    address = request.getfixturevalue("scheduler") if executor != "futures" else None
    run = process(cluster_files, tmp_path / "run", model, executor=executor, scheduler=address)
    assert_same_bits(run, reference)
    assert_same_answer(run, reference)


def test_a_run_and_hepml_ml_apply_agree_bit_for_bit(
    reference: Run, model: Path, tmp_path: Path
) -> None:
    found = score_table(reference.path, model, tmp_path / "a", score="again")
    applied = FeatureTable.open(tmp_path / "a")
    assert sum(found.rows.values()) == len(reference.features) == len(applied)
    for name in ("channel", "run", "event"):
        np.testing.assert_array_equal(applied.column(name), reference.features.column(name))
    for name in THREE:
        np.testing.assert_array_equal(
            applied.column(f"again_{name}"), reference.features.column(f"score_{name}")
        )


def test_the_model_changes_nothing_else(
    reference: Run, cluster_files: list[Path], tmp_path: Path
) -> None:
    plain = process(cluster_files, tmp_path / "run", None)
    assert_same_bits(plain, reference)
    ours = reference.features.to_pandas().drop(columns=list(SCORES))
    assert ours.equals(plain.features.to_pandas())


def test_plan_and_provenance_name_the_model(reference: Run, model: Path) -> None:
    for name in ("plan", "provenance"):
        found = json.loads((reference.path / f"{name}.json").read_text())["parameters"]["model"]
        assert found["path"] == str(model)
        assert (found["name"], found["score"], len(found["sha256"])) == ("small", "score", 64)
    assert "lightgbm" in reference.provenance["versions"]


def test_the_fingerprint_knows_the_model_but_not_its_place(model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    other = write_model(tmp_path / "other", DiphotonProcessor.columns, FEATURES, seed=2)
    marks = [fingerprint(DiphotonProcessor(model=path)) for path in (None, model, copy, other)]
    assert marks[1] == marks[2]
    assert len(set(marks)) == 3
    assert fingerprint(DiphotonProcessor(model=model, score="mva")) not in marks


def test_a_runner_of_coffea_applies_a_model(
    reference: Run, cluster_files: list[Path], model: Path
) -> None:
    fileset = {"data_one": {"files": {str(cluster_files[0]): "mini"}, "metadata": {"kind": "data"}}}
    runner = Runner(
        IterativeExecutor(status=False), schema=DiphotonProcessor.schema, metadata_cache={}
    )
    output = runner(fileset, DiphotonProcessor(model=model))
    table = reference.features.of("data_one")
    for name in ("event", *SCORES):
        found = output["features"]["data_one"][name].value
        np.testing.assert_array_equal(np.sort(found), np.sort(table.column(name)))


def test_nothing_selected_is_scored(cluster_files: list[Path], model: Path, tmp_path: Path) -> None:
    run = hepml.run(
        DiphotonProcessor.from_parameters(cuts={"lead_pt": 1e6}, model=model),
        [str(cluster_files[0])],
        out=tmp_path / "run",
        executor="iterative",
    )
    assert len(run.features) == 0
    assert run.features.names()[-3:] == SCORES


def interrupted(run: Run, copy: Path) -> Path:
    """A copy of a run that lacks one chunk."""
    shutil.copytree(run.path, copy)
    layout = Layout(copy)
    lost = sorted(layout.checkpoints.iterdir())[0]
    lost.unlink()
    return copy


def test_a_run_is_resumed_with_its_model(reference: Run, tmp_path: Path) -> None:
    path = interrupted(reference, tmp_path / "run")
    before = checkpoint_times(path)
    run = resume(path, executor="iterative")
    assert len(before) == 15
    assert before.items() <= checkpoint_times(path).items()
    assert_same_answer(run, reference)


def test_a_changed_model_is_refused_when_resuming(
    cluster_files: list[Path], model: Path, tmp_path: Path
) -> None:
    own = shutil.copytree(model, tmp_path / "own")
    run = process(cluster_files[:1], tmp_path / "run", own)
    with (own / "model.txt").open("a") as text:
        text.write("\n")
    scoring._ready.cache_clear()  # another process would not have read it yet
    times = checkpoint_times(run.path)
    with pytest.raises(ModelError, match=rf"The model in {own} is not the one"):
        resume(run.path, executor="iterative")
    assert checkpoint_times(run.path) == times
    assert check(run.path).complete


def test_a_run_does_not_go_on_with_another_model(
    reference: Run, model: Path, tmp_path: Path
) -> None:
    other = write_model(tmp_path / "other", DiphotonProcessor.columns, FEATURES, seed=2)
    path = interrupted(reference, tmp_path / "run")
    with pytest.raises(ModelError, match=r"begun with the model 'small' of .*and scores 'score'"):
        resume(path, DiphotonProcessor(model=other), executor="iterative")
    with pytest.raises(ModelError, match="go on with no model"):
        resume(path, DiphotonProcessor(), executor="iterative")


def test_runs_of_two_models_are_not_merged(
    cluster_files: list[Path], model: Path, tmp_path: Path
) -> None:
    other = write_model(tmp_path / "other", DiphotonProcessor.columns, FEATURES, seed=2)
    copy = shutil.copytree(model, tmp_path / "copy")
    process(cluster_files[:1], tmp_path / "a", model)
    process(cluster_files[1:2], tmp_path / "b", other)
    process(cluster_files[1:2], tmp_path / "c", copy)
    with pytest.raises(ProcessorError, match=r"differ in their parameters \(model.sha256"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "ab")
    assert merge([tmp_path / "a", tmp_path / "c"], tmp_path / "ac").complete


def test_a_preset_without_the_features_is_refused_before_anything_runs(tmp_path: Path) -> None:
    processor = DimuonProcessor()
    absent = next(
        item.name
        for item in DimuonProcessor.columns
        if item.role == "feature" and item not in processor.columns
    )
    path = write_model(tmp_path / "m", DimuonProcessor.columns, (absent,))
    with pytest.raises(ModelError, match=rf"'dimuon' \(preset '\w+'\) lacks 1 .*{absent}"):
        hepml.run(processor, ["nowhere.root"], out=tmp_path / "run", model=path)
    assert not (tmp_path / "run").exists()


def test_no_table_is_refused_before_anything_runs(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="--no-table"):
        hepml.run(
            DiphotonProcessor(table=False), ["nowhere.root"], out=tmp_path / "run", model=model
        )
    assert not (tmp_path / "run").exists()
