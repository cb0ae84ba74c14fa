"""A model applied to a table, batch by batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hepml.columns import feature
from hepml.errors import ModelError, OutputError, ParameterError
from hepml.ml.apply import apply_model, score_table
from hepml.ml.models import TrainedModel, load_model
from hepml.parts import write_part
from hepml.tables import FeatureTable
from tests.ml.showers import write_showers
from tests.ml.trained import THREE, write_model
from tests.toys import COLUMNS, write_table


class Half:
    """Half of the second input."""

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Probabilities of both classes."""
        return np.column_stack([1 - x[:, 1] / 2, x[:, 1] / 2])


MODEL = TrainedModel(
    "half", "test", "boosted", Half(), (feature("delta_theta"), feature("link_dx", "um")), (0, 1)
)


@pytest.fixture(scope="module")
def toys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Events 0 to 99 of two datasets, in three parts, one of them without rows."""
    folder = tmp_path_factory.mktemp("toys")
    parts: dict[str, list[Sequence[int]]] = {
        "ggF": [range(40), range(40, 60), ()],
        "none": [()],
        "ttF": [range(60, 100)],
    }
    return write_table(folder / "t", parts)


@pytest.fixture(scope="module", params=["boosted", "forest"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    return write_model(folder, COLUMNS, ("pt", "n_jets"), kind=request.param)


def test_every_row_gets_its_score_whatever_the_batch(tmp_path: Path) -> None:
    write_showers(tmp_path / "t", "a", showers=3)
    write_showers(tmp_path / "t", "b", showers=2)
    table = FeatureTable.open(tmp_path / "t")
    assert apply_model(MODEL, table, tmp_path / "one", score="s") == 300
    apply_model(MODEL, table, tmp_path / "many", score="s", batch_size=50)
    for name in ("one", "many"):
        found = FeatureTable.open(tmp_path / name)
        assert found.datasets == ("a", "b")
        assert found.names("feature") == ()
        np.testing.assert_array_equal(found.column("row"), table.column("row"))
        np.testing.assert_allclose(found.column("s"), table.column("link_dx") / 2, rtol=1e-6)


def test_several_classes_give_several_scores(toys: Path, model: Path, tmp_path: Path) -> None:
    found = score_table(toys, model, tmp_path / "out", score="p")
    table, applied = FeatureTable.open(toys), FeatureTable.open(tmp_path / "out")
    assert applied.names() == ("run", "event", "p_data", "p_ggF", "p_ttF")
    assert applied.names("observer") == ("p_data", "p_ggF", "p_ttF")
    x = table.to_numpy(["pt", "n_jets"]).astype(np.float32)
    for name, values in load_model(model).scores(x, "p").items():
        np.testing.assert_array_equal(applied.column(name), values)
    np.testing.assert_array_equal(applied.column("event"), table.column("event"))
    assert found.rows == {"ggF": 60, "none": 0, "ttF": 40}
    assert sum(found.means["ttF"].values()) == pytest.approx(1.0)
    assert np.isnan(found.means["none"]["p_data"])


def test_a_dataset_without_rows_stays_a_dataset(toys: Path, model: Path, tmp_path: Path) -> None:
    score_table(toys, model, tmp_path / "out")
    assert FeatureTable.open(tmp_path / "out").datasets == ("ggF", "none", "ttF")


def test_the_other_columns_are_kept_on_request(toys: Path, model: Path, tmp_path: Path) -> None:
    score_table(toys, model, tmp_path / "out", join=True)
    table, joined = FeatureTable.open(toys), FeatureTable.open(tmp_path / "out")
    assert joined.columns[: len(COLUMNS)] == table.columns
    scores = [f"score_{name}" for name in THREE]
    assert joined.to_pandas().drop(columns=scores).equals(table.to_pandas())


def test_a_table_without_keys_is_numbered(model: Path, tmp_path: Path) -> None:
    columns = (feature("pt", "GeV"), feature("n_jets", dtype="int32"))
    rows = {"pt": np.ones(3, np.float32), "n_jets": np.arange(3, dtype=np.int32)}
    write_part(tmp_path / "t" / "x" / "part.parquet", columns, rows)
    score_table(tmp_path / "t", model, tmp_path / "out")
    found = FeatureTable.open(tmp_path / "out")
    assert found.names("key") == ("row",)
    assert found.column("row").tolist() == [0, 1, 2]


def test_the_task_says_which_model_it_was(toys: Path, model: Path, tmp_path: Path) -> None:
    score_table(toys, model, tmp_path / "out")
    found = json.loads((tmp_path / "out" / "task.json").read_text())
    assert found["model"]["name"] == "small"
    assert len(found["model"]["sha256"]) == 64
    assert found["classes"] == list(THREE)
    assert found["rows"] == {"ggF": 60, "none": 0, "ttF": 40}


def test_progress_counts_rows(toys: Path, model: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    score_table(toys, model, tmp_path / "out", progress=lambda *said: seen.append(said))
    assert seen[-1] == ("ttF", 100, 100)


def test_a_column_of_that_name_is_in_the_way_only_if_it_is_kept(toys: Path, tmp_path: Path) -> None:
    two = write_model(tmp_path / "m", COLUMNS, ("pt",), classes=(0, 1))
    with pytest.raises(ParameterError, match="has a column 'mass' already"):
        score_table(toys, two, tmp_path / "out", score="mass", join=True)
    score_table(toys, two, tmp_path / "out", score="mass")
    assert FeatureTable.open(tmp_path / "out").names("observer") == ("mass",)


def test_nothing_is_left_of_what_fails(toys: Path, tmp_path: Path) -> None:
    lacking = write_model(tmp_path / "m", (feature("tau_pt"),), ("tau_pt",))
    with pytest.raises(ModelError, match=r"lacks 1 of the 1 features of model 'small': tau_pt"):
        score_table(toys, lacking, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m"]


def test_a_folder_that_is_taken_is_not_written(toys: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="not empty"):
        score_table(toys, model, tmp_path)
