"""Plans of exports: samples, mass points, sizes, and what cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hepml
from hepml.errors import HepmlError, ParameterError, TableError
from hepml.export import dijet_plan
from hepml.export.dijet import DijetExport, DijetPlan, plan_dijets, write_dijets
from hepml.export.dijet_layout import columns_of, point_name, shard_ranges
from hepml.importers.dijet import import_dijets
from hepml.simulate.dijet import GRID
from processors.dijet import DijetProcessor
from tests.export.dijets import POINTS, read_shard, together, write_sample, write_table
from tests.importers.dijets import Columns, dijet_columns, write_fixed


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("export") / "table")


@pytest.fixture
def plan(table: Path, tmp_path: Path) -> Callable[..., DijetPlan]:
    def call(kind: str = "dedicated", source: Path = table, **options: Any) -> DijetPlan:
        settings = {"form": "tfrecord", "out": tmp_path / "out", "shards": 4} | options
        return plan_dijets(source, DijetExport(kind, **settings))

    return call


@pytest.mark.parametrize(
    ("events", "shards"), [(10, 3), (3, 5), (0, 2), (100, 100), (734_210, 100)]
)
def test_shards_are_cut_as_numpy_cuts_arrays(events: int, shards: int) -> None:
    pieces = np.array_split(np.arange(events), shards)
    assert [last - first for first, last in shard_ranges(events, shards)] == [*map(len, pieces)]
    assert shard_ranges(events, shards)[-1][1] == events


def test_masses_in_names_are_whole_where_they_are() -> None:
    assert [point_name(point) for point in ((500.0, 100.0), (87.5, 1200.0))] == [
        "500_100",
        "87.5_1200",
    ]


def test_events_and_files_are_counted(plan: Callable[..., DijetPlan]) -> None:
    dedicated, mixed = plan(), plan("parameterised")
    assert [item.name for item in dedicated.samples] == ["QCD", "extra_QCD", "W_qq", "W_qqq"]
    assert (dedicated.events, dedicated.files) == (2 * 33 + 19 + 11, 8 * 4)
    assert (mixed.events, mixed.files) == (4 * 33 + 19 + 11, 2 * 4)


@pytest.mark.parametrize("kind", ["dedicated", "parameterised"])
def test_the_size_is_told_before(plan: Callable[..., DijetPlan], kind: str) -> None:
    found = plan(kind)
    write_dijets(found, workers=1)
    written = sum(path.stat().st_size for path in found.asked.root.rglob("SR_*"))
    # 208 bytes a record, as published
    assert found.bytes == pytest.approx(208 * found.events + 300 * found.files)
    assert found.bytes == pytest.approx(written, rel=0.1)


def test_samples_may_have_either_name(plan: Callable[..., DijetPlan]) -> None:
    found = plan(samples=("W_qqq", "qcd"))
    assert [item.name for item in found.samples] == ["QCD", "W_qqq"]


def test_later_publications_are_written_where_asked_for(
    plan: Callable[..., DijetPlan], tmp_path: Path
) -> None:
    source = tmp_path / "table"
    write_sample(source, "qcd_generated", 3)
    write_sample(source, "wprime_qq", {POINTS[0]: 3}, prongs=2)
    assert [item.name for item in plan(source=source).samples] == ["W_qq"]
    found = plan("parameterised", source, samples=("generated_QCD", "W_qq"))
    assert [item.name for item in found.samples] == ["generated_QCD", "W_qq"]


def test_a_sample_of_ones_own_keeps_its_name(
    plan: Callable[..., DijetPlan], tmp_path: Path
) -> None:
    source = tmp_path / "table"
    write_sample(source, "mine", {POINTS[0]: 3}, prongs=3)
    write_sample(source, "qcd", 4)
    (found,) = plan("parameterised", source).targets
    assert found.folder.name == "qqq"
    assert [facts.name for facts, _ in found.contents] == ["QCD", "mine"]


def test_events_of_another_label_are_left_out_and_told(
    plan: Callable[..., DijetPlan], tmp_path: Path
) -> None:
    source = tmp_path / "table"
    write_sample(source, "qcd", 4)
    write_sample(tmp_path / "other", "qcd", {POINTS[0]: 3}, prongs=2)
    (tmp_path / "other/qcd/0.parquet").rename(source / "qcd/signal.parquet")
    found = plan(source=source, mass_points=POINTS[:1])
    assert (found.events, found.notes) == (4, ("QCD: 1 events of another label are left out",))


def test_mass_points_that_one_mode_lacks_are_left_out_of_it(
    plan: Callable[..., DijetPlan], tmp_path: Path
) -> None:
    source = tmp_path / "table"
    write_sample(source, "qcd", 4)
    write_sample(source, "wprime_qq", dict.fromkeys(POINTS, 3), prongs=2)
    write_sample(source, "wprime_qqq", {POINTS[0]: 3}, prongs=3)
    names = {target.folder.name for target in plan(source=source).targets}
    assert "W_qqq_500_100" not in names
    assert len(names) == 5
    assert [item.events for item in plan("parameterised", source).targets] == [2 * 4 + 6, 4 + 3]


def test_masses_between_single_precision_numbers_are_found(
    plan: Callable[..., DijetPlan], tmp_path: Path
) -> None:
    source = tmp_path / "table"
    write_sample(source, "wprime_qq", {(87.3, 60.0): 3}, prongs=2)
    found = plan(source=source, mass_points=((87.3, 60.0),))
    assert [target.folder.name for target in found.targets] == ["W_qq_87.3_60"]
    assert found.events == 3


def test_a_large_export_says_why(
    plan: Callable[..., DijetPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plan().notes == ()
    monkeypatch.setattr(dijet_plan, "_LARGE", 1000)
    (note,) = plan().notes
    assert note.startswith("63 events become 96 records, since this layout holds background once")


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"kind": "dedicate"}, ParameterError, "Did you mean 'dedicated'?"),
        ({"form": "tfrecords"}, ParameterError, "Did you mean 'tfrecord'?"),
        ({"shards": 0}, ParameterError, "--shards must be at least 1"),
        ({"seed": -1}, ParameterError, "--seed must not be negative"),
        ({"features": ("m", "tau21")}, ParameterError, "no 'tau21'. It is called 'tau12'."),
        ({"features": ("tau13",)}, ParameterError, "no 'tau13'. Did you mean 'tau"),
        ({"features": ("m", "m")}, ParameterError, "name each once, of pt,eta,phi,m,N"),
        ({"features": ()}, ParameterError, "name each once"),
        ({"samples": ("W_q",)}, ParameterError, "no sample 'W_q'. Did you mean 'W_qq"),
        ({"mass_points": GRID}, TableError, "W_qq has no events with masses 50:50 GeV (nor of 141"),
        ({"mass_points": ((310.0, 290.0),)}, TableError, "Nearest of 2 mass points: 300:300, 500"),
        ({"kind": "parameterised", "samples": ("QCD",)}, ParameterError, "there is no signal"),
        ({"kind": "parameterised", "samples": ("W_qq",)}, ParameterError, "there is no background"),
    ],
)
def test_what_cannot_be_is_named(
    plan: Callable[..., DijetPlan], options: dict[str, Any], error: type[HepmlError], text: str
) -> None:
    with pytest.raises(error) as caught:
        plan(**options)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("prongs", "kind", "text"),
    [
        (-1, "parameterised", "decay mode of mine is not known"),
        (0, "dedicated", "has no signal. Say for which masses"),
    ],
)
def test_a_table_that_lacks_something_says_so(
    plan: Callable[..., DijetPlan], tmp_path: Path, prongs: int, kind: str, text: str
) -> None:
    source = tmp_path / "table"
    write_sample(source, "qcd", 4)
    if prongs:
        write_sample(source, "mine", {POINTS[0]: 3}, prongs=2)
        for part in (source / "mine").iterdir():
            known = pq.read_table(part)
            place = known.schema.get_field_index("prongs")
            other = pa.array(np.full(len(known), prongs, np.int8))
            pq.write_table(known.set_column(place, known.schema.field(place), other), part)
    with pytest.raises(HepmlError, match=text):
        plan(kind, source)


def test_signal_without_masses_is_refused(plan: Callable[..., DijetPlan], tmp_path: Path) -> None:
    write_sample(tmp_path / "table", "mine", {(np.nan, np.nan): 3}, prongs=2)
    with pytest.raises(TableError, match="'mine' has no masses mx, my"):
        plan(source=tmp_path / "table")


def test_a_sample_of_both_labels_is_refused(plan: Callable[..., DijetPlan], tmp_path: Path) -> None:
    source = tmp_path / "table"
    write_sample(source, "mine", 4)
    write_sample(tmp_path / "other", "mine", {POINTS[0]: 3}, prongs=2)
    (tmp_path / "other/mine/0.parquet").rename(source / "mine/signal.parquet")
    with pytest.raises(TableError, match="'mine' holds signal and background"):
        plan(source=source)


def test_another_channels_table_is_refused(plan: Callable[..., DijetPlan], tmp_path: Path) -> None:
    pq.write_table(pa.table({"mass": [1.0]}), tmp_path / "x.parquet")
    with pytest.raises(TableError, match="has no column 'file': give a run of hepml run dijet"):
        plan(source=tmp_path / "x.parquet")


# --- from the published files to the published fields ------------------------------------------


def published(columns: Columns, label: int, point: tuple[float, float]) -> dict[str, np.ndarray]:
    """Section by section what the published package does to one of its files."""
    size = len(columns["pxj1"])
    jets, total = [], np.zeros((size, 4))
    for jet in ("j1", "j2"):
        px, py, pz, m = (columns[f"{name}{jet}"] * 1e-3 for name in ("px", "py", "pz", "m"))
        total += np.stack([np.sqrt(px**2 + py**2 + pz**2 + m**2), px, py, pz], axis=1)
        pt = np.hypot(px, py)
        number = columns.get(f"N{jet}", np.zeros(size))
        taus = [columns[f"tau{n}{jet}"] for n in (1, 2, 3)]
        ratios = [taus[1] / taus[0], taus[2] / taus[1]]
        jets.append([pt, np.arcsinh(pz / pt), np.arctan2(py, px), m, number, *ratios])
    mass = np.sqrt(total[:, 0] ** 2 - (total[:, 1:] ** 2).sum(axis=1))
    features = np.array(jets).transpose(2, 0, 1)
    heavier = features[:, 1, 3] > features[:, 0, 3]
    features[heavier] = features[heavier][:, ::-1]
    kept = (mass > 3.3) & (mass < 3.7) & (columns.get("label", np.full(size, label)) == label)
    if "mx" in columns:
        kept &= (columns["mx"] == point[0]) & (columns["my"] == point[1])
    return {"jet_features": features[kept], "label": np.full((kept.sum(), 1), label)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Columns]]:
    """A run in many chunks, and the columns of its files."""
    folder = tmp_path_factory.mktemp("published")
    files = {
        "QCD": dijet_columns(60, 1) | {"label": (np.arange(60) >= 48).astype(np.float64)},
        "W_qq": dijet_columns(90, 3, parametric=True),
    }
    sources = [write_fixed(folder / "in" / f"{name}.h5", c) for name, c in files.items()]
    assert not import_dijets(sources, folder / "imported", workers=1).failed
    settings: dict[str, Any] = {"executor": "iterative", "chunk_size": 7}
    hepml.run(DijetProcessor(), [str(folder / "imported")], out=folder / "run", **settings)
    return folder / "run", files


@pytest.mark.parametrize(("name", "label"), [("QCD", 0), ("W_qq", 1)])
def test_published_files_become_the_published_fields_in_their_order(
    run: tuple[Path, dict[str, Columns]],
    plan: Callable[..., DijetPlan],
    name: str,
    label: int,
) -> None:
    point = (500.0, 100.0)
    found = plan(source=run[0], samples=(name,), mass_points=(point,))
    write_dijets(found, workers=1)
    (target,) = found.targets
    shards = [target.folder / f"SR_train_features_shard_{i}.tfrecord" for i in range(4)]
    written = together([read_shard(path) for path in shards])
    wanted = published(run[1][name], label, point)
    assert len(wanted["label"]) > 5
    np.testing.assert_array_equal(written["label"], wanted["label"])
    # the store and the table are of single precision
    np.testing.assert_allclose(
        written["jet_features"], wanted["jet_features"], rtol=3e-6, atol=1e-6
    )


def test_parts_of_one_file_are_in_its_order_and_files_by_their_names(
    plan: Callable[..., DijetPlan], run: tuple[Path, dict[str, Columns]]
) -> None:
    assert sorted(plan(source=run[0]).originals.values()) == ["QCD.h5", "W_qq.h5"]


def test_a_run_with_other_cuts_is_told(
    plan: Callable[..., DijetPlan], run: tuple[Path, dict[str, Columns]], tmp_path: Path
) -> None:
    assert plan(source=run[0]).notes == ()
    imported = run[0].with_name("imported")
    hepml.run(
        DijetProcessor(preset="inclusive"),
        [str(imported)],
        out=tmp_path / "r",
        executor="iterative",
    )
    (note,) = plan(source=tmp_path / "r").notes
    assert note.startswith("the run has mass_low = None, mass_high = None: these are not the")


def test_columns_are_those_of_both_jets() -> None:
    assert columns_of(("N", "tau12")) == (
        *("heavy_constituents", "heavy_tau21"),
        *("light_constituents", "light_tau21"),
    )
