"""Files of simulated jets: layouts, names, and what can be asked for."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from hepml.errors import OutputError, ParameterError
from hepml.importers.topjet import import_jets
from hepml.simulate.topjet import simulate
from hepml.simulate.topjet_observables import OBSERVABLES, observables
from hepml.simulate.topjet_samples import SAMPLES

SMALL = {"test": 20, "systematics": 10, "datasets": ["*_nominal", "esup", "teg"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("jets") / "sim"
    simulate(out, 90, 3, jets_per_file=50, **SMALL)
    return out


def read(path: Path) -> dict[str, np.ndarray]:
    with h5py.File(path) as file:
        return {name: file[name][()] for name in file}


def test_files_have_the_published_names_and_the_record_lists_them(folder: Path) -> None:
    names = {"train_nominal_000.h5", "train_nominal_001.h5", "test_nominal_000.h5"}
    names |= {"esup_000.h5", "teg_000.h5"}
    assert {path.name for path in folder.iterdir()} == names | {"simulation.json"}
    record = json.loads((folder / "simulation.json").read_text())
    assert record["simulated"] is True
    assert set(record["files"]) == names
    assert [record["files"][f"train_nominal_00{n}.h5"]["jets"] for n in (0, 1)] == [50, 40]
    assert record["files"]["teg_000.h5"]["tops"] == 3


def test_datasets_have_names_shapes_and_types_of_the_release(folder: Path) -> None:
    found = read(folder / "train_nominal_000.h5")
    lists = ("pt", "eta", "phi", "E", "taste")
    assert {found[f"fjet_clus_{name}"].shape for name in lists} == {(50, 200)}
    assert found["fjet_clus_taste"].dtype == found["labels"].dtype == np.int32
    assert found["EventInfo_mcEventWeights"].shape == (50, 27)
    flat = ("fjet_pt", "fjet_eta", "fjet_phi", "fjet_m", "training_weights")
    flat += ("EventInfo_mcEventNumber", *(f"fjet_{name}" for name in OBSERVABLES))
    assert {(found[name].shape, found[name].dtype.str) for name in flat} == {((50,), "<f4")}
    assert len(found) == len(lists) + len(flat) + 2
    assert set(found) - set(read(folder / "esup_000.h5")) == {
        "training_weights",
        "EventInfo_mcEventWeights",
    }


def test_attributes_name_the_datasets_and_say_that_it_is_simulated(folder: Path) -> None:
    with h5py.File(folder / "train_nominal_001.h5") as file:
        assert [name.decode() for name in file.attrs["hl"]] == [f"fjet_{n}" for n in OBSERVABLES]
        assert file.attrs["num_jets"] == 40
        notes = json.loads(file.attrs["hepml_simulation"])
    assert (notes["simulated"], notes["seed"]) == (True, 3)


def test_high_level_quantities_are_those_of_the_constituents_also_varied(folder: Path) -> None:
    for name in ("train_nominal_000.h5", "esup_000.h5", "teg_000.h5"):
        found = read(folder / name)
        filled = found["fjet_clus_pt"] > 0
        offsets = np.concatenate([[0], np.cumsum(filled.sum(axis=1))])
        lists = [found[f"fjet_clus_{item}"][filled] for item in ("pt", "eta", "phi")]
        wanted = observables(*lists, offsets)
        for place, item in enumerate(OBSERVABLES):
            assert found[f"fjet_{item}"] == pytest.approx(wanted[:, place], rel=1e-6)


def test_a_varied_sample_holds_the_jets_of_the_test_sample(folder: Path) -> None:
    test, varied = read(folder / "test_nominal_000.h5"), read(folder / "esup_000.h5")
    number = "EventInfo_mcEventNumber"
    assert set(varied[number]) <= set(test[number])
    place = {int(value): row for row, value in enumerate(test[number])}
    rows = [place[int(value)] for value in varied[number]]
    assert np.array_equal(varied["fjet_pt"], test["fjet_pt"][rows])
    assert (varied["fjet_ECF1"] > test["fjet_ECF1"][rows]).all()


def test_training_weights_have_mean_one_over_all_files(folder: Path) -> None:
    files = [read(folder / f"train_nominal_00{n}.h5") for n in (0, 1)]
    weights = np.concatenate([found["training_weights"] for found in files])
    labels = np.concatenate([found["labels"] for found in files])
    assert labels.sum() == 45
    assert weights[labels == 0].mean() == pytest.approx(1.0, rel=1e-5)
    assert (weights[labels == 1] == 1).all()


def test_the_import_takes_them_and_knows_that_they_are_simulated(
    folder: Path, tmp_path: Path
) -> None:
    found = import_jets([folder], tmp_path, workers=1)
    assert not found.failed
    jets = {name: sum(o.jets for o in outcomes) for name, outcomes in found.datasets.items()}
    assert jets == {"train_nominal": 90, "test_nominal": 20, "esup": 10, "teg": 10}
    # a note of the import would say that event numbers and samples do not agree
    assert not any("event number" in what for o in found.outcomes for what in o.counts)


def test_the_same_seed_gives_the_same_jets_whatever_the_files(folder: Path, tmp_path: Path) -> None:
    simulate(tmp_path, 90, 3, format="h5.gz", datasets=["train_nominal"])
    with gzip.open(tmp_path / "train_nominal_000.h5.gz") as file, h5py.File(file) as jets:
        one = np.sort(jets["fjet_m"][()])
    parts = [read(folder / f"train_nominal_00{n}.h5")["fjet_m"] for n in (0, 1)]
    assert np.array_equal(one, np.sort(np.concatenate(parts)))


def test_the_first_release_had_less(tmp_path: Path) -> None:
    simulate(tmp_path, 10, 3, layout="2022", datasets=["train_nominal"])
    found = read(tmp_path / "train_nominal_000.h5")
    assert "weights" in found
    assert not {"training_weights", "fjet_clus_taste", "EventInfo_mcEventNumber"} & set(found)
    assert len(found) == 4 + 4 + 15 + 2


@pytest.mark.parametrize(
    "options",
    [
        {"jets": -1},
        {"seed": -1},
        {"jets": 0},
        {"layout": "2023"},
        {"format": "root"},
        {"jets_per_file": 0},
        {"datasets": ["trian_nominal"]},
        {"jets": 10, "datasets": ["esup"], "systematics": 0},
    ],
)
def test_what_cannot_be_simulated_is_refused(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        simulate(tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "cer_000.h5.gz").write_text("published")
    with pytest.raises(OutputError, match="exists already"):
        simulate(tmp_path, 10, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["cer_000.h5.gz"]


def test_progress_is_told_in_jets(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    simulate(tmp_path, 10, 1, test=4, datasets=["*_nominal"], progress=lambda *at: told.append(at))
    assert told == [(10, 14), (14, 14)]
    assert set(SAMPLES) >= {"train_nominal", "test_nominal"}
