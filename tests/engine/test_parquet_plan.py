"""Plans over imported Parquet: datasets, chunks, kinds, and files that do not fit."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from hepml.catalogue import Catalogue, resolve_inputs
from hepml.engine.plan import Plan
from hepml.engine.planning import make_plan
from hepml.engine.run import as_inputs
from hepml.errors import BranchError, FileAccessError, ParameterError, TreeError
from tests.engine.hits import HitsProcessor, write_hits
from tests.engine.probe import ProbeProcessor
from tests.engine.runs import truncate


def plan_of(files: Any, processor: Any = None, **options: Any) -> Plan:
    words = files if isinstance(files, dict) else [str(file) for file in files]
    return make_plan(processor or HitsProcessor(), as_inputs(words, "hits"), name=None, **options)


def sizes(plan: Plan) -> list[int]:
    return [b - a for file in plan.files for a, b in pairwise(file.edges)]


# --- datasets -----------------------------------------------------------------------------------


def test_a_folder_of_parts_is_one_dataset_by_the_name_in_the_files(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_hits(tmp_path / f"part{seed}.parquet", seed, notes={"dataset": "brick000007"})
    plan = plan_of([tmp_path])
    assert [(file.dataset, file.label) for file in plan.files] == [("brick000007",) * 2] * 2
    assert plan.notes == ()


def test_without_a_name_in_the_file_it_is_the_stem(tmp_path: Path) -> None:
    assert plan_of([write_hits(tmp_path / "x.parquet")]).files[0].dataset == "x"


def test_a_name_given_by_the_user_wins(tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet", notes={"dataset": "brick000007"})
    assert plan_of({"mine": str(path)}).files[0].dataset == "mine"
    inputs = resolve_inputs([f"mine={path}"], Catalogue.load())
    plan = make_plan(HitsProcessor(), inputs, name=None)
    assert (plan.files[0].dataset, plan.files[0].label) == ("mine", "mine")


def test_files_of_two_folders_that_become_one_dataset_are_noted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = []
    for seed, folder in ((1, "a"), (2, "b")):
        (tmp_path / folder).mkdir()
        notes = {"dataset": "brick"}
        files.append(write_hits(tmp_path / folder / "x.parquet", seed, notes=notes))
    (note,) = plan_of(files).notes
    assert note == (
        f"The files in {tmp_path / 'a'}, {tmp_path / 'b'} become one dataset, 'brick'. "
        "To keep them apart: NAME=FILES."
    )
    assert caplog.text == ""


def test_an_unreadable_part_gets_its_name_once_it_is_repaired(tmp_path: Path) -> None:
    import hepml
    from hepml.engine.resume import resume

    notes = {"dataset": "brick"}
    files = [write_hits(tmp_path / f"{seed}.parquet", seed, notes=notes) for seed in (1, 2)]
    whole = files[1].read_bytes()
    truncate(files[1], 100)
    hepml.run(
        HitsProcessor(), [str(tmp_path)], out=tmp_path / "run", executor="iterative",
        allow_missing=True,
    )  # fmt: skip
    files[1].write_bytes(whole)
    run = resume(tmp_path / "run", executor="iterative")
    assert set(run.report["datasets"]) == {"brick"}
    assert run.complete


# --- chunks -------------------------------------------------------------------------------------


def test_chunks_end_where_row_groups_end(tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet", events=100, group=30)
    assert plan_of([path], chunk_size=33).files[0].edges == (0, 30, 60, 100)
    assert plan_of([path], chunk_size=8).files[0].edges[0:5] == (0, 8, 17, 25, 30)


def test_the_chunk_size_is_the_processors_unless_the_user_says_one(tmp_path: Path) -> None:
    class Tiles(HitsProcessor):
        chunk_size = 1

    path = write_hits(tmp_path / "x.parquet", events=5, group=1)
    plan = plan_of([path], Tiles())
    assert (sizes(plan), plan.chunk_size) == ([1] * 5, 1)
    assert sizes(plan_of([path], Tiles(), chunk_size=3)) == [2, 3]
    assert HitsProcessor.chunk_size == 10
    assert ProbeProcessor.chunk_size == 250_000
    with pytest.raises(ParameterError, match="--chunk-size must be at least 1, not 0"):
        plan_of([path], chunk_size=0)


def test_a_limit_of_events_holds(tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet")
    assert sizes(plan_of([path], max_events=25)) == [10, 10, 5]


# --- kinds --------------------------------------------------------------------------------------


def test_the_kind_is_that_of_the_import(tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet", notes={"kind": "simulation"})
    assert plan_of([path], kind="data").files[0].kind == "simulation"


def test_the_kind_is_never_guessed(tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet", notes={"kind": None})
    with pytest.raises(ParameterError, match=r"whether .* is data or simulation"):
        plan_of([path])
    assert plan_of([path], kind="data").files[0].kind == "data"


def test_what_simulated_input_says_of_itself_is_kept(tmp_path: Path) -> None:
    notes = {"simulated": True, "simulation": {"luminosity": 3.0}}
    (file,) = plan_of([write_hits(tmp_path / "x.parquet", notes=notes)]).files
    assert file.simulation == {"luminosity": 3.0}
    (file,) = plan_of([write_hits(tmp_path / "y.parquet")]).files
    assert file.simulation is None


def test_a_plan_survives_being_saved(tmp_path: Path) -> None:
    notes = {"account": {"rejected": 3, "films": [1, 2]}}
    plan = plan_of([write_hits(tmp_path / "x.parquet", notes=notes)])
    plan.save(tmp_path / "plan.json")
    assert Plan.load(tmp_path / "plan.json").files == plan.files


# --- files that do not fit ----------------------------------------------------------------------


def test_a_root_file_is_sent_to_its_import(cluster_files: list[Path]) -> None:
    with pytest.raises(
        FileAccessError,
        match=r"data_one\.root: it is a ROOT file, and 'hits' reads Parquet files made by  "
        "hepml import hits SOURCE --out DIR",
    ):
        plan_of(cluster_files[:1])


def test_an_imported_file_is_sent_to_its_channel(tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet")
    with pytest.raises(FileAccessError, match=rf"ROOT files are read here.*run hits {path}"):
        plan_of([path], ProbeProcessor())


def test_a_file_of_another_channel_is_refused(tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet", notes={"channel": "jets"})
    with pytest.raises(TreeError, match="imported for the channel 'jets', and 'hits' reads"):
        plan_of([path])


def test_a_parquet_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet")
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)
    with pytest.raises(FileAccessError, match=r"x\.parquet is a Parquet file without identity"):
        plan_of([path])


def test_a_missing_column_is_named_with_near_misses(tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet", hit_pt=None)
    with pytest.raises(
        BranchError, match=r"x\.parquet lacks 1 of the columns .*\n  hit_pt: Did you mean"
    ):
        plan_of([path])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"the file is empty \(0 bytes\)"),
        (b"event,pt\n1,2\n", "it is no Parquet file, and 'hits' reads"),
        (b"\x89HDF\r\n", "it is an HDF5 file, and 'hits' reads"),
        (b"PAR1" + bytes(100), "not a readable Parquet file, damaged or cut short"),
    ],
)
def test_what_is_no_parquet_file_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(content)
    with pytest.raises(FileAccessError, match=said):
        plan_of([path])


def test_a_file_cut_short_anywhere_is_one_lost_chunk(tmp_path: Path) -> None:
    good = write_hits(tmp_path / "good.parquet", 1)
    bad = write_hits(tmp_path / "bad.parquet", 2)
    size = bad.stat().st_size
    for fraction in (0.99, 0.6, 0.2, 0.01):
        truncate(bad, int(size * fraction))
        plan = plan_of([good, bad])
        assert [item.dataset for item in plan.unopened] == ["bad"]
        assert "cut short" in plan.unopened[0].reason
