"""What is exported is what the run holds, and nothing is left of an export that failed."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest
import uproot

from hepml.engine import Run
from hepml.errors import IncompleteRunError, OutputError, ParameterError
from hepml.export import export
from hepml.processor import Fill, Histogram
from hepml.tables import FeatureTable
from tests.toys import account, filled, write_run

PT = Histogram("pt", (hist.axis.Regular(2, 0, 20, name="pt", label="pT [GeV]"),))
PLANE = Histogram(
    "plane",
    (
        hist.axis.StrCategory(["OS", "SS"], name="sign"),
        hist.axis.Variable([0, 1, 5], name="x"),
        hist.axis.Integer(0, 3, name="n"),
    ),
)
FLAVOUR = Histogram("flavour", (hist.axis.StrCategory(["b", "c"], name="flavour"),))


def contents() -> dict[str, Any]:
    from hepml.histograms import fill_histogram

    plane = (np.array(["OS", "OS", "SS"]), np.array([0.5, 9.0, 2.0]), np.array([1, 2, 0]))
    return {
        "pt": filled(
            PT,
            {
                ("data", "nominal"): ([5.0, 5.0, 99.0], [1.0, 1.0, 1.0]),
                ("s", "nominal"): ([5.0, -1.0], [2.0, -0.5]),
                ("s", "scale_up"): ([15.0], [3.0]),
            },
        ),
        "plane": fill_histogram(PLANE, "data", [Fill(plane, np.array([1.0, 2.0, 3.0]))]),
        "flavour": filled(FLAVOUR, {("s", "nominal"): (["c", "b", "c"], [1.0, 2.0, 3.0])}),
    }


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Data of 10 pb^-1 and a sample with weights at 2 pb^-1, so that it is scaled by 5."""
    datasets = {"data": account("data", luminosity=10.0), "s": account("simulation")}
    parts = {"data": [range(5), range(5, 9)], "s": [range(3), []], "none": [[]]}
    return Run(write_run(tmp_path / "r1", contents(), datasets, parts, luminosity=2.0))


def test_root_histograms_hold_values_and_variances(run: Run) -> None:
    with uproot.open(export(run, "root")) as file:
        data, signal = file["data/nominal/pt"], file["s/nominal/pt"]
        assert data.classname == "TH1D"
        assert data.values(flow=True).tolist() == [0, 2, 0, 1]
        # scaled by 5, variances by 25
        assert signal.values(flow=True).tolist() == [-2.5, 10, 0, 0]
        assert signal.variances(flow=True).tolist() == [6.25, 100, 0, 0]
        assert file["s/scale_up/pt"].values().tolist() == [0, 15]
        assert data.axis().member("fTitle") == "pT [GeV]"


def test_a_dataset_name_may_hold_what_separates_root_paths(tmp_path: Path) -> None:
    histograms = {"pt": filled(PT, {(n, "nominal"): ([5.0], [1.0]) for n in ("a:1", "a;1")})}
    datasets = {name: account("data") for name in ("a:1", "a;1")}
    parts = {name: [range(2)] for name in datasets}
    run = Run(write_run(tmp_path / "r1", histograms, datasets, parts))
    with uproot.open(export(run, "root")) as file:
        assert file["a_1/nominal/pt"].values().tolist() == [1, 0]
        assert file["a_1_/nominal/pt"].values().tolist() == [1, 0]
        assert file["features/a_1"].num_entries == 2


def test_root_histograms_of_two_axes_are_written_per_category(run: Run) -> None:
    with uproot.open(export(run, "root")) as file:
        plane = file["data/nominal/plane_OS"]
        assert plane.classname == "TH2D"
        expected = contents()["plane"]["data", "nominal", "OS", :, :]
        np.testing.assert_array_equal(plane.values(flow=True), expected.values(flow=True))
        np.testing.assert_array_equal(plane.variances(flow=True), expected.variances(flow=True))
        np.testing.assert_array_equal(plane.axis("x").edges(), [0, 1, 5])


def test_root_histograms_of_categories_alone_are_labelled(run: Run) -> None:
    with uproot.open(export(run, "root")) as file:
        assert file["s/nominal/flavour"].axis().labels() == ["b", "c"]
        assert file["s/nominal/flavour"].values().tolist() == [10, 20]


def test_root_holds_the_cutflow_and_the_luminosity(run: Run) -> None:
    with uproot.open(export(run, "root")) as file:
        assert file["data/cutflow_raw"].axis().labels() == ["all", "pT"]
        assert file["s/cutflow_weighted"].values().tolist() == [2.5, 1.25]
        assert json.loads(str(file["luminosity"])) == {"histograms": 10.0, "weights": 2.0}


@pytest.mark.parametrize("dataset", ["data", "s", "none"])
def test_root_trees_equal_the_table(run: Run, dataset: str) -> None:
    table = FeatureTable.open(run.path).of(dataset)
    with uproot.open(export(run, "root")) as file:
        tree = file[f"features/{dataset}"]
        assert tree.classname == "TTree"
        assert tree.keys() == [name for name in table.names() if name != "label"]
        for name, values in tree.arrays(library="np").items():
            np.testing.assert_array_equal(values, table.column(name))
            assert values.dtype == table.column(name).dtype


def read(path: Path) -> list[dict[str, str]]:
    with path.open() as handle:
        return list(csv.DictReader(handle))


def test_csv_has_a_line_per_bin(run: Run) -> None:
    lines = read(export(run, "csv") / "pt.csv")
    assert lines[0] == {
        "dataset": "data",
        "variation": "nominal",
        "pt_low": "0.0",
        "pt_high": "10.0",
        "value": "2.0",
        "variance": "2.0",
    }
    assert len(lines) == 2 * 2 * 2


def test_csv_of_categories_alone_has_no_edges(run: Run) -> None:
    lines = read(export(run, "csv") / "flavour.csv")
    assert [(line["flavour"], line["value"]) for line in lines] == [("b", "10.0"), ("c", "20.0")]


def test_csv_of_the_cutflow_has_a_line_per_step(run: Run) -> None:
    lines = read(export(run, "csv") / "cutflow.csv")
    assert lines[1] == {"dataset": "data", "step": "pT", "raw": "4", "weighted": "1.25"}


def test_csv_of_the_table_has_all_rows_and_the_dataset(run: Run) -> None:
    lines = read(export(run, "csv") / "features.csv")
    assert len(lines) == 12
    assert [line["dataset"] for line in lines] == ["data"] * 9 + ["s"] * 3
    assert [float(line["mass"]) for line in lines] == run.features.column("mass").tolist()


@pytest.mark.parametrize("form", ["root", "csv"])
def test_a_run_without_a_table_is_exported(tmp_path: Path, form: str) -> None:
    histograms = {"pt": filled(PT, {("data", "nominal"): ([5.0], [1.0])})}
    run = Run(write_run(tmp_path / "r1", histograms, {"data": account("data")}))
    assert export(run, form).exists()


def test_an_export_is_not_overwritten(run: Run) -> None:
    path = export(run, "root")
    before = path.stat().st_mtime_ns
    with pytest.raises(OutputError, match=r"histograms\.root exists; choose another --out"):
        export(run, "root")
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("form", ["root", "csv", "pyhf"])
def test_a_failed_export_leaves_nothing(
    run: Run, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hepml.tables.FeatureTable.batches", fail)
    monkeypatch.setattr("hepml.export.results.make_workspace", fail)
    with pytest.raises(OutputError, match=r"Cannot write .*: No space left on device"):
        export(run, form)
    assert not (run.path / "export").exists()


def test_a_failed_export_leaves_the_folder_of_others_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(ParameterError):
        export(run, "pyhf", tmp_path / "mine" / "w.json", histogram="nope")
    assert list((tmp_path / "mine").iterdir()) == []


def test_an_unknown_format_names_near_misses(run: Run) -> None:
    with pytest.raises(ParameterError, match=r"'rot'. Did you mean 'root'"):
        export(run, "rot")


def test_an_incomplete_run_has_to_be_accepted(tmp_path: Path) -> None:
    lost = account("data", processed=0, complete=False)
    histograms = {"pt": filled(PT, {("data", "nominal"): ([5.0], [1.0])})}
    run = Run(write_run(tmp_path / "r1", histograms, {"data": lost}))
    with pytest.raises(IncompleteRunError, match="1 of 1 chunks"):
        export(run, "csv")
    assert export(run, "csv", allow_missing=True).is_dir()


def test_incomplete_simulation_is_not_scaled(tmp_path: Path) -> None:
    limited = account("simulation", complete=False, incomplete_because="--max-events")
    datasets = {"data": account("data", luminosity=10.0), "s": limited}
    run = Run(write_run(tmp_path / "r1", contents(), datasets))
    with pytest.raises(IncompleteRunError, match="'s': --max-events"):
        export(run, "csv")


def test_a_workspace_needs_to_know_the_luminosity_of_its_data(tmp_path: Path) -> None:
    datasets = {"data": account("data"), "s": account("simulation")}
    run = Run(write_run(tmp_path / "r1", contents(), datasets))
    with pytest.raises(ParameterError, match=r"data \(data\) is not known(.|\n)*--luminosity"):
        export(run, "pyhf")
    assert not (tmp_path / "r1" / "export").exists()


def test_a_workspace_is_not_made_of_incomplete_simulation(tmp_path: Path) -> None:
    part = account("simulation", complete=False, incomplete_because="half of it")
    datasets = {"data": account("data", luminosity=1.0), "s": part}
    run = Run(write_run(tmp_path / "r1", contents(), datasets))
    with pytest.raises(IncompleteRunError, match="half of it"):
        export(run, "pyhf")
