"""Runs over imported Parquet: every executor and chunk size gives the same answer."""

from __future__ import annotations

from pathlib import Path

import pytest

import hepml
from hepml.engine import Run
from hepml.engine.merge import merge
from hepml.engine.resume import check, resume
from hepml.errors import (
    FileAccessError,
    IncompleteRunError,
    OverlapError,
    ParameterError,
)
from tests.engine.hits import NAME, HitsProcessor, damage_column, write_hits
from tests.engine.probe import ProbeCuts, calls
from tests.engine.runs import (
    assert_same_answer,
    assert_same_bits,
    checkpoint_times,
    copy_files,
    leftovers,
    report_of,
    truncate,
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three files of four row groups: two of data, one simulated."""
    folder = tmp_path_factory.mktemp("hits")
    return [
        write_hits(folder / "one.parquet", 1),
        write_hits(folder / "two.parquet", 2),
        write_hits(folder / "three.parquet", 3, notes={"kind": "simulation", "simulated": True}),
    ]


def process(files: list[Path], out: Path, cuts: ProbeCuts | None = None, **options: object) -> Run:
    settings = {"executor": "iterative", "retries": 0} | options
    return hepml.run(HitsProcessor(cuts), [str(file) for file in files], out=out, **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def reference(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = process(files, tmp_path_factory.mktemp("reference") / "run")
    assert run.report["planned"] == run.report["processed"] == 12
    assert len(run.features) > 40
    return run


# --- the same answer ----------------------------------------------------------------------------


def test_futures_give_the_same_bits(reference: Run, files: list[Path], tmp_path: Path) -> None:
    run = process(files, tmp_path / "run", executor="futures", workers=2)
    assert_same_bits(run, reference)
    assert_same_answer(run, reference)


@pytest.mark.dask
def test_dask_gives_the_same_bits(
    reference: Run, files: list[Path], tmp_path: Path, scheduler: str
) -> None:
    run = process(files, tmp_path / "run", executor="dask", scheduler=scheduler)
    assert_same_bits(run, reference)
    assert_same_answer(run, reference)


@pytest.mark.parametrize(("size", "planned"), [(1000, 3), (20, 6), (4, 24), (1, 120)])
def test_the_chunk_size_does_not_matter(
    reference: Run, files: list[Path], tmp_path: Path, size: int, planned: int
) -> None:
    run = process(files, tmp_path / "run", chunk_size=size)
    assert run.report["planned"] == planned
    assert_same_answer(run, reference)


def test_the_lazy_executor_is_refused_before_anything_is_written(
    files: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match=r"dask-awkward reads ROOT.*--executor dask"):
        process(files, tmp_path / "run", executor="dask-awkward")
    assert not (tmp_path / "run").exists()


def test_a_run_is_not_resumed_lazily_either(files: list[Path], tmp_path: Path) -> None:
    process(files[:1], tmp_path / "run")
    with pytest.raises(ParameterError, match="dask-awkward reads ROOT"):
        resume(tmp_path / "run", executor="dask-awkward")


# --- losses and resuming ------------------------------------------------------------------------


def test_an_interrupted_run_is_resumed_to_the_same_bits(
    reference: Run, files: list[Path], tmp_path: Path
) -> None:
    marker = tmp_path / "calls"
    cuts = ProbeCuts(fault="interrupt", dataset="two", start=10, marker=str(marker), times=6)
    with pytest.raises(KeyboardInterrupt):
        process(files, tmp_path / "run", cuts)
    report = report_of(tmp_path / "run")
    assert (report["planned"], report["processed"]) == (12, 5)
    with pytest.raises(IncompleteRunError, match="7 of 12 chunks"):
        check(tmp_path / "run")
    run = resume(tmp_path / "run", executor="iterative")
    assert len(calls(marker)) == 5 + 1 + 7
    assert check(tmp_path / "run").complete
    assert_same_bits(run, reference)
    assert leftovers(tmp_path) == []


def test_a_registered_run_is_resumed_by_its_name_alone(files: list[Path], tmp_path: Path) -> None:
    assert process(files[:1], tmp_path / "run").plan.processor == NAME
    assert resume(tmp_path / "run", executor="iterative").complete


def test_damaged_pages_fail_alone_and_a_repair_redoes_only_that_file(
    reference: Run, files: list[Path], tmp_path: Path
) -> None:
    copies = copy_files(files, tmp_path / "in")
    damage_column(copies[1], "hit_x", first=2)
    truncate(copies[2], 100)
    with pytest.raises(IncompleteRunError, match="3 of 9 chunks"):
        process(copies, tmp_path / "run")
    failed = report_of(tmp_path / "run")["failed"]
    assert [(item["dataset"], item["entries"]) for item in failed] == [
        ("two", [20, 30]),
        ("two", [30, 40]),
        ("three", None),
    ]
    assert "cut short" in failed[2]["reason"]
    before = checkpoint_times(tmp_path / "run")
    copy_files(files[1:], tmp_path / "in")
    copies[1].touch()
    with pytest.raises(FileAccessError, match=r"two\.parquet changed since 2 of its chunks"):
        resume(tmp_path / "run", executor="iterative")
    run = resume(tmp_path / "run", executor="iterative", replan=[str(copies[1])])
    after = checkpoint_times(tmp_path / "run")
    assert sum(after[name] == time for name, time in before.items()) == 4
    assert_same_bits(run, reference)


def test_a_column_that_is_not_touched_may_be_damaged(
    reference: Run, files: list[Path], tmp_path: Path
) -> None:
    copies = copy_files(files, tmp_path / "in")
    damage_column(copies[0], "cell_e")
    assert_same_bits(process(copies, tmp_path / "run"), reference)


def test_a_file_imported_anew_in_the_meantime_is_not_taken_for_the_planned_one(
    files: list[Path], tmp_path: Path
) -> None:
    copies = copy_files(files[:1], tmp_path / "in")
    process(copies, tmp_path / "run")
    next((tmp_path / "run" / "checkpoints").iterdir()).unlink()
    state = copies[0].stat()
    write_hits(copies[0], 1, notes={"uuid": "file-9"})
    with pytest.raises(FileAccessError, match=r"one\.parquet changed since 3 of its chunks"):
        resume(tmp_path / "run", executor="iterative")
    import os

    # same size and time: only the identity in the file tells them apart
    assert copies[0].stat().st_size == state.st_size
    os.utime(copies[0], ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(IncompleteRunError, match="its uuid is file-9, not file-1"):
        resume(tmp_path / "run", executor="iterative", retries=0)
    run = resume(tmp_path / "run", executor="iterative", replan=[str(copies[0])])
    assert run.plan.files[0].uuid == "file-9"


def test_a_read_that_fails_once_is_tried_again(files: list[Path], tmp_path: Path) -> None:
    cuts = ProbeCuts(fault="flaky", marker=str(tmp_path / "calls"), times=1)
    assert process(files[:1], tmp_path / "run", cuts, retries=1).complete
    assert len(calls(tmp_path / "calls")) == 5


def test_a_replica_stands_in_for_a_damaged_one(files: list[Path], tmp_path: Path) -> None:
    from hepml.inputs import Input

    (broken,) = copy_files(files[:1], tmp_path / "in")
    damage_column(broken, "hit_pt")
    item = Input("one", (str(broken), str(files[0])), label="one")
    run = hepml.run(HitsProcessor(), [item], out=tmp_path / "run", executor="iterative", retries=0)
    assert run.complete
    assert set(run.report["datasets"]["one"]["endpoints"]) == {str(files[0].parent)}


def test_a_worker_killed_once_costs_nothing(files: list[Path], tmp_path: Path) -> None:
    cuts = ProbeCuts(fault="kill", marker=str(tmp_path / "calls"), times=1)
    assert process(files, tmp_path / "run", cuts, executor="futures").report["processed"] == 12


def test_merged_runs_equal_the_single_run(
    reference: Run, files: list[Path], tmp_path: Path
) -> None:
    process(files[:1], tmp_path / "a")
    process(files[1:], tmp_path / "b")
    assert_same_bits(merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all"), reference)
    process(files[:2], tmp_path / "c")
    with pytest.raises(OverlapError, match=r"one\.parquet.*counted twice"):
        merge([tmp_path / "a", tmp_path / "c"], tmp_path / "both")


# --- what a run says of imports -----------------------------------------------------------------


def test_simulated_input_is_called_simulated(reference: Run) -> None:
    found = {name: item["simulated"] for name, item in reference.report["datasets"].items()}
    assert found == {"one": False, "two": False, "three": True}


def test_the_account_of_an_import_stands_in_the_report(tmp_path: Path) -> None:
    account = {
        "rejected": 1200,
        "films": 29,
        "missing_films": [17, 14],
        "empty_films": [],
        "injectors": {"showers without a film of 2 to 10 base-tracks": 3, "others": 0},
    }
    notes = {"dataset": "brick000007", "account": account}
    files = [write_hits(tmp_path / f"{n}.parquet", n, notes=notes) for n in (1, 2)]
    run = process(files, tmp_path / "run")
    assert run.report["notes"] == [
        "'brick000007' at import: 1,200 rejected, 29 films, missing films 17 14, "
        "3 showers without a film of 2 to 10 base-tracks."
    ]
    assert run.provenance["inputs"][0]["imported"]["account"] == account


def test_some_files_of_an_import_are_not_the_whole_of_it(tmp_path: Path) -> None:
    notes = {"dataset": "brick", "import": "i", "files": 2}
    files = [write_hits(tmp_path / f"{n}.parquet", n, notes=notes) for n in (1, 2)]
    whole = process(files, tmp_path / "whole").report["datasets"]["brick"]
    part = process(files[:1], tmp_path / "part").report["datasets"]["brick"]
    assert whole["complete"]
    assert (part["complete"], part["incomplete_because"]) == (
        False,
        "1 of the 2 files of one import",
    )
