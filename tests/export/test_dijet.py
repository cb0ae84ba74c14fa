"""Exports of dijets: the published layout, every event of the table, whole or nothing, resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.engine.store import Layout, locked
from hepml.errors import OutputError, ParameterError
from hepml.export.dijet import DijetExport, Written, plan_dijets, write_dijets
from hepml.export.dijet_shards import Shard, Writer
from tests.export.dijets import (
    POINTS,
    SEVEN,
    as_rows,
    expected,
    read_shard,
    together,
    write_sample,
    write_table,
)

DATASETS = {"QCD": "qcd", "extra_QCD": "qcd_extra", "W_qq": "wprime_qq", "W_qqq": "wprime_qqq"}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("export") / "table")


@pytest.fixture
def export(table: Path, tmp_path: Path) -> Callable[..., Written]:
    """Export the table to ``out``, four shards."""

    def call(kind: str = "dedicated", **options: Any) -> Written:
        source = options.pop("table", table)
        settings = {"form": "tfrecord", "out": tmp_path / "out", "shards": 4} | options
        return write_dijets(plan_dijets(source, DijetExport(kind, **settings)), workers=1)

    return call


def shards(folder: Path, form: str = "tfrecord", number: int = 4) -> list[dict[str, np.ndarray]]:
    return [read_shard(folder / f"SR_train_features_shard_{i}.{form}") for i in range(number)]


def names(folder: Path) -> set[str]:
    return {str(item.relative_to(folder)) for item in folder.rglob("*") if item.is_file()}


@pytest.mark.parametrize("form", ["tfrecord", "parquet"])
@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("point", POINTS)
def test_dedicated_files_hold_the_table_in_the_order_of_its_files(
    export: Callable[..., Written],
    table: Path,
    tmp_path: Path,
    name: str,
    point: tuple[float, float],
    form: str,
) -> None:
    export(form=form, samples=(name,), mass_points=(point,))
    folder = tmp_path / "out/processed/high_level/dedicated" / f"{name}_{point[0]:g}_{point[1]:g}"
    found, wanted = shards(folder, form), expected(table, DATASETS[name], point)
    # as numpy.array_split: the first ones have one more
    assert [len(s["label"]) for s in found] == [
        len(s) for s in np.array_split(np.arange(len(wanted["label"])), 4)
    ]
    for field, values in together(found).items():
        np.testing.assert_array_equal(values, wanted[field])


def test_the_layout_is_the_published_one(export: Callable[..., Written], tmp_path: Path) -> None:
    assert export(shards=1) == Written(8, 0)
    export("parameterised", shards=1)
    shard = ("SR_train_features_shard_0.tfrecord", "SR_train_features_shard_0_metadata.json")
    folders = [f"dedicated/{name}_{p}" for name in DATASETS for p in ("300_300", "500_100")]
    folders += ["parameterised/qq", "parameterised/qqq"]
    own = {f"{kind}/.lock" for kind in ("dedicated", "parameterised")}
    own |= {f"{place}/export.json" for place in ("dedicated", *folders[-2:])}
    found = names(tmp_path / "out" / "processed" / "high_level")
    assert found == {f"{folder}/{name}" for folder in folders for name in shard} | own


def test_metadata_say_shapes_types_and_size(export: Callable[..., Written], tmp_path: Path) -> None:
    export(samples=("QCD",))
    folder = tmp_path / "out/processed/high_level/dedicated/QCD_500_100"
    assert json.loads((folder / "SR_train_features_shard_0_metadata.json").read_text()) == {
        "features": {
            "jet_features": {"shape": [2, 7], "dtype": "float64"},
            "param_masses": {"shape": [2], "dtype": "float64"},
            "label": {"shape": [1], "dtype": "int64"},
        },
        "size": 6,
    }


@pytest.mark.parametrize(("mode", "signal"), [("qq", "wprime_qq"), ("qqq", "wprime_qqq")])
def test_parameterised_shards_mix_that_shard_of_all_samples_and_mass_points(
    export: Callable[..., Written], table: Path, tmp_path: Path, mode: str, signal: str
) -> None:
    export("parameterised")
    found = shards(tmp_path / "out/processed/high_level/parameterised" / mode)
    for number, shard in enumerate(found):
        parts = []
        for dataset in ("qcd", "qcd_extra", signal):
            for point in POINTS:
                fields = expected(table, dataset, point)
                own = np.array_split(np.arange(len(fields["label"])), 4)[number]
                parts.append({name: values[own] for name, values in fields.items()})
        assert as_rows(shard) == as_rows(together(parts))


def test_the_seed_decides_the_order_and_each_shard_has_the_next(
    export: Callable[..., Written], tmp_path: Path
) -> None:
    for name, seed in (("a", 2023), ("b", 2023), ("c", 2024)):
        export("parameterised", out=tmp_path / name, seed=seed, samples=("extra_QCD", "W_qq"))
    place = "processed/high_level/parameterised/qq/SR_train_features_shard_"
    content = {
        (name, number): (tmp_path / name / f"{place}{number}.tfrecord").read_bytes()
        for name in "abc"
        for number in (0, 1)
    }
    assert content["a", 0] == content["b", 0] != content["c", 0]
    # 2 x 3 and 3 + 2 events: the order of shard 1 is that of the seed after the first
    order = np.random.default_rng(2024).permutation(np.arange(11, dtype=np.uint32))
    first = read_shard(tmp_path / "a" / f"{place}1.tfrecord")["param_masses"][:, 0]
    assert first.tolist() == np.repeat([300.0, 500, 300, 500], [3, 3, 3, 2])[order].tolist()


def test_events_do_not_depend_on_how_the_table_is_cut(tmp_path: Path) -> None:
    content = []
    for parts in (1, 5):
        folder = tmp_path / str(parts)
        write_sample(folder / "table", "qcd", 30, files=("b", "a"), parts=parts)
        asked = DijetExport("dedicated", "tfrecord", folder / "out", 3, mass_points=POINTS)
        write_dijets(plan_dijets(folder / "table", asked), workers=2)
        files = sorted((folder / "out").rglob("*.tfrecord"))
        content.append({f.relative_to(folder): f.read_bytes() for f in files})
    assert len(content[0]) == 6
    assert content[0] == content[1]


def test_fewer_features_are_written_in_the_order_asked_for(
    export: Callable[..., Written], table: Path, tmp_path: Path
) -> None:
    features = ("tau12", "m")
    export(samples=("W_qq",), mass_points=POINTS[:1], features=features)
    folder = tmp_path / "out/processed/high_level/dedicated/W_qq_300_300"
    wanted = expected(table, "wprime_qq", POINTS[0], features)["jet_features"]
    np.testing.assert_array_equal(together(shards(folder))["jet_features"], wanted)


def test_more_shards_than_events_are_empty_files(
    export: Callable[..., Written], tmp_path: Path
) -> None:
    for form in ("tfrecord", "parquet"):
        out = tmp_path / form
        export(form=form, out=out, samples=("W_qqq",), mass_points=POINTS[:1], shards=8)
        folder = out / "processed/high_level/dedicated/W_qqq_300_300"
        sizes = [len(s["label"]) for s in shards(folder, form, 8)]
        assert sizes == [1, 1, 1, 1, 1, 0, 0, 0]


def test_an_export_that_was_stopped_goes_on(
    export: Callable[..., Written], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(out=tmp_path / "whole")
    plain, left = Writer.write, [5]

    def stop(self: Writer, shard: Shard) -> bool:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return plain(self, shard)

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "write", stop)
        with pytest.raises(KeyboardInterrupt):
            export()
    folder = tmp_path / "out/processed/high_level/dedicated"
    (shard,) = folder.glob("QCD_300_300/*_0.tfrecord")
    kept = shard.stat().st_mtime_ns
    # what a killed process leaves, a shard without metadata, and one that was cut
    (folder / ".rows-x").mkdir()
    (folder / "QCD_300_300" / ".SR_train_features_shard_3.tfrecord.1-2.tmp").write_bytes(b"x")
    (folder / "QCD_300_300/SR_train_features_shard_2_metadata.json").unlink()
    (folder / "QCD_300_300/SR_train_features_shard_1.tfrecord").write_bytes(b"")
    assert export() == Written(29, 3)
    assert shard.stat().st_mtime_ns == kept
    assert names(tmp_path / "out") == names(tmp_path / "whole")
    for name in names(tmp_path / "whole"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_shard_that_fails_leaves_nothing_of_itself(
    export: Callable[..., Written], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hepml.export.dijet_shards.Records.encode", full)
    with pytest.raises(OutputError, match=r"shard_0\.tfrecord: No space left on device\. What is"):
        export(samples=("QCD",))
    found = names(tmp_path / "out" / "processed" / "high_level" / "dedicated")
    assert found == {".lock", "export.json"}


def test_further_mass_points_join_dedicated_files(export: Callable[..., Written]) -> None:
    assert export(mass_points=POINTS[:1]) == Written(16, 0)
    assert export() == Written(16, 16)


def test_modes_may_be_mixed_one_after_the_other(export: Callable[..., Written]) -> None:
    assert export("parameterised", samples=("QCD", "W_qq")) == Written(4, 0)
    assert export("parameterised", samples=("QCD", "W_qqq")) == Written(4, 0)


@pytest.mark.parametrize(
    ("kind", "options", "what"),
    [
        ("dedicated", {"form": "parquet"}, "format"),
        ("dedicated", {"shards": 5}, "shards"),
        ("dedicated", {"features": tuple(SEVEN)[:3]}, "features"),
        ("parameterised", {"seed": 1}, "seed"),
        ("parameterised", {"samples": ("QCD", "W_qq")}, "samples"),
        ("parameterised", {"mass_points": POINTS[:1]}, "samples"),
    ],
)
def test_a_folder_of_another_export_is_refused(
    export: Callable[..., Written], kind: str, options: dict[str, Any], what: str
) -> None:
    export(kind)
    with pytest.raises(OutputError, match=rf"{kind}.* holds another export, with other {what}\."):
        export(kind, **options)


def test_another_table_is_refused(export: Callable[..., Written], tmp_path: Path) -> None:
    export()
    write_sample(tmp_path / "table", "qcd", 23)
    with pytest.raises(OutputError, match="with other table"):
        export(table=tmp_path / "table", mass_points=POINTS)


def test_files_of_others_are_refused(export: Callable[..., Written], tmp_path: Path) -> None:
    folder = tmp_path / "out/processed/high_level/dedicated/QCD_300_300"
    folder.mkdir(parents=True)
    (folder / "SR_train_features_shard_0.tfrecord").write_bytes(b"")
    with pytest.raises(OutputError, match="holds files that no export of hepml wrote"):
        export()


def test_a_damaged_note_is_named(export: Callable[..., Written], tmp_path: Path) -> None:
    export()
    (tmp_path / "out/processed/high_level/dedicated/export.json").write_text("[")
    with pytest.raises(OutputError, match=r"export\.json cannot be read"):
        export()


def test_two_at_a_time_are_refused(export: Callable[..., Written], tmp_path: Path) -> None:
    root = tmp_path / "out/processed/high_level/dedicated"
    root.mkdir(parents=True)
    with locked(Layout(root)), pytest.raises(OutputError, match="Another process is writing"):
        export()


def test_a_disk_that_is_too_small_is_noticed_first(
    export: Callable[..., Written], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda place: usage)
    with pytest.raises(OutputError, match=r"0\.0 GB are needed and 0\.0 GB are free in .*Name few"):
        export()
    assert not (tmp_path / "out").exists()


def test_progress_counts_every_shard(table: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    asked = DijetExport("dedicated", "tfrecord", tmp_path, 2, samples=("W_qq",))
    write_dijets(plan_dijets(table, asked), workers=1, progress=lambda *item: told.append(item))
    assert [item[1:] for item in told] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert told[-1][0] == "W_qq_500_100"


def test_no_workers_are_refused(table: Path, tmp_path: Path) -> None:
    plan = plan_dijets(table, DijetExport("dedicated", "tfrecord", tmp_path / "out"))
    with pytest.raises(ParameterError, match="--workers must be at least 1"):
        write_dijets(plan, workers=0)
