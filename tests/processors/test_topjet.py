"""Jets for top tagging: rows by hand, cuts, weights, and the same answer on every executor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
from coffea.processor import IterativeExecutor, Runner

import hepml
from hepml.collect import ChunkResult, collect
from hepml.columns import Column
from hepml.engine import Run
from hepml.engine.parquet import open_parquet
from hepml.errors import ParameterError
from hepml.importers import topjet_jets
from hepml.importers.topjet import import_jets
from hepml.ml import choose_features
from hepml.schemas import TopJets
from processors.topjet import TopJetCuts, TopJetProcessor, network_inputs
from processors.topjet_columns import COLUMNS, CONSTITUENTS, HIGH_LEVEL
from tests.engine.runs import assert_same_bits
from tests.importers.jets import jet_columns, write_jets
from tests.processors.test_topjet_constituents import ETA, GOLDEN, PHI, PT

FILES = ("train_nominal_000", "train_nominal_001", "test_nominal_000", "esup_000")


def imported(folder: Path, **files: dict[str, np.ndarray]) -> Path:
    """Import jets by file name, in groups of ten rows."""
    sources = [write_jets(folder / "in" / f"{name}.h5", c) for name, c in files.items()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topjet_jets, "BLOCK", 10)
        assert not import_jets(sources, folder / "imp", workers=1).failed
    return folder / "imp"


def all_columns() -> dict[str, dict[str, np.ndarray]]:
    found = {
        name: jet_columns(30, seed, training=name.startswith("train"), first_event=1000 * seed)
        for seed, name in enumerate(FILES)
    }
    for name in ("EventInfo_mcEventWeights", "EventInfo_mcEventNumber"):
        del found["esup_000"][name]
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported(tmp_path_factory.mktemp("jets"), **all_columns())


def select(path: Path, processor: TopJetProcessor | None = None, **metadata: Any) -> ChunkResult:
    """Select all jets of one imported file, without a run."""
    processor = processor or TopJetProcessor()
    with open_parquet(str(path)) as file:
        known = {"dataset": "x", "fileuuid": file.notes["uuid"], "entrystart": 0} | metadata
        events, _ = file.events(schema=TopJets, metadata=known, start=0, stop=10**6)
        return collect(processor, processor.select(events), known)


def part(store: Path, name: str = "train_nominal_000") -> Path:
    (found,) = store.rglob(f"{name}.parquet")
    return found


# --- rows ----------------------------------------------------------------------------------------


def test_the_golden_jet_goes_through_the_whole_chain(tmp_path: Path) -> None:
    columns = jet_columns(3)
    given = {"pt": PT, "eta": ETA, "phi": PHI, "E": np.array(PT) * np.cosh(ETA)}
    for name, values in given.items():
        columns[f"fjet_clus_{name}"][1] = 0
        columns[f"fjet_clus_{name}"][1, :4] = values
    rows = select(part(imported(tmp_path, esup_000=columns), "esup_000")).columns
    names = ("constit_eta", "constit_phi", "constit_pt", "constit_energy")
    found = network_inputs(*(rows[name] for name in names), max_constits=5)
    np.testing.assert_allclose(found[1], GOLDEN, rtol=0, atol=1e-6)


def test_a_row_holds_the_jet_in_gev(store: Path) -> None:
    columns, rows = all_columns()["train_nominal_000"], select(part(store)).columns
    for name, theirs, scale in (
        ("jet_pt", "fjet_pt", 1e3), ("jet_m", "fjet_m", 1e3), ("jet_eta", "fjet_eta", 1),
        ("hl_Qw", "fjet_Qw", 1e3), ("hl_Split12", "fjet_Split12", 1e3), ("hl_C2", "fjet_C2", 1),
        ("hl_ECF1", "fjet_ECF1", 1e3), ("hl_ECF2", "fjet_ECF2", 1e6), ("hl_ECF3", "fjet_ECF3", 1e9),
        ("weight", "training_weights", 1), ("label", "labels", 1),
    ):  # fmt: skip
        np.testing.assert_allclose(rows[name], columns[theirs] / scale, rtol=1e-6, err_msg=name)
    mask = columns["fjet_clus_pt"] != 0
    assert rows["n_constituents"].tolist() == mask.sum(1).tolist()
    for name in ("pt", "energy"):
        theirs = columns[f"fjet_clus_{'E' if name == 'energy' else name}"][mask] / 1000
        np.testing.assert_allclose(ak.flatten(rows[f"constit_{name}"]), theirs, rtol=1e-6)
    assert rows["row"].tolist() == list(range(30))
    assert rows["event_number"].tolist() == [3 + 10 * row for row in range(30)]
    assert set(rows["is_training"].tolist()) == set(rows["split_ok"].tolist()) == {1}


def test_scale_weights_are_over_the_nominal_one(store: Path) -> None:
    weights = all_columns()["test_nominal_000"]["EventInfo_mcEventWeights"].astype(np.float64)
    rows = select(part(store, "test_nominal_000")).columns
    for name, place in (("isr_up", 4), ("isr_down", 9), ("fsr_up", 6), ("fsr_down", 7)):
        np.testing.assert_allclose(rows[f"weight_{name}"], weights[:, place] / weights[:, 0])


def test_what_a_file_lacks_is_not_invented(store: Path) -> None:
    rows = select(part(store, "esup_000")).columns
    assert np.isnan(rows["weight_isr_up"]).all()
    assert set(rows["event_number"].tolist()) == set(rows["split_ok"].tolist()) == {-1}
    assert set(rows["weight"].tolist()) == {1.0}
    assert set(rows["is_training"].tolist()) == {0}


def test_undefined_high_level_quantities_are_nan_and_in_no_histogram(tmp_path: Path) -> None:
    columns = jet_columns(4)
    columns["fjet_D2"][:2] = np.inf, np.nan
    found = select(part(imported(tmp_path, esup_000=columns), "esup_000"))
    assert np.isnan(found.columns["hl_D2"]).tolist() == [True, True, False, False]
    assert found.histograms["hl_D2"].sum(flow=True).value == 2


# --- cuts and weights ----------------------------------------------------------------------------


def test_jets_of_too_few_constituents_are_cut(tmp_path: Path) -> None:
    columns = jet_columns(6)
    for name in ("pt", "eta", "phi", "E"):
        columns[f"fjet_clus_{name}"][1, 2:] = 0
        columns[f"fjet_clus_{name}"][4] = 0
    path = part(imported(tmp_path, esup_000=columns), "esup_000")
    found = select(path)
    assert {step: item["raw"] for step, item in found.cutflow.items()} == {
        "all": 6,
        ">= 3 constituents": 4,
    }
    assert found.columns["row"].tolist() == [0, 2, 3, 5]
    lengths = ak.num(select(path, TopJetProcessor(TopJetCuts(min_constituents=0))).columns[
        "constit_eta"
    ])  # fmt: skip
    assert lengths[[1, 4]].to_list() == [2, 0]


def test_lists_hold_the_constituents_of_highest_pt(store: Path) -> None:
    whole = select(part(store)).columns
    cut = select(part(store), TopJetProcessor(TopJetCuts(max_constits=4))).columns
    for name in CONSTITUENTS:
        np.testing.assert_array_equal(ak.flatten(cut[name]), ak.flatten(whole[name][:, :4]))
    assert cut["n_constituents"].tolist() == whole["n_constituents"].tolist()


def test_a_range_of_pt_is_cut(store: Path) -> None:
    pt = all_columns()["train_nominal_000"]["fjet_pt"] / 1000
    low, high = np.percentile(pt, [20, 80])
    found = select(part(store), TopJetProcessor(TopJetCuts(pt_low=low, pt_high=high)))
    assert found.cutflow["pT range"]["raw"] == ((pt >= low) & (pt < high)).sum()


def test_jets_of_the_other_sample_are_dropped_only_where_asked(tmp_path: Path) -> None:
    columns = jet_columns(6)
    columns["EventInfo_mcEventNumber"][:2] += 1
    path = part(imported(tmp_path, esup_000=columns), "esup_000")
    assert select(path).columns["split_ok"].tolist() == [0, 0, 1, 1, 1, 1]
    asked = TopJetProcessor.from_parameters(cuts={"event_numbers": "require"})
    assert select(path, asked).columns["row"].tolist() == [2, 3, 4, 5]


def test_training_weights_can_be_left_out(store: Path) -> None:
    weights = all_columns()["train_nominal_000"]["training_weights"].astype(np.float64)
    found = select(part(store))
    assert found.cutflow["all"]["weighted"] == pytest.approx(weights.sum())
    assert found.histograms["jet_pt"].sum(flow=True).value == pytest.approx(weights.sum())
    plain = select(part(store), TopJetProcessor(weight="none"))
    assert plain.cutflow["all"]["weighted"] == 30
    assert set(plain.columns["weight"].tolist()) == {1.0}


def test_scale_variations_fill_the_histograms(store: Path) -> None:
    result = select(part(store, "test_nominal_000"), TopJetProcessor(systematics=True))
    varied = result.histograms["jet_m"][{"variation": "fsr_down"}].sum(flow=True).value
    assert varied == pytest.approx(result.columns["weight_fsr_down"].sum())
    none = select(part(store, "esup_000"), TopJetProcessor(systematics=True))
    assert none.histograms["jet_m"][{"variation": "isr_up"}].sum(flow=True).value == 30


def test_images_hold_each_jets_pt_once(store: Path) -> None:
    found = select(part(store), TopJetProcessor(weight="none"))
    top = int(found.columns["label"].sum())
    assert found.histograms["image_top"].sum(flow=True).value == pytest.approx(top)
    assert found.histograms["image_qcd"].sum(flow=True).value == pytest.approx(30 - top)


def test_without_constituents_there_are_no_lists(store: Path) -> None:
    found = select(part(store), TopJetProcessor(preset="high_level"))
    assert not set(CONSTITUENTS) & set(found.columns)
    assert "image_top" not in found.histograms
    assert [c for c in TopJetProcessor(preset="high_level").columns if c.is_list] == []


def test_no_jet_and_no_jet_that_passes_are_no_rows(tmp_path: Path) -> None:
    path = part(imported(tmp_path, esup_000=jet_columns(0)), "esup_000")
    assert len(select(path).columns["row"]) == 0
    path = part(imported(tmp_path, cer_000=jet_columns(4)), "cer_000")
    found = select(path, TopJetProcessor(TopJetCuts(pt_low=1e6)))
    assert [len(values) for values in found.columns.values()] == [0] * len(COLUMNS)


def test_cuts_that_make_no_sense_are_refused() -> None:
    for values in ({"max_constits": -1}, {"pt_low": 5, "pt_high": 4}, {"event_numbers": "maybe"}):
        with pytest.raises(ParameterError):
            TopJetProcessor.from_parameters(cuts=values)


def test_models_of_numbers_are_offered_every_high_level_quantity() -> None:
    features = [c.name for c in COLUMNS if c.role == "feature" and not c.is_list]
    assert features[:15] == list(HIGH_LEVEL)
    assert features[15:] == ["jet_pt", "jet_eta", "jet_phi", "jet_m", "n_constituents"]
    assert all(isinstance(column, Column) and column.doc for column in COLUMNS if column.is_list)


# --- runs ----------------------------------------------------------------------------------------


def process(store: Path, out: Path, **options: Any) -> Run:
    settings = {"executor": "iterative", "chunk_size": 10, "retries": 0} | options
    return hepml.run(TopJetProcessor(), [str(store)], out=out, **settings)


@pytest.fixture(scope="module")
def reference(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = process(store, tmp_path_factory.mktemp("reference") / "run")
    assert run.report["planned"] == run.report["processed"] == 12
    return run


def assert_same_tables(one: Run, other: Run) -> None:
    """Every value, lists included; pT tells these jets apart."""
    tables = [run.features.to_arrow().sort_by("jet_pt").to_pylist() for run in (one, other)]
    assert str(tables[0]) == str(tables[1])  # NaN is the same as NaN here


def test_a_folder_of_an_import_is_read_with_its_datasets(reference: Run) -> None:
    rows = {name: len(reference.features.of(name)) for name in reference.features.datasets}
    assert rows == {"esup": 30, "test_nominal": 30, "train_nominal": 60}
    assert reference.report["duplicates"] == {}
    assert choose_features(reference.features)[:15] == HIGH_LEVEL


def test_other_processes_give_the_same_bits(reference: Run, store: Path, tmp_path: Path) -> None:
    run = process(store, tmp_path / "run", executor="futures", workers=2)
    assert_same_bits(run, reference)
    assert_same_tables(run, reference)


@pytest.mark.dask
def test_dask_gives_the_same_bits(
    reference: Run, store: Path, tmp_path: Path, scheduler: str
) -> None:
    run = process(store, tmp_path / "run", executor="dask", scheduler=scheduler)
    assert_same_bits(run, reference)
    assert_same_tables(run, reference)


def test_the_chunk_size_does_not_matter(reference: Run, store: Path, tmp_path: Path) -> None:
    assert_same_tables(process(store, tmp_path / "run", chunk_size=1000), reference)


def test_coffeas_runner_gives_the_engines_answer(reference: Run, store: Path) -> None:
    runner = Runner(
        IterativeExecutor(status=False), schema=TopJets, format="parquet", chunksize=7,
        metadata_cache={},
    )  # fmt: skip
    files = {str(part(store, name)): "" for name in FILES[:2]}
    plain = runner({"train_nominal": {"files": files, "metadata": {}}}, TopJetProcessor())
    steps = {row["step"]: row["raw"] for row in reference.cutflow["train_nominal"]}
    found = plain["cutflow"]["train_nominal"]
    assert {step: item["raw"] for step, item in found.items()} == steps
    columns = {name: c.value for name, c in plain["features"]["train_nominal"].items()}
    table = reference.features.of("train_nominal").to_arrow()
    order, theirs = np.lexsort([columns["jet_pt"]]), table.sort_by("jet_pt")
    for name in ("jet_pt", "hl_ECF3", "weight", "row"):
        assert columns[name][order].tolist() == theirs[name].to_pylist()
    for name in CONSTITUENTS:
        assert columns[name][order].to_list() == theirs[name].to_pylist()


def test_a_run_says_what_the_import_counted(tmp_path: Path) -> None:
    files = {}
    for name in ("esup_000", "esup_001"):
        files[name] = jet_columns(6)
        files[name]["EventInfo_mcEventNumber"][:2] += 1
    run = process(imported(tmp_path, **files), tmp_path / "run")
    said = [note for note in run.report["notes"] if "at import" in note]
    assert said == ["'esup' at import: 4 jets whose event number does not belong to a test sample."]
    assert json.loads((tmp_path / "run" / "plan.json").read_text())["processor"] == "topjet"


def test_lists_are_exported_to_root(reference: Run, tmp_path: Path) -> None:
    import uproot

    from hepml.export import export

    with uproot.open(export(reference, "root", tmp_path / "jets.root")) as file:
        tree = file["features/test_nominal"]
        found = tree["constit_pt"].array()
        order = np.argsort(tree["row"].array(library="np"))
    theirs = reference.features.of("test_nominal").to_arrow(["row", "constit_pt"]).sort_by("row")
    assert found[order].to_list() == theirs["constit_pt"].to_pylist()
