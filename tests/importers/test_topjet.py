"""Import of top-tagging jets: nothing lost, both layouts, faults named, stops survived."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from hepml.engine.parquet import open_parquet
from hepml.errors import EmptyInputError, OverlapError, ParameterError
from hepml.importers import topjet, topjet_jets
from hepml.importers.topjet import dataset_of, import_jets
from hepml.importers.topjet_jets import split_state
from hepml.importers.topjet_layout import HIGH_LEVEL
from hepml.importers.topjet_work import JetOutcome
from tests.importers.jets import fatal_import, jet_columns, write_jets

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "topjet"
LISTS = {"pt": "pt", "eta": "eta", "phi": "phi", "energy": "E", "taste": "taste"}


def one(source: Path, out: Path, **options: Any) -> JetOutcome:
    (outcome,) = import_jets([source], out, workers=1, **options).outcomes
    return outcome


def assert_same_jets(columns: dict[str, np.ndarray], target: Path) -> None:
    """Every number of every jet is there, and no padding."""
    table = pq.read_table(target)
    mask = columns["fjet_clus_pt"] != 0
    for ours, theirs in LISTS.items():
        if f"fjet_clus_{theirs}" in columns:
            lists = table[f"constit_{ours}"].combine_chunks()
            assert np.diff(lists.offsets).tolist() == mask.sum(1).tolist()
            np.testing.assert_array_equal(lists.flatten(), columns[f"fjet_clus_{theirs}"][mask])
    for name in HIGH_LEVEL:
        np.testing.assert_array_equal(table[f"hl_{name}"], columns[f"fjet_{name}"])
    for name in ("pt", "eta", "phi", "m"):
        np.testing.assert_array_equal(table[f"jet_{name}"], columns[f"fjet_{name}"])
    np.testing.assert_array_equal(table["label"], columns["labels"])
    assert table["row"].to_pylist() == list(range(len(mask)))


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 8 jets, so that a small file has several."""
    monkeypatch.setattr(topjet_jets, "BLOCK", 8)


# --- nothing is lost -----------------------------------------------------------------------------


@pytest.mark.parametrize("names", ["bytes", "str"])
@pytest.mark.parametrize("chunks", [None, 5])
@pytest.mark.parametrize("suffix", [".h5", ".h5.gz"])
def test_every_constituent_comes_back(
    tmp_path: Path, names: str, chunks: int | None, suffix: str
) -> None:
    columns = jet_columns(30, training=True)
    source = write_jets(
        tmp_path / f"train_nominal_007{suffix}", columns, names=names, chunks=chunks
    )
    outcome = one(source, tmp_path / "out")
    assert outcome.reason == ""
    assert outcome.target == tmp_path / "out" / "train_nominal" / "train_nominal_007.parquet"
    assert (outcome.jets, outcome.counts) == (30, {})
    assert outcome.constituents == np.count_nonzero(columns["fjet_clus_pt"])
    assert_same_jets(columns, outcome.target)
    table = pq.read_table(outcome.target)
    np.testing.assert_array_equal(table["training_weight"], columns["training_weights"])
    weights = np.stack(table["shower_weights"].to_numpy())
    np.testing.assert_array_equal(weights, columns["EventInfo_mcEventWeights"])
    assert table["event_number"].to_pylist() == [3 + 10 * row for row in range(30)]
    assert pq.read_metadata(outcome.target).num_row_groups == 4
    assert sorted(path.name for path in outcome.target.parent.iterdir()) == [outcome.target.name]


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared reference data are not there")
def test_the_reference_sample_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import h5py

    monkeypatch.setattr(topjet_jets, "BLOCK", 1_000)
    sources = sorted(SHARED.glob("*.h5*"))
    found = import_jets(sources, tmp_path, workers=1)
    assert found.failed == ()
    assert {name: sum(o.jets for o in items) for name, items in found.datasets.items()} == {
        "cer": 2000, "esdown": 2000, "esup": 2000, "teg": 2000, "test_nominal": 3000,
        "train_nominal": 6000,
    }  # fmt: skip
    for outcome in found.outcomes:
        if outcome.source.suffix == ".h5":
            with h5py.File(outcome.source) as file:
                assert_same_jets({name: file[name][:] for name in file}, outcome.target)


def test_the_2022_layout_has_other_names_and_no_taste(tmp_path: Path) -> None:
    columns = jet_columns(9, training=True)
    weights = columns.pop("training_weights")
    for name in ("fjet_clus_taste", "EventInfo_mcEventNumber", "EventInfo_mcEventWeights"):
        del columns[name]
    source = write_jets(tmp_path / "train.h5", columns | {"weights": weights})
    outcome = one(source, tmp_path / "out")
    assert outcome.dataset == "train_2022"
    table = pq.read_table(outcome.target)
    assert not {"constit_taste", "event_number", "shower_weights"} & set(table.column_names)
    np.testing.assert_array_equal(table["training_weight"], weights)
    with open_parquet(str(outcome.target)) as file:
        assert (file.notes["layout"], file.notes["role"]) == ("2022", "training")


def test_the_order_of_names_is_that_of_the_attributes(tmp_path: Path) -> None:
    order = [f"fjet_{name}" for name in reversed(HIGH_LEVEL)]
    source = write_jets(tmp_path / "esup_000.h5", jet_columns(3), hl=order)
    target = one(source, tmp_path / "out").target
    found = [n.removeprefix("hl_") for n in pq.read_schema(target).names if n.startswith("hl_")]
    assert found == list(reversed(HIGH_LEVEL))


def test_files_without_attributes_are_read_by_the_published_names(tmp_path: Path) -> None:
    source = write_jets(tmp_path / "esup_000.h5", jet_columns(3), hl=None, constit=None, jet=None)
    assert one(source, tmp_path / "out").state == "imported"


def test_padding_in_between_and_jets_without_constituents(tmp_path: Path) -> None:
    columns = jet_columns(5)
    for name in columns:
        if name.startswith("fjet_clus"):
            columns[name][0, 1] = 0
            columns[name][1] = 0
    outcome = one(write_jets(tmp_path / "esup_000.h5", columns), tmp_path / "out")
    assert_same_jets(columns, outcome.target)
    assert outcome.counts["jets with fewer than 3 constituents"] >= 1


def test_no_jet_is_a_file_without_rows(tmp_path: Path) -> None:
    outcome = one(write_jets(tmp_path / "esup_000.h5", jet_columns(0)), tmp_path / "out")
    assert (outcome.state, outcome.jets, len(pq.read_table(outcome.target))) == ("imported", 0, 0)


def test_fewer_constituents_are_kept_where_asked(tmp_path: Path) -> None:
    columns = jet_columns(20)
    source = write_jets(tmp_path / "esup_000.h5", columns)
    lists = pq.read_table(one(source, tmp_path / "out", max_constits=4).target)["constit_pt"]
    kept = [len(item) for item in lists.to_pylist()]
    assert kept == np.minimum((columns["fjet_clus_pt"] != 0).sum(1), 4).tolist()


# --- what is said --------------------------------------------------------------------------------


def test_notes_name_source_layout_and_sums(tmp_path: Path) -> None:
    columns = jet_columns(30)
    source = write_jets(tmp_path / "esup_000.h5", columns, hepml_simulation=json.dumps({"seed": 1}))
    with open_parquet(str(one(source, tmp_path / "out").target)) as file:
        notes = file.notes
    assert (notes["kind"], notes["dataset"], notes["role"]) == ("simulation", "esup", "evaluation")
    assert (notes["simulated"], notes["simulation"]) == (True, {"seed": 1})
    assert notes["source"]["name"] == "esup_000.h5"
    assert notes["high_level"] == [f"hl_{name}" for name in HIGH_LEVEL]
    assert notes["attributes"]["jet"] == ["fjet_pt", "fjet_eta", "fjet_phi", "fjet_m"]
    assert notes["sums"]["jets"] == 30
    np.testing.assert_allclose(
        notes["sums"]["constit_pt"], columns["fjet_clus_pt"].sum(dtype=np.float64)
    )


@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("train_nominal_000.h5", "train_nominal"),
        ("ces_up_012.h5.gz", "esup"),
        ("public_teg_000.h5", "teg"),
        ("dijet_herwig_cluster_001.h5", "cluster"),
        ("mine_01.hdf5", "mine"),
    ],
)
def test_datasets_have_the_names_of_the_portal(name: str, dataset: str) -> None:
    assert dataset_of(Path(name)) == dataset


def test_event_numbers_on_the_wrong_side_are_counted(tmp_path: Path) -> None:
    columns = jet_columns(6)
    columns["EventInfo_mcEventNumber"][:2] += 1
    outcome = one(write_jets(tmp_path / "esup_000.h5", columns), tmp_path / "out")
    said = {"jets whose event number does not belong to a test sample": 2}
    assert outcome.counts == said
    assert pq.read_table(outcome.target)["split_ok"].to_pylist() == [0, 0, 1, 1, 1, 1]


def test_rounded_event_numbers_are_not_judged() -> None:
    numbers = np.array([10, 11, 2**24 + 4, 3e8, 3e8 + 32], np.float32)
    # 2^24 + 4 is a multiple of 10; from there on a training number may have been anything
    assert split_state(numbers, training=False).tolist() == [1, 0, -1, -1, -1]
    assert split_state(numbers, training=True).tolist() == [0, 1, -1, -1, -1]
    assert split_state(np.array([2**24 + 4, 2**24 + 5]), training=False).tolist() == [1, 0]


def test_undefined_high_level_quantities_stay_and_are_counted(tmp_path: Path) -> None:
    columns = jet_columns(4)
    columns["fjet_D2"][1] = np.nan
    outcome = one(write_jets(tmp_path / "esup_000.h5", columns), tmp_path / "out")
    assert outcome.counts == {"high-level values that are not finite": 1}
    assert np.isnan(pq.read_table(outcome.target)["hl_D2"][1].as_py())


# --- faults --------------------------------------------------------------------------------------


def _without(name: str) -> dict[str, np.ndarray]:
    return {key: values for key, values in jet_columns(9).items() if key != name}


def _with(name: str, place: Any, value: float) -> dict[str, np.ndarray]:
    columns = jet_columns(9)
    columns[name][place] = value
    return columns


FAULTS = {
    "missing": (_without("fjet_clus_E"), "no dataset 'fjet_clus_E'"),
    "missing high-level": (_without("fjet_D2"), "no dataset 'fjet_D2'"),
    "length": (jet_columns(9) | {"labels": np.ones(8, np.int32)}, r"'labels' has the shape \(8,\)"),
    "width": (
        jet_columns(9) | {"fjet_clus_eta": np.ones((9, 5), np.float32)},
        "'fjet_clus_eta' has the shape",
    ),
    "nan": (_with("fjet_clus_eta", (3, 0), np.nan), "jet 3: 'fjet_clus_eta' is not finite"),
    "negative": (_with("fjet_clus_pt", (3, 0), -1), "'fjet_clus_pt' is negative"),
    "energy": (_with("fjet_clus_E", (3, 0), 0), "'fjet_clus_E' is not positive"),
    "weight": (_with("EventInfo_mcEventWeights", (3, 0), np.inf), "WEights|Weights' is not finite"),
    "label": (_with("labels", 3, 2), "'labels' is neither 0 nor 1"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_named_and_the_others_are_imported(tmp_path: Path, fault: str) -> None:
    columns, said = FAULTS[fault]
    sources = [
        write_jets(tmp_path / "esup_000.h5", columns),
        write_jets(tmp_path / "esup_001.h5", jet_columns(9, 2)),
    ]
    bad, good = import_jets(sources, tmp_path / "out", workers=1).outcomes
    assert (bad.state, good.state) == ("failed", "imported")
    assert re.search(said, bad.reason), bad.reason
    assert "esup_000.h5" in bad.reason
    assert [path.name for path in good.target.parent.iterdir()] == ["esup_001.parquet"]


@pytest.mark.parametrize("suffix", [".h5", ".h5.gz"])
def test_a_file_that_is_cut_short_is_named(tmp_path: Path, suffix: str) -> None:
    source = write_jets(tmp_path / f"esup_000{suffix}", jet_columns(200))
    source.write_bytes(source.read_bytes()[:-4000])
    outcome = one(source, tmp_path / "out")
    assert outcome.state == "failed"
    assert "Download it again" in outcome.reason
    assert list((tmp_path / "out").rglob("*.*")) == []


def test_damage_inside_a_file_is_named(tmp_path: Path) -> None:
    import h5py

    source = write_jets(tmp_path / "esup_000.h5", jet_columns(200), chunks=50)
    with h5py.File(source) as file:
        begin = file["fjet_clus_eta"].id.get_chunk_info(2).byte_offset
    content = bytearray(source.read_bytes())
    content[begin + 100 : begin + 164] = bytes(64)
    source.write_bytes(content)
    outcome = one(source, tmp_path / "out")
    assert (outcome.state, "esup_000.h5" in outcome.reason) == ("failed", True)
    assert list((tmp_path / "out").rglob("*.*")) == []


def test_a_full_disk_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hepml.importers import topjet_work

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(topjet_work, "write_jets", full)
    outcome = one(write_jets(tmp_path / "esup_000.h5", jet_columns(9)), tmp_path / "out")
    assert "No space left on device. Make room there" in outcome.reason
    assert list((tmp_path / "out").rglob("*.*")) == []


def test_jets_with_unusable_numbers_can_be_left_out(tmp_path: Path) -> None:
    columns = _with("fjet_clus_eta", (3, 0), np.nan)
    outcome = one(write_jets(tmp_path / "esup_000.h5", columns), tmp_path / "out", bad_jets="drop")
    assert (outcome.jets, outcome.counts) == (8, {"jets left out: unusable numbers": 1})
    assert pq.read_table(outcome.target)["row"].to_pylist() == [0, 1, 2, 4, 5, 6, 7, 8]


def test_two_inputs_never_become_one_file(tmp_path: Path) -> None:
    sources = [write_jets(tmp_path / n / "esup_000.h5", jet_columns(3)) for n in ("a", "b")]
    with pytest.raises(OverlapError, match=r"would both become .*esup_000.parquet"):
        import_jets(sources, tmp_path / "out")


def test_what_cannot_be_done_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="There is no"):
        import_jets([tmp_path / "x.h5"], tmp_path / "out")
    with pytest.raises(EmptyInputError, match="holds no HDF5 file"):
        import_jets([tmp_path], tmp_path / "out")
    source = write_jets(tmp_path / "esup_000.h5", jet_columns(3))
    for options in ({"workers": 0}, {"bad_jets": "keep"}, {"max_constits": 0}):
        with pytest.raises(ParameterError):
            import_jets([source], tmp_path / "out", **options)


# --- stops ---------------------------------------------------------------------------------------


def test_what_is_finished_is_kept(tmp_path: Path) -> None:
    source = write_jets(tmp_path / "esup_000.h5", jet_columns(9))
    first = one(source, tmp_path / "out")
    stamp = first.target.stat().st_mtime_ns
    again = one(source, tmp_path / "out")
    assert (again.state, again.jets, again.constituents) == ("kept", 9, first.constituents)
    assert again.target.stat().st_mtime_ns == stamp


def test_a_damaged_result_is_made_again(tmp_path: Path) -> None:
    source = write_jets(tmp_path / "esup_000.h5", jet_columns(9))
    target = one(source, tmp_path / "out").target
    content = bytearray(target.read_bytes())
    content[60] ^= 0xFF
    target.write_bytes(content)
    assert one(source, tmp_path / "out").state == "imported"


def test_another_source_or_option_is_imported_again(tmp_path: Path) -> None:
    source = write_jets(tmp_path / "esup_000.h5", jet_columns(9))
    one(source, tmp_path / "out")
    assert one(source, tmp_path / "out", max_constits=4).state == "imported"
    write_jets(source, jet_columns(7))
    assert one(source, tmp_path / "out", max_constits=4).jets == 7


def test_what_a_kill_left_behind_is_removed(tmp_path: Path) -> None:
    source = write_jets(tmp_path / "esup_000.h5", jet_columns(9))
    target = one(source, tmp_path / "out").target
    target.unlink()
    (target.parent / f".{target.name}.1-abc.tmp").write_bytes(b"half")
    one(source, tmp_path / "out")
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_numbers_that_do_not_come_back_leave_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hepml.importers import topjet_store

    monkeypatch.setattr(topjet_store, "SUMMED", ("constit_pt", "jet_pt"))
    table = topjet_store._table
    monkeypatch.setattr(topjet_store, "_table", lambda jets, schema: table(jets, schema)[:-1])
    outcome = one(write_jets(tmp_path / "esup_000.h5", jet_columns(9)), tmp_path / "out")
    assert "does not give back what was imported (jets: 7 for 9" in outcome.reason
    assert list((tmp_path / "out").rglob("*.parquet")) == []


def test_large_files_become_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topjet, "PART", 20)
    columns = jet_columns(50)
    source = write_jets(tmp_path / "test.h5", columns)
    found = import_jets([source], tmp_path / "out", workers=1)
    assert [o.target.name for o in found.outcomes] == [f"test_part00{n}.parquet" for n in range(3)]
    assert [o.jets for o in found.outcomes] == [20, 20, 10]
    rows = [pq.read_table(o.target)["row"].to_pylist() for o in found.outcomes]
    assert sum(rows[1:], rows[0]) == list(range(50))


@pytest.mark.slow
def test_processes_give_the_same(tmp_path: Path) -> None:
    sources = [write_jets(tmp_path / f"esup_{n:03d}.h5", jet_columns(9, n)) for n in range(3)]
    sources.append(write_jets(tmp_path / "cer_000.h5", _without("labels")))
    seen: list[tuple[int, int]] = []
    found = import_jets(
        sources,
        tmp_path / "a",
        workers=2,
        progress=lambda _, done, total: seen.append((done, total)),
    )
    alone = import_jets(sources, tmp_path / "b", workers=1)
    assert seen == [(n, 4) for n in range(1, 5)]
    assert [o.state for o in found.outcomes] == ["imported"] * 3 + ["failed"]
    for ours, theirs in zip(found.outcomes[:3], alone.outcomes, strict=False):
        assert pq.read_table(ours.target).equals(pq.read_table(theirs.target))


@pytest.mark.slow
def test_a_process_that_is_killed_takes_only_its_own_file_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topjet, "import_part", fatal_import)
    sources = [write_jets(tmp_path / f"esup_{n:03d}.h5", jet_columns(9, n)) for n in range(5)]
    found = import_jets(sources, tmp_path / "out", workers=2)
    assert [o.state == "failed" for o in found.outcomes] == [False, True, False, False, False]
    assert "was killed" in found.failed[0].reason
    assert len(list((tmp_path / "out" / "esup").iterdir())) == 4
