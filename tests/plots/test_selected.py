"""What a model takes of showers that it never saw is shown with its mistakes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from hepml.ml.shower.output import write_identified
from hepml.ml.shower.results import ShowerIdentification
from hepml.ml.shower.task import ShowerOptions, identify_showers
from hepml.plots import selected
from hepml.plots.selected import draw_selected
from hepml.plots.showertable import ShowerRows
from hepml.tables import FeatureTable
from tests.ml import showers as toys
from tests.plots.emulsion import shower_rows, write_showers

OPTIONS = ShowerOptions(repeats=5, permutations=0, workers=1, models=("boosted",))


def run(folder: Path, seed: int) -> Path:
    """A table of 40 showers of 60 base-tracks each, told apart by the noise's larger angles."""
    random = np.random.default_rng(seed)
    parts = []
    for number in range(40):
        rows = shower_rows(number, times=20, energy=6.0)
        rows["row"] = 1000 * number + np.arange(len(rows["row"]))
        width = np.where(rows["signal"] == 1, 0.02, 0.1)
        rows["link_dtheta"] = np.abs(random.normal(0, width)).astype(np.float32)
        parts.append(rows)
    return write_showers(folder / "features", parts)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("run"), 1)


@pytest.fixture(scope="module")
def model(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = identify_showers(table, OPTIONS)
    return write_identified(found, tmp_path_factory.mktemp("model") / "m")


def test_displays_show_the_rows_above_the_threshold(
    table: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[ShowerRows, np.ndarray]] = []

    def catch(rows: ShowerRows, look: object, taken: np.ndarray) -> None:
        drawn.append((rows, taken))

    monkeypatch.setattr(selected, "event_display", catch)
    monkeypatch.setattr(selected, "event_display_3d", catch)
    monkeypatch.setattr("hepml.plots.style.save_figure", lambda figure, path, look: path)
    written = draw_selected(table, model, tmp_path)
    assert [path.name for path in written] == [
        *(f"event_display_{number}.png" for number in (1, 2, 3)),
        "event_display_3d.png",
    ]
    scores = FeatureTable.open(model / "scores").to_pandas(["shower", "row", "score"])
    result = ShowerIdentification.read(model / "result.json")
    threshold = result.judgements[0].points[0].threshold
    for rows, taken in drawn:
        own = scores[scores["shower"] == rows.shower].sort_values("row")
        assert len(own) == len(rows) == 60
        above = own["score"].to_numpy() >= threshold
        np.testing.assert_array_equal(taken[np.argsort(rows.row)], above)


def test_figures_are_written(table: Path, model: Path, tmp_path: Path) -> None:
    written = draw_selected(table, model, tmp_path, count=1)
    assert [path.name for path in written] == ["event_display_1.png", "event_display_3d.png"]
    assert all(path.stat().st_size > 5000 for path in written)


def test_a_table_that_does_not_say_where_base_tracks_are_has_none(
    model: Path, tmp_path: Path
) -> None:
    bare = toys.write_showers(tmp_path / "bare", showers=4)
    assert pq.read_schema(next(Path(bare).rglob("*.parquet"))).get_field_index("tx") == -1
    assert draw_selected(bare, model, tmp_path / "out") == []
