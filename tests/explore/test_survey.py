"""Distributions by class, against numpy on the whole table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hepml
from hepml.errors import ParameterError, TableError
from hepml.explore import Distribution, Exploration, explore, passes
from hepml.parts import write_part
from hepml.tables import FeatureTable
from processors import DiphotonProcessor
from tests.toys import COLUMNS, rows, write_table


def write(folder: Path, datasets: Mapping[str, Mapping[str, Any]]) -> Path:
    """Rows of datasets, in two parts each."""
    for name, found in datasets.items():
        half = len(found["pt"]) // 2
        for index, part in enumerate((slice(half), slice(half, None))):
            some = {key: np.asarray(values)[part] for key, values in found.items()}
            write_part(folder / name / f"{index}.parquet", COLUMNS, some, {"dataset": name})
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two simulated classes, of which one has weights of both signs, and data."""
    first, second, data = rows(range(300), label="gg"), rows(range(80), label="tt"), rows(range(50))
    first["pt"] = np.random.default_rng(1).exponential(30.0, 300).astype(np.float32)
    first["pt"][::10] = np.nan
    second["pt"] = second["pt"] + np.float32(200)
    second["pt"][:2] = np.inf
    return write(tmp_path_factory.mktemp("t") / "t", {"ggF": first, "ttF": second, "data_A": data})


@pytest.fixture(scope="module")
def found(folder: Path) -> Exploration:
    return explore(folder)


def column(found: Exploration, name: str) -> Distribution:
    return next(item for item in found.distributions if item.name == name)


def values(folder: Path, dataset: str, names: Sequence[str]) -> list[np.ndarray]:
    table = FeatureTable.open(folder).of(dataset)
    return [table.column(name).astype(np.float64) for name in names]


def test_classes_are_labels_and_data_come_last(found: Exploration) -> None:
    assert [(item.name, item.data, item.rows) for item in found.classes] == [
        ("gg", False, 300),
        ("tt", False, 80),
        ("data", True, 50),
    ]
    assert found.class_column == "label"
    assert found.weight == "weight"
    negative = np.mean(np.arange(300) % 7 == 0)
    assert found.classes[0].negative_share == pytest.approx(negative)
    assert found.classes[0].sum_weights == pytest.approx(
        np.where(np.arange(300) % 7, 1, -0.5).sum()
    )


def test_shares_that_are_undefined_and_infinite(found: Exploration) -> None:
    gg, tt, data = column(found, "pt").classes
    assert (gg.n, gg.nan_share, gg.infinite_share) == (300, 0.1, 0.0)
    assert (tt.nan_share, tt.infinite_share) == (0.0, 2 / 80)
    assert (data.nan_share, data.infinite_share) == (0.0, 0.0)
    assert any("infinite in 2 rows" in note for note in found.notes)


def test_moments_are_weighted_and_leave_out_what_is_undefined(
    found: Exploration, folder: Path
) -> None:
    x, w = values(folder, "ggF", ["pt", "weight"])
    good = np.isfinite(x)
    item = column(found, "pt").classes[0]
    mean = np.average(x[good], weights=w[good])
    assert item.sum_weights == pytest.approx(w[good].sum())
    assert item.mean == pytest.approx(mean)
    assert item.std == pytest.approx(np.sqrt(np.average((x[good] - mean) ** 2, weights=w[good])))
    assert (item.low, item.high) == (x[good].min(), x[good].max())


def test_bins_are_those_of_numpy(found: Exploration, folder: Path) -> None:
    for name in ("pt", "n_jets", "mass"):
        shown = column(found, name)
        x, w = values(folder, "ggF", [name, "weight"])
        good = np.isfinite(x)
        sums, _ = np.histogram(x[good], shown.edges, weights=w[good])
        squares, _ = np.histogram(x[good], shown.edges, weights=w[good] ** 2)
        item = shown.classes[0]
        assert item.values == pytest.approx(sums)
        assert item.variances == pytest.approx(squares)
        total = sum(item.values) + item.below + item.above
        assert total == pytest.approx(item.sum_weights)


def test_quantiles_of_unit_weights_are_those_of_the_values(folder: Path) -> None:
    shown = column(explore(folder, ["pt"], weight="none"), "pt").classes[0]
    (x,) = values(folder, "ggF", ["pt"])
    expected = np.quantile(x[np.isfinite(x)], [0.25, 0.5], method="inverted_cdf")
    assert [shown.quantiles["0.25"], shown.quantiles["0.5"]] == pytest.approx(expected)


def test_whole_numbers_are_found(found: Exploration) -> None:
    assert column(found, "n_jets").integer
    assert column(found, "n_jets").edges == (-0.5, 0.5, 1.5, 2.5, 3.5, 4.5)
    # a momentum stays one even if all of its values are whole
    assert not column(explore(write_table_of(range(20)), ["pt"]), "pt").integer


def write_table_of(events: Sequence[int]) -> Path:
    import tempfile

    return write_table(Path(tempfile.mkdtemp()), {"a": [events]})


def test_batches_change_nothing(
    found: Exploration, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = passes._batches
    monkeypatch.setattr(passes, "_batches", lambda table, c, k, size: whole(table, c, k, 17))
    again = explore(folder)
    for one, other in zip(found.distributions, again.distributions, strict=True):
        assert one.edges == other.edges
        for a, b in zip(one.classes, other.classes, strict=True):
            assert a.values == pytest.approx(b.values)
            assert a.mean == pytest.approx(b.mean)
            assert a.quantiles == pytest.approx(b.quantiles)


def test_of_many_rows_some_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "_KEPT", 100)
    item = column(explore(folder, ["mass"], weight="none"), "mass").classes[0]
    # the median of 300 equal steps, of 100 rows: 5 % of the range is one sigma
    assert item.quantiles["0.5"] == pytest.approx(125 + 150 / 8, abs=4 * 0.05 * 300 / 8)
    assert item.n == 300


def test_datasets_are_classes_without_a_label(folder: Path) -> None:
    found = explore(folder, label="none")
    assert [item.name for item in found.classes] == ["data_A", "ggF", "ttF"]
    assert found.class_column == ""


def test_numbers_are_labels_too(folder: Path) -> None:
    found = explore(folder, label="n_jets", datasets=["ggF"])
    assert [item.name for item in found.classes] == ["0", "1", "2", "3", "4"]


def test_too_many_classes_are_refused(folder: Path) -> None:
    with pytest.raises(ParameterError, match="more than 30 values"):
        explore(folder, label="event")


def test_a_column_that_is_nowhere_defined_has_no_bins(tmp_path: Path) -> None:
    undefined = rows(range(10), label="gg")
    undefined["pt"] = np.full(10, np.nan, np.float32)
    found = explore(write(tmp_path, {"a": undefined}), ["pt"])
    (item,) = found.distributions[0].classes
    assert found.distributions[0].edges == ()
    assert (item.nan_share, item.mean, item.low, item.quantiles) == (1.0, None, None, {})
    assert "'pt' is not defined in any row" in found.notes


def test_weights_that_add_up_to_nothing_leave_no_mean(tmp_path: Path) -> None:
    found = rows(range(10), label="gg")
    found["weight"] = np.tile([1.0, -1.0], 5)
    (item,) = explore(write(tmp_path, {"a": found}), ["pt"]).distributions[0].classes
    assert (item.mean, item.std) == (None, None)
    assert item.quantiles["0.5"] > 0


def test_it_is_kept_as_json(found: Exploration, tmp_path: Path) -> None:
    path = found.write(tmp_path / "explore.json")
    assert Exploration.read(path) == found
    pt = json.loads(path.read_text())["distributions"][0]
    assert pt["classes"][0]["nan_share"] == 0.1


def test_no_rows_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no rows to look at"):
        explore(write_table(tmp_path, {"a": [()]}))


def test_a_luminosity_needs_yields_and_a_run(folder: Path) -> None:
    with pytest.raises(ParameterError, match="--normalise yields"):
        explore(folder, luminosity=10.0)
    with pytest.raises(ParameterError, match="needs a run directory"):
        explore(folder, luminosity=10.0, normalise="yields")


def test_yields_of_a_run_are_scaled_to_a_luminosity(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    run = hepml.run(
        DiphotonProcessor(), list(map(str, cluster_files)), out=tmp_path / "r", executor="iterative"
    )
    area = explore(run.path, ["met"])
    found = explore(run.path, ["met"], normalise="yields", luminosity=1000.0)
    assert found.luminosity == 1000.0
    assert area.luminosity is None
    for one, other in zip(area.classes, found.classes, strict=True):
        factor = 1.0 if one.data else 1000.0
        assert other.sum_weights == pytest.approx(factor * one.sum_weights)
    assert [item.data for item in found.classes] == [False, False, True]
    assert found.distributions[0].label == "Missing transverse momentum [GeV]"


def test_a_run_of_a_model_shows_its_scores(cluster_files: list[Path], tmp_path: Path) -> None:
    from tests.ml.trained import write_model

    model = write_model(tmp_path / "m", DiphotonProcessor.columns, ("met",))
    run = hepml.run(
        DiphotonProcessor(),
        [str(cluster_files[0])],
        out=tmp_path / "r",
        executor="iterative",
        model=model,
    )
    names = [item.name for item in explore(run.path).distributions]
    assert names[-3:] == ["score_data", "score_ggF", "score_ttF"]
