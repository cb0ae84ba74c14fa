"""Import of dijet events: nothing lost, every layout, faults named, stops survived."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from hepml.engine.parquet import open_parquet
from hepml.errors import EmptyInputError, OverlapError, ParameterError
from hepml.importers import dijet, dijet_store
from hepml.importers.dijet import import_dijets
from hepml.importers.dijet_samples import name_files
from hepml.importers.dijet_work import DijetOutcome, DijetTask, import_part
from tests.importers.dijets import Columns, dijet_columns, write_fixed, write_table

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "dijet"
QCD, QQ = "events_anomalydetection_v2.features.h5", "events_anomalydetection_Z_XY_qq_parametric.h5"


def one(source: str | Path, out: Path, **options: Any) -> DijetOutcome:
    (outcome,) = import_dijets([source], out, workers=1, **options).outcomes
    return outcome


def assert_same_events(columns: Columns, target: Path) -> None:
    """Every number of every event is there."""
    table = pq.read_table(target)
    for name, values in columns.items():
        ours = name if name in ("label", "mx", "my") else f"{name[-2:]}_{name[:-2].lower()}"
        np.testing.assert_array_equal(table[ours], values.astype(np.float32), err_msg=name)
    assert table["row"].to_pylist() == list(range(len(columns["pxj1"])))


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 8 events, so that a small file has several."""
    monkeypatch.setattr(dijet_store, "BLOCK", 8)


# --- nothing is lost -----------------------------------------------------------------------------

WRITERS: dict[str, Callable[[Path, Columns], Path]] = {
    "fixed": write_fixed,
    "key": lambda path, columns: write_fixed(path, columns, "some/where else"),
    "blocks": lambda path, columns: write_fixed(
        path, columns, blocks=[list(columns)[5:], list(columns)[:5]]
    ),
    "across": lambda path, columns: write_fixed(path, columns, across=True),
    "table": write_table,
    "data columns": lambda path, columns: write_table(path, columns, own=["mj1", "tau3j2"]),
}


@pytest.mark.parametrize("layout", WRITERS)
def test_every_number_comes_back_from_every_layout(tmp_path: Path, layout: str) -> None:
    columns = dijet_columns(30, parametric=True)
    outcome = one(WRITERS[layout](tmp_path / QQ, columns), tmp_path / "out")
    assert outcome.reason == ""
    assert outcome.target == tmp_path / "out" / "wprime_qq" / f"{Path(QQ).stem}.parquet"
    assert (outcome.events, outcome.counts) == (30, {})
    assert_same_events(columns, outcome.target)
    assert pq.read_metadata(outcome.target).num_row_groups == 4
    assert [path.name for path in outcome.target.parent.iterdir()] == [outcome.target.name]


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared reference data are not there")
def test_the_reference_sample_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import h5py

    monkeypatch.setattr(dijet_store, "BLOCK", 5_000)
    found = import_dijets([SHARED], tmp_path, workers=1)
    sizes = {name: sum(o.events for o in items) for name, items in found.datasets.items()}
    assert sizes == {"qcd": 21000, "wprime_qq": 8000, "wprime_qqq": 8000}
    for outcome in found.outcomes:
        with h5py.File(outcome.source) as file:
            (group,) = file.values()
            names = [name.decode() for name in group["block0_items"][:]]
            values = group["block0_values"][:]
        assert_same_events(dict(zip(names, values.T, strict=True)), outcome.target)
    points = [(100, 500, 2000), (200, 400, 2000), (300, 300, 2000), (500, 100, 2000)]
    assert [list(o.mass_points) for o in found.datasets["wprime_qqq"]] == [points]


def test_gzipped_files_and_upper_case_names_are_read(tmp_path: Path) -> None:
    columns = dijet_columns(9)
    plain = write_fixed(tmp_path / "mine.h5", {n.upper(): v for n, v in columns.items()})
    plain.with_name("mine.h5.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert_same_events(columns, one(tmp_path / "mine.h5.gz", tmp_path / "out").target)


def test_no_event_is_a_file_without_rows(tmp_path: Path) -> None:
    outcome = one(write_fixed(tmp_path / QCD, dijet_columns(0)), tmp_path / "out")
    assert (outcome.state, outcome.events, len(pq.read_table(outcome.target))) == ("imported", 0, 0)


def test_large_files_become_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dijet, "PART", 20)
    source = write_fixed(tmp_path / QCD, dijet_columns(50))
    found = import_dijets([source], tmp_path / "out", workers=1)
    assert [o.target.name[-12:] for o in found.outcomes] == [f"t{n:03d}.parquet" for n in range(3)]
    rows = [pq.read_table(o.target)["row"].to_pylist() for o in found.outcomes]
    assert sum(rows[1:], rows[0]) == list(range(50))


# --- samples, labels and what is said ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        (QCD, "qcd"),
        (QQ, "wprime_qq"),
        ("events_anomalydetection_Z_XY_qqq_parametric_001.h5", "wprime_qqq"),
        ("events_anomalydetection_qcd_extra_inneronly_features.h5", "qcd_extra"),
        ("W_qqq.h5", "wprime_qqq"),
        ("mine_07.hdf5", "mine"),
    ],
)
def test_samples_are_known_by_their_published_names(tmp_path: Path, name: str, sample: str) -> None:
    (tmp_path / name).touch()
    ((_, found),) = name_files([tmp_path / name])
    assert found.name == sample


def test_a_name_of_ones_own_wins(tmp_path: Path) -> None:
    source = write_fixed(tmp_path / QCD, dijet_columns(3))
    assert one(f"W_qq={source}", tmp_path / "out").dataset == "wprime_qq"
    assert one(f"mine={source}", tmp_path / "out").dataset == "mine"


def _events(target: Path) -> dict[str, list[Any]]:
    names = ["label", "label_ok", "prongs", "inclusive"]
    return dict(pq.read_table(target, columns=names).to_pydict())


def test_events_know_what_their_sample_says(tmp_path: Path) -> None:
    columns = dijet_columns(3) | {"label": np.array([0.0, 1, 0])}
    outcome = one(write_fixed(tmp_path / QCD, columns), tmp_path / "out")
    assert outcome.counts == {"events with the label 1": 1}
    assert _events(outcome.target) == {
        "label": [0, 1, 0], "label_ok": [1, 0, 1], "prongs": [0, -1, 0], "inclusive": [1, 1, 1],
    }  # fmt: skip
    extra = one(f"extra_QCD={write_fixed(tmp_path / 'x.h5', dijet_columns(1))}", tmp_path / "out")
    assert _events(extra.target) == {
        "label": [0], "label_ok": [1], "prongs": [0], "inclusive": [0],
    }  # fmt: skip
    signal = one(write_fixed(tmp_path / QQ, dijet_columns(1, parametric=True)), tmp_path / "out")
    assert _events(signal.target) == {
        "label": [1], "label_ok": [1], "prongs": [2], "inclusive": [1],
    }  # fmt: skip


def test_a_file_that_nobody_labelled_is_neither_data_nor_simulation(tmp_path: Path) -> None:
    outcome = one(write_fixed(tmp_path / "box.h5", dijet_columns(2)), tmp_path / "out")
    assert outcome.counts == {"events without label": 2}
    assert _events(outcome.target)["label_ok"] == [-1, -1]
    with open_parquet(str(outcome.target)) as file:
        assert file.notes["kind"] is None


def test_masses_of_zero_are_no_masses(tmp_path: Path) -> None:
    columns = dijet_columns(2, parametric=True)
    columns["mx"][0] = columns["my"][0] = 0
    table = pq.read_table(one(write_fixed(tmp_path / "m.h5", columns), tmp_path / "out").target)
    assert np.isnan(table["mx"]).tolist() == np.isnan(table["my"]).tolist() == [True, False]
    assert table["label"].to_pylist() == [-1, 1]


def test_notes_name_source_layout_and_sums(tmp_path: Path) -> None:
    import h5py

    columns = dijet_columns(30, parametric=True)
    source = write_fixed(tmp_path / QQ, columns, "output")
    with h5py.File(source, "a") as file:
        file.attrs["hepml_simulation"] = json.dumps({"seed": 4})
    with open_parquet(str(one(source, tmp_path / "out").target)) as file:
        notes = file.notes
    assert (notes["kind"], notes["dataset"], notes["prongs"]) == ("simulation", "wprime_qq", 2)
    assert (notes["layout"], notes["key"], notes["simulation"]) == ("fixed", "output", {"seed": 4})
    assert notes["sums"]["events"] == sum(point[2] for point in notes["mass_points"]) == 30
    wanted = np.abs(columns["pzj1"].astype(np.float32)).sum(dtype=np.float64)
    assert notes["sums"]["j1_pz"] == pytest.approx(wanted)


# --- faults --------------------------------------------------------------------------------------


def _with(name: str, value: float) -> Columns:
    columns = dijet_columns(9) | {"label": np.zeros(9)}
    columns[name][3] = value
    return columns


FAULTS: dict[str, tuple[Columns, str]] = {
    "missing": (
        {name: v for name, v in dijet_columns(9).items() if name != "tau2j2"},
        "no column 'tau2j2'.*'tau1j2'",
    ),
    "one mass": (dijet_columns(9) | {"mx": np.ones(9)}, "only one of the columns 'mx' and 'my'"),
    "nan": (_with("pyj2", np.nan), "1 of 8 events .* first is row 3: 'pyj2' is not finite"),
    "label": (_with("label", 2), "'label' is none of 0, 1 and -1"),
    "particles": (
        {f"{n}": np.zeros(2) for n in range(2101)},
        "2,101 columns of particles, no jets",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_named_and_the_others_are_imported(tmp_path: Path, fault: str) -> None:
    columns, said = FAULTS[fault]
    sources = [write_fixed(tmp_path / QCD, columns), write_fixed(tmp_path / QQ, dijet_columns(9))]
    bad, good = import_dijets(sources, tmp_path / "out", workers=1).outcomes
    assert (bad.state, good.state) == ("failed", "imported")
    assert re.search(said, bad.reason), bad.reason
    assert QCD in bad.reason
    assert list((tmp_path / "out" / "qcd").glob("*.*")) == []


def test_files_that_are_not_whole_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dijet, "PART", 20)  # planning looks into them already
    source = write_fixed(tmp_path / QCD, dijet_columns(60))
    source.write_bytes(source.read_bytes()[:-3000])
    outcome = one(source, tmp_path / "out")
    assert (outcome.state, "Download it again" in outcome.reason) == ("failed", True)
    source.write_bytes(b"no HDF5")
    assert "cannot be opened as HDF5" in one(source, tmp_path / "out").reason


def test_a_block_whose_names_do_not_fit_is_named(tmp_path: Path) -> None:
    import h5py

    source = write_fixed(tmp_path / QCD, dijet_columns(9))
    with h5py.File(source, "a") as file:
        del file["df/block0_items"]
        file["df/block0_items"] = np.array([b"pxj1"])
    assert "but block0_items names 1 columns" in one(source, tmp_path / "out").reason


def test_the_frame_is_found_among_others_or_asked_for(tmp_path: Path) -> None:
    source = write_fixed(tmp_path / "x.h5", dijet_columns(3), "one")
    write_fixed(source, {"a": np.zeros(5)}, "notes")
    assert one(source, tmp_path / "out").events == 3
    write_fixed(source, dijet_columns(4), "two")
    assert "(notes, one, two), 2 of them with jets" in one(source, tmp_path / "a").reason
    assert one(source, tmp_path / "out", key="two").events == 4
    assert "has no frame 'tow'" in one(source, tmp_path / "b", key="tow").reason


def test_a_file_without_a_frame_says_what_it_has(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["jets"] = np.zeros(3)
    assert "holds no pandas frame (groups at the top: jets)" in one(
        tmp_path / "x.h5", tmp_path / "out"
    ).reason  # fmt: skip


def test_events_with_unusable_numbers_can_be_left_out(tmp_path: Path) -> None:
    source = write_fixed(tmp_path / QCD, _with("pyj2", np.inf))
    outcome = one(source, tmp_path / "out", bad_events="drop")
    assert (outcome.events, outcome.counts) == (8, {"events left out: unusable numbers": 1})
    assert pq.read_table(outcome.target)["row"].to_pylist() == [0, 1, 2, 4, 5, 6, 7, 8]


def test_undefined_subjettiness_stays_and_is_counted(tmp_path: Path) -> None:
    outcome = one(write_fixed(tmp_path / QCD, _with("tau2j1", np.nan)), tmp_path / "out")
    assert outcome.counts == {"values of tau1 or tau2 that are not above 0": 1}


def test_two_inputs_never_become_one_file(tmp_path: Path) -> None:
    sources = [write_fixed(tmp_path / n / QCD, dijet_columns(3)) for n in ("a", "b")]
    with pytest.raises(OverlapError, match="same events twice"):
        import_dijets(sources, tmp_path / "out")


def test_what_cannot_be_done_is_refused(tmp_path: Path) -> None:
    source = write_fixed(tmp_path / QCD, dijet_columns(3))
    for sources, error in (
        ([tmp_path / "x.h5"], EmptyInputError),
        ([], EmptyInputError),
        ([f"a/b={source}"], ParameterError),
    ):
        with pytest.raises(error):
            import_dijets(sources, tmp_path / "out")
    for options in ({"workers": 0}, {"bad_events": "keep"}):
        with pytest.raises(ParameterError):
            import_dijets([source], tmp_path / "out", **options)


# --- stops ---------------------------------------------------------------------------------------


def test_what_is_finished_is_kept_unless_source_or_option_changed(tmp_path: Path) -> None:
    source = write_fixed(tmp_path / QCD, dijet_columns(9))
    first = one(source, tmp_path / "out")
    stamp = first.target.stat().st_mtime_ns
    again = one(source, tmp_path / "out")
    assert (again.state, again.events, again.target.stat().st_mtime_ns) == ("kept", 9, stamp)
    assert one(source, tmp_path / "out", bad_events="drop").state == "imported"
    source.unlink()
    write_fixed(source, dijet_columns(7))
    assert one(source, tmp_path / "out", bad_events="drop").events == 7


def test_a_damaged_result_is_made_again(tmp_path: Path) -> None:
    source = write_fixed(tmp_path / QCD, dijet_columns(9))
    target = one(source, tmp_path / "out").target
    content = bytearray(target.read_bytes())
    content[60] ^= 0xFF
    target.write_bytes(content)
    assert one(source, tmp_path / "out").state == "imported"


def test_numbers_that_do_not_come_back_leave_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = dijet_store._sums
    seen: list[float] = []

    def forgetful(columns: Columns, schema: Any) -> dict[str, float]:
        seen.append(1)
        return {name: value + len(seen) for name, value in real(columns, schema).items()}

    monkeypatch.setattr(dijet_store, "_sums", forgetful)
    outcome = one(write_fixed(tmp_path / QCD, dijet_columns(6)), tmp_path / "out")
    assert "does not give back what was imported (events: 8 for 7" in outcome.reason
    assert list((tmp_path / "out").rglob("*.parquet")) == []


def fatal_import(task: DijetTask) -> DijetOutcome:
    """Die as if killed at one file."""
    if task.source.stem == "b":
        os._exit(9)
    return import_part(task)


@pytest.mark.slow
def test_a_process_that_is_killed_takes_only_its_own_file_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dijet, "import_part", fatal_import)
    sources = [write_fixed(tmp_path / f"{n}.h5", dijet_columns(9)) for n in "abc"]
    found = import_dijets(sources, tmp_path / "out", workers=2)
    assert [o.state == "failed" for o in found.outcomes] == [False, True, False]
    assert "was killed" in found.failed[0].reason


def test_a_filter_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import h5py

    source = write_fixed(tmp_path / QCD, dijet_columns(9))
    with h5py.File(source, "a") as file:
        values = file["df/block0_values"][:]
        del file["df/block0_values"]
        file["df"].create_dataset("block0_values", data=values, compression="gzip")
    assert one(source, tmp_path / "out").state == "imported"
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: False)
    said = one(source, tmp_path / "again").reason
    assert (
        "/df/block0_values is compressed with deflate, which needs:  pip install hdf5plugin" in said
    )
