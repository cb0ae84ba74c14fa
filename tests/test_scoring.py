"""A model inside a selection: its columns, its identity, and what it refuses."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hepml.collect import ChunkResult, collect
from hepml.errors import ModelError, ParameterError
from hepml.ml.models import load_model
from hepml.processor import Selected
from hepml.scoring import AppliedModel, comparable, input_matrix
from tests.ml.trained import write_model
from tests.toys import COLUMNS, ToyProcessor, rows

METADATA = {"dataset": "toy", "label": "toy"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "m", COLUMNS, ("pt", "n_jets"))


def selected(events: range, **changes: np.ndarray) -> Selected:
    """Rows as a selection returns them, in other dtypes than declared."""
    found = rows(events) | {"pt": rows(events)["pt"].astype(np.float64)} | changes
    return Selected({"all": np.ones(len(events))}, features=found)


def chunk(processor: ToyProcessor, events: range, **changes: np.ndarray) -> ChunkResult:
    return collect(processor, selected(events, **changes), METADATA)


def test_scores_are_observers_with_a_description(model: Path) -> None:
    added = ToyProcessor(model=model).table_columns[len(COLUMNS) :]
    assert [item.name for item in added] == ["score_data", "score_ggF", "score_ttF"]
    assert {(item.role, item.dtype, item.unit) for item in added} == {("observer", "float32", "")}
    assert added[1].doc == "probability of ggF, by model small"


def test_two_classes_give_one_score(tmp_path: Path) -> None:
    path = write_model(tmp_path, COLUMNS, ("pt",), classes=("VBF", "gg"))
    (added,) = ToyProcessor(model=path, score="mva").table_columns[len(COLUMNS) :]
    assert (added.name, added.doc) == ("mva", "probability of gg, by model small")


def test_scores_are_those_of_the_stored_rows(model: Path) -> None:
    found = chunk(ToyProcessor(model=model), range(40))
    x = np.column_stack([found.columns["pt"], found.columns["n_jets"]]).astype(np.float32)
    expected = load_model(model).scores(x)
    for name, values in expected.items():
        np.testing.assert_array_equal(found.columns[name], values)
    assert len(np.unique(found.columns["score_ggF"])) > 3


def test_an_undefined_input_gets_a_score(model: Path) -> None:
    found = chunk(ToyProcessor(model=model), range(3), pt=np.full(3, np.nan))
    assert np.isfinite(found.columns["score_data"]).all()


def test_no_rows_have_no_scores(model: Path) -> None:
    found = chunk(ToyProcessor(model=model), range(0))
    assert found.columns["score_ttF"].shape == (0,)
    assert found.columns["score_ttF"].dtype == np.float32


def test_an_infinite_input_is_named(model: Path) -> None:
    with pytest.raises(ModelError, match=r"input 'pt' is infinite in 1 of 3 rows"):
        chunk(ToyProcessor(model=model), range(3), pt=np.array([1.0, np.inf, np.nan]))


def test_a_number_too_large_for_float32_is_refused() -> None:
    with pytest.raises(ModelError, match="'b' is infinite in 1 of 2 rows"):
        input_matrix(["a", "b"], [np.zeros(2), np.array([1.0, 1e300])])


def test_a_model_by_its_published_names_is_applied(tmp_path: Path) -> None:
    published = replace(COLUMNS[2], name="lead_pt_published", alias="")
    path = write_model(tmp_path, (published,), ("lead_pt_published",))
    assert len(chunk(ToyProcessor(model=path), range(5)).columns["score_data"]) == 5


def test_a_model_is_loaded_once_per_process_and_works_on_one_thread(model: Path) -> None:
    found = AppliedModel.of(model).load()
    assert AppliedModel.of(str(model)).load() is found
    assert found.estimator.n_jobs == 1


def test_a_copy_elsewhere_is_the_same_model(model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    one, other = AppliedModel.of(model), AppliedModel.of(copy)
    assert one.sha256 == other.sha256
    assert comparable({"model": one.to_json()}) == comparable({"model": other.to_json()})


def test_it_comes_back_from_json(model: Path) -> None:
    found = AppliedModel.of(model, "mva")
    assert AppliedModel.of(found.to_json()) == found
    assert found.name == "small"


def test_a_changed_model_is_refused(tmp_path: Path) -> None:
    found = AppliedModel.of(write_model(tmp_path, COLUMNS, ("pt",), seed=7))
    with (tmp_path / "model.txt").open("a") as text:
        text.write("\n")
    # as in a process that has not read it yet
    other = replace(found, path=str(tmp_path), sha256="0" * 64)
    with pytest.raises(ModelError, match="not the one that the run began with"):
        other.load()
    assert AppliedModel.of(tmp_path).sha256 != found.sha256


def test_a_missing_feature_is_an_error_of_the_constructor(tmp_path: Path) -> None:
    path = write_model(tmp_path, (replace(COLUMNS[2], name="tau_pt", alias=""),), ("tau_pt",))
    with pytest.raises(
        ModelError, match=r"table of 'toy' \(preset 'usual'\) lacks 1 of the 1 features.*tau_pt"
    ):
        ToyProcessor(model=path)


def test_a_unit_that_differs_is_an_error_of_the_constructor(tmp_path: Path) -> None:
    path = write_model(tmp_path, (replace(COLUMNS[2], unit="MeV"),), ("pt",))
    with pytest.raises(ModelError, match=r"'pt' in MeV, the table of 'toy'.* has it in GeV"):
        ToyProcessor(model=path)


def test_without_a_table_there_is_nothing_to_score(model: Path) -> None:
    with pytest.raises(ParameterError, match="--no-table"):
        ToyProcessor(model=model, table=False)


@pytest.mark.parametrize("name", ["mass", "h_mass"])
def test_a_score_does_not_take_the_name_of_a_column(tmp_path: Path, name: str) -> None:
    path = write_model(tmp_path, COLUMNS, ("pt",), classes=(0, 1))
    with pytest.raises(ParameterError, match=f"has a column '{name}' already"):
        ToyProcessor(model=path, score=name)


def test_a_score_needs_a_name_of_a_column(model: Path) -> None:
    with pytest.raises(ParameterError, match="letters, digits"):
        ToyProcessor(model=model, score="my score")


def test_no_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no model in"):
        ToyProcessor(model=tmp_path)


def test_one_model_at_a_time(model: Path) -> None:
    with pytest.raises(ParameterError, match="has a model already"):
        ToyProcessor(model=model).with_model(model)


def test_the_processor_that_gets_a_model_stays_as_it_was(model: Path) -> None:
    plain = ToyProcessor()
    assert plain.with_model(model, "mva").table_columns[-1].name == "mva_ttF"
    assert plain.table_columns == COLUMNS
    assert "model" not in plain.parameters()


def test_parameters_give_the_same_processor_again(model: Path) -> None:
    processor = ToyProcessor(model=model, score="mva")
    again = ToyProcessor.from_parameters(**processor.parameters())
    assert again.parameters() == processor.parameters()
    assert again.table_columns == processor.table_columns


def test_a_planned_model_is_not_looked_at_before_it_is_needed(tmp_path: Path) -> None:
    planned = {"path": str(tmp_path), "sha256": "0" * 64, "score": "score", "name": "gone"}
    processor = ToyProcessor.from_parameters(model=planned)
    with pytest.raises(ModelError, match="no model"):
        processor.check_model()
