"""Dijet events: rows by hand, the published order of steps, and the same answer everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coffea.processor import IterativeExecutor, Runner

import hepml
from hepml.collect import ChunkResult, collect
from hepml.engine import Run
from hepml.engine.parquet import open_parquet
from hepml.errors import ParameterError
from hepml.importers import dijet_store
from hepml.importers.dijet import import_dijets
from hepml.ml import choose_features
from hepml.schemas import Dijets
from processors.dijet import STUDY, DijetCuts, DijetProcessor, dijet_mass, tau_ratio
from processors.dijet_columns import COLUMNS
from tests.engine.runs import assert_same_bits
from tests.importers.dijets import Columns, dijet_columns, write_fixed

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "dijet"


def imported(folder: Path, **files: Columns) -> Path:
    """Import events by sample name, in groups of ten rows."""
    sources = [write_fixed(folder / "in" / f"{name}.h5", c) for name, c in files.items()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dijet_store, "BLOCK", 10)
        assert not import_dijets(sources, folder / "imp", workers=1).failed
    return folder / "imp"


def all_columns() -> dict[str, Columns]:
    label = (np.arange(40) >= 32).astype(np.float64)
    return {
        "qcd": dijet_columns(40, 1) | {"label": label},
        "qcd_extra": dijet_columns(25, 2),
        "wprime_qq": dijet_columns(30, 3, parametric=True),
        "wprime_qqq": dijet_columns(30, 4, parametric=True),
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported(tmp_path_factory.mktemp("dijets"), **all_columns())


def select(path: Path, processor: DijetProcessor | None = None, **metadata: Any) -> ChunkResult:
    """Select all events of one imported file, without a run."""
    processor = processor or DijetProcessor()
    with open_parquet(str(path)) as file:
        known = {"dataset": "x", "fileuuid": file.notes["uuid"], "entrystart": 0} | metadata
        events, _ = file.events(schema=Dijets, metadata=known, start=0, stop=10**6)
        return collect(processor, processor.select(events), known)


def part(store: Path, name: str) -> Path:
    (found,) = (store / name).glob("*.parquet")
    return found


def by_hand(columns: Columns) -> dict[str, np.ndarray]:
    """The published steps in a few plain lines, on the numbers as stored."""
    stored = {name: v.astype(np.float32).astype(np.float64) for name, v in columns.items()}
    four = np.zeros((len(stored["mj1"]), 4))
    for jet in ("j1", "j2"):
        p = np.stack([stored[f"{axis}{jet}"] for axis in ("px", "py", "pz")], axis=1)
        four[:, 1:] += p
        four[:, 0] += np.sqrt((p**2).sum(1) + stored[f"m{jet}"] ** 2)
    found = {"dijet_mass": np.sqrt(four[:, 0] ** 2 - (four[:, 1:] ** 2).sum(1))}
    swap = stored["mj2"] > stored["mj1"]
    for name, first, second in (("heavy", "j1", "j2"), ("light", "j2", "j1")):
        jet = {
            q: np.where(swap, stored[f"{q}{second}"], stored[f"{q}{first}"])
            for q in ("px", "py", "pz", "m", "tau1", "tau2", "tau3")
        }
        found[f"{name}_mass"] = jet["m"]
        found[f"{name}_tau21"] = jet["tau2"] / jet["tau1"]
        found[f"{name}_tau32"] = jet["tau3"] / jet["tau2"]
        found[f"{name}_pt"] = np.hypot(jet["px"], jet["py"])
        found[f"{name}_eta"] = np.arctanh(jet["pz"] / np.hypot(found[f"{name}_pt"], jet["pz"]))
        found[f"{name}_phi"] = np.arctan2(jet["py"], jet["px"])
    return found


def with_masses(*masses: tuple[float, float], **values: float) -> Columns:
    """Events whose jets have these masses, all else equal; 100 GeV each where none is given."""
    columns = {name: v[:1].repeat(len(masses)) for name, v in dijet_columns(1).items()}
    for place, jet in enumerate(("j1", "j2")):
        side = 1 - 2 * place
        momentum = {"px": 1740.0 * side, "py": 0.0, "pz": 0.0, "tau1": 100.0, "tau2": 50.0}
        for name, value in momentum.items():
            columns[f"{name}{jet}"] = np.full(len(masses), value)
        columns[f"m{jet}"] = np.array([pair[place] for pair in masses], dtype=np.float64)
    for name, value in values.items():
        columns[name] = np.full(len(masses), value)
    return columns


# --- rows ----------------------------------------------------------------------------------------


def test_rows_are_those_of_the_published_steps(store: Path) -> None:
    columns = all_columns()["wprime_qq"]
    wanted = by_hand(columns)
    passing = (wanted["dijet_mass"] > 3300) & (wanted["dijet_mass"] < 3700)
    rows = select(part(store, "wprime_qq")).columns
    assert rows["row"].tolist() == np.flatnonzero(passing).tolist() != []
    for name, values in wanted.items():
        np.testing.assert_allclose(rows[name], values[passing], rtol=2e-6, err_msg=name)
    assert rows["mx"].tolist() == columns["mx"][passing].tolist()
    assert set(rows["label"].tolist()) == {1}
    assert set(rows["prongs"].tolist()) == {2}
    swap = columns["mj2"] > columns["mj1"]
    heavy = np.where(swap, columns["Nj2"], columns["Nj1"])[passing]
    assert rows["heavy_constituents"].tolist() == heavy.tolist()


def test_background_has_no_masses_and_no_constituents(store: Path) -> None:
    rows = select(part(store, "qcd"), DijetProcessor(preset="inclusive")).columns
    assert np.isnan(rows["mx"]).all()
    assert np.isnan(rows["my"]).all()
    assert set(rows["heavy_constituents"].tolist()) == {-1}
    assert set(rows["prongs"].tolist()) == set(rows["label"].tolist()) == {0}


def test_the_signal_region_excludes_its_edges() -> None:
    def jet(side: float, mass: float) -> dict[str, np.ndarray]:
        half = np.array([1650.0, 1700.0, 1850.0])
        zero = np.zeros(3)
        return {"px": side * half, "py": zero, "pz": zero, "m": zero + mass}

    mass = dijet_mass(jet(1, 0), jet(-1, 0))
    assert mass.tolist() == [3300, 3400, 3700]
    cuts = DijetProcessor()
    stored = {"label_ok": np.ones(3, np.int8)}
    steps = cuts._steps(stored, ({"pt": mass}, {"pt": mass}), mass)
    assert steps["signal region"].tolist() == [False, True, False]


def test_ratios_are_zero_unless_both_denominators_are_above_zero() -> None:
    jet = {
        "tau1": np.array([4.0, 0.0, 4.0, -1.0, np.nan]),
        "tau2": np.array([2.0, 2.0, 0.0, 2.0, 2.0]),
        "tau3": np.array([1.0, 1.0, 1.0, 1.0, 1.0]),
    }
    assert tau_ratio(jet, "tau2", "tau1").tolist() == [0.5, 0, 0, 0, 0]
    assert tau_ratio(jet, "tau3", "tau2").tolist() == [0.5, 0, 0, 0, 0]


def test_jets_are_ordered_by_mass_or_by_pt(tmp_path: Path) -> None:
    columns = with_masses((100, 300), (300, 100), (200, 200), pxj2=-1700.0, tau1j1=80.0)
    path = part(imported(tmp_path, mine=columns), "mine")
    rows = select(path).columns
    assert rows["heavy_mass"].tolist() == [300, 300, 200]
    # where the masses are the same the first jet of the input stays the first
    assert rows["heavy_pt"].tolist() == [1700, 1740, 1740]
    rows = select(path, DijetProcessor(DijetCuts(order="pt"))).columns
    assert rows["heavy_pt"].tolist() == [1740] * 3
    assert rows["heavy_mass"].tolist() == [100, 300, 200]


def test_an_event_has_the_same_key_in_whichever_file_it_is(tmp_path: Path) -> None:
    columns = dijet_columns(20, 5)
    other = {name: values[::-1] for name, values in columns.items()}
    labelled = other | {"label": np.zeros(20), "mx": np.full(20, np.nan), "my": np.full(20, np.nan)}
    store = imported(tmp_path, one=columns, two=labelled)
    inclusive = DijetProcessor(preset="inclusive")
    one, two = (select(part(store, name), inclusive).columns["event"] for name in ("one", "two"))
    assert one.tolist() == two.tolist()[::-1]
    assert len(set(one.tolist())) == 20


# --- cuts ----------------------------------------------------------------------------------------


def steps(found: ChunkResult) -> dict[str, int]:
    return {step: item["raw"] for step, item in found.cutflow.items()}


def test_signal_at_the_end_of_the_qcd_file_is_left_out_unless_asked_for(store: Path) -> None:
    mass = by_hand(all_columns()["qcd"])["dijet_mass"]
    inside = (mass > 3300) & (mass < 3700)
    found = select(part(store, "qcd"))
    assert steps(found) == {
        "all": 40,
        "two jets": 40,
        "signal region": inside.sum(),
        "label of its sample": inside[:32].sum(),
    }
    kept = select(part(store, "qcd"), DijetProcessor.from_parameters(cuts={"labels": "keep"}))
    assert len(kept.columns["row"]) == inside.sum()
    # whose decay the file does not say
    assert set(kept.columns["prongs"][kept.columns["label"] == 1].tolist()) == {-1}


def test_all_masses_are_kept_where_asked(store: Path) -> None:
    found = select(part(store, "qcd"), DijetProcessor(preset="inclusive"))
    assert steps(found) == {"all": 40, "two jets": 40, "label of its sample": 32}


def test_an_event_of_one_jet_is_cut(tmp_path: Path) -> None:
    path = part(imported(tmp_path, mine=with_masses((100, 100), pxj2=0.0)), "mine")
    found = select(path, DijetProcessor(preset="inclusive"))
    assert steps(found) == {"all": 1, "two jets": 0, "label of its sample": 0}


def test_no_event_and_none_that_passes_are_no_rows(tmp_path: Path) -> None:
    store = imported(tmp_path, one=dijet_columns(0), two=dijet_columns(4))
    for name, cuts in (("one", None), ("two", DijetCuts(mass_low=1e6, mass_high=None))):
        found = select(part(store, name), DijetProcessor(cuts))
        assert [len(values) for values in found.columns.values()] == [0] * len(COLUMNS)


def test_cuts_that_make_no_sense_are_refused() -> None:
    for values in ({"mass_low": 3800}, {"order": "eta"}, {"labels": "all"}, {"mass_loww": 1}):
        with pytest.raises(ParameterError):
            DijetProcessor.from_parameters(cuts=values)


# --- what there is for models and for people -----------------------------------------------------


def test_what_would_tell_the_label_is_no_feature() -> None:
    roles = {column.name: column.role for column in COLUMNS}
    features = [name for name, role in roles.items() if role == "feature"]
    assert features[:6] == list(STUDY)
    for name in ("heavy_constituents", "light_constituents", "mx", "my", "prongs", "dijet_mass"):
        assert roles[name] == "observer"
    assert [name for name, role in roles.items() if role == "key"] == ["event"]


def test_histograms_hold_every_event_once_by_class(store: Path) -> None:
    found = select(part(store, "wprime_qqq"))
    rows = len(found.columns["row"])
    for name in ("heavy_mass", "light_tau21", "dijet_mass", "delta_eta"):
        histogram = found.histograms[name][{"dataset": 0, "variation": 0}]
        assert histogram[{"prongs": 2}].sum(flow=True).value == rows
        assert histogram[{"prongs": 0}].sum(flow=True).value == 0
    assert found.histograms["mass_points"].sum(flow=True).value == rows
    assert found.histograms["spectrum"].sum(flow=True).value == 30


def test_samples_of_the_signal_region_alone_are_not_in_the_spectrum(store: Path) -> None:
    found = select(part(store, "qcd_extra"))
    assert found.histograms["spectrum"].sum(flow=True).value == 0
    assert found.histograms["dijet_mass"].sum(flow=True).value == len(found.columns["row"]) > 0


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared reference data are not there")
def test_the_reference_sample_has_the_stated_means(tmp_path: Path) -> None:
    import_dijets([SHARED], tmp_path, workers=1)
    rows = {name: select(part(tmp_path, name)).columns for name in ("qcd", "wprime_qq")}
    same = (rows["wprime_qq"]["mx"] == 300) & (rows["wprime_qq"]["my"] == 300)
    # of the sample's README: mass [TeV], tau21, tau32 of the heavier and the lighter jet
    for found, wanted in (
        ({name: rows["qcd"][name] for name in STUDY}, (0.305, 0.478, 0.716, 0.143, 0.624, 0.791)),
        (
            {name: rows["wprime_qq"][name][same] for name in STUDY},
            (0.322, 0.258, 0.666, 0.277, 0.294, 0.689),
        ),
    ):
        means = [values.mean() / (1000 if "mass" in name else 1) for name, values in found.items()]
        np.testing.assert_allclose(means, wanted, atol=6e-4)


# --- runs ----------------------------------------------------------------------------------------


def process(store: Path, out: Path, **options: Any) -> Run:
    settings = {"executor": "iterative", "chunk_size": 10, "retries": 0} | options
    return hepml.run(DijetProcessor(), [str(store)], out=out, **settings)


@pytest.fixture(scope="module")
def reference(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = process(store, tmp_path_factory.mktemp("reference") / "run")
    assert run.report["planned"] == run.report["processed"] == 12
    return run


def assert_same_tables(one: Run, other: Run) -> None:
    tables = [run.features.to_arrow().sort_by("event").to_pylist() for run in (one, other)]
    assert str(tables[0]) == str(tables[1])  # NaN is the same as NaN here


def test_a_folder_of_an_import_is_read_with_its_samples(reference: Run) -> None:
    assert set(reference.features.datasets) == set(all_columns())
    assert reference.report["duplicates"] == {}
    assert choose_features(reference.features)[:6] == STUDY
    assert [row["step"] for row in reference.cutflow["qcd"]][-1] == "label of its sample"
    assert len(reference.features) == sum(rows[-1]["raw"] for rows in reference.cutflow.values())


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
        IterativeExecutor(status=False), schema=Dijets, format="parquet", chunksize=7,
        metadata_cache={},
    )  # fmt: skip
    plain = runner(
        {"qcd": {"files": {str(part(store, "qcd")): ""}, "metadata": {}}}, DijetProcessor()
    )
    wanted = {row["step"]: row["raw"] for row in reference.cutflow["qcd"]}
    assert {step: item["raw"] for step, item in plain["cutflow"]["qcd"].items()} == wanted
    columns = {name: item.value for name, item in plain["features"]["qcd"].items()}
    table = reference.features.of("qcd").to_arrow().sort_by("event")
    order = np.argsort(columns["event"])
    for name in (*STUDY, "dijet_mass", "row"):
        assert columns[name][order].tolist() == table[name].to_pylist()


def test_the_same_event_twice_in_a_sample_is_reported(tmp_path: Path) -> None:
    one = write_fixed(tmp_path / "a.h5", with_masses((100, 90), (80, 60)))
    two = write_fixed(tmp_path / "b.h5", with_masses((80, 60), (70, 60)))
    import_dijets([f"mine={one}", f"mine={two}"], tmp_path / "imp", workers=1)
    run = hepml.run(
        DijetProcessor(), [str(tmp_path / "imp")], out=tmp_path / "run", executor="iterative",
        kind="simulation",
    )  # fmt: skip
    assert run.report["duplicates"] == {"mine": 1}
    assert json.loads((tmp_path / "run" / "plan.json").read_text())["processor"] == "dijet"
