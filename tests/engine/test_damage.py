"""One damaged file among many: the others finish, and a repair redoes only what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import hepml
from hepml.engine import Run
from hepml.engine.resume import check, resume
from hepml.errors import FileAccessError, IncompleteRunError
from tests.engine.probe import ProbeProcessor
from tests.engine.runs import (
    assert_same_answer,
    assert_same_bits,
    checkpoint_times,
    copy_files,
    damage_baskets,
    report_of,
    truncate,
)
from tests.events import write_clusters

EXECUTORS = [
    "iterative",
    "futures",
    pytest.param("dask", marks=pytest.mark.dask),
    pytest.param("dask-awkward", marks=pytest.mark.dask),
]


@pytest.fixture
def options(request: pytest.FixtureRequest) -> dict[str, object]:
    """Options of a run with the executor of the test; dask uses the session's cluster."""
    executor = request.getfixturevalue("executor")
    dask = str(executor).startswith("dask")
    address = request.getfixturevalue("scheduler") if dask else None
    return {"executor": executor, "scheduler": address, "retries": 0}


def process(files: list[Path], out: Path, **options: object) -> Run:
    words = [str(file) for file in files]
    settings = {"executor": "iterative", "chunk_size": 50, "retries": 0} | options
    return hepml.run(ProbeProcessor(), words, out=out, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_damaged_baskets_fail_alone_and_resume_redoes_only_them(
    cluster_files: list[Path], tmp_path: Path, executor: str, options: dict[str, object]
) -> None:
    files = copy_files(cluster_files, tmp_path / "files")
    damage_baskets(files[1], first=2)
    truncate(files[3], 100)
    out = tmp_path / "run"
    with pytest.raises(IncompleteRunError) as raised:
        process(files, out, **options)
    assert "3 of 13 chunks (100 events)" in str(raised.value)
    report = report_of(out)
    assert (report["planned"], report["processed"]) == (13, 10)
    assert (report["events_planned"], report["events_processed"]) == (None, 500)
    assert [(f["dataset"], f["file"], f["entries"]) for f in report["failed"]] == [
        ("data_two", str(files[1]), [100, 150]),
        ("data_two", str(files[1]), [150, 200]),
        ("ttF", str(files[3]), None),
    ]
    assert "photon_pt" in report["failed"][0]["reason"] or "rror" in report["failed"][0]["reason"]
    assert "cut short" in report["failed"][2]["reason"]
    with pytest.raises(IncompleteRunError, match="3 of 13 chunks"):
        check(out)
    before = checkpoint_times(out)
    assert len(before) == 10

    plain = process(cluster_files, tmp_path / "plain")
    for name in ("data_two.root", "ttF.root"):
        shutil.copy2(next(f for f in cluster_files if f.name == name), tmp_path / "files" / name)
    files[1].touch()
    with pytest.raises(FileAccessError, match=r"data_two\.root changed since 2 of its chunks"):
        resume(out, **options)  # type: ignore[arg-type]
    run = resume(out, replan=[str(files[1])], **options)  # type: ignore[arg-type]
    after = checkpoint_times(out)
    kept = {name for name in before if after[name] == before[name]}
    assert len(kept) == 8
    assert len(after) == 16
    assert_same_answer(run, plain)
    assert_same_bits(run, plain)
    assert check(out).complete


def test_a_file_none_of_whose_chunks_was_processed_is_planned_again(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    files = copy_files(cluster_files, tmp_path / "files")
    damage_baskets(files[1])
    with pytest.raises(IncompleteRunError, match="4 of 16 chunks"):
        process(files, tmp_path / "run")
    before = checkpoint_times(tmp_path / "run")
    shutil.copy(cluster_files[1], files[1])
    run = resume(tmp_path / "run", executor="iterative")
    after = checkpoint_times(tmp_path / "run")
    assert {name: after[name] for name in before} == before
    assert len(after) == 16
    assert_same_bits(run, process(cluster_files, tmp_path / "plain"))


def test_a_truncated_file_loses_what_lies_behind_the_cut(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    files = copy_files(cluster_files, tmp_path / "files")
    truncate(files[0], int(files[0].stat().st_size * 0.6))
    with pytest.raises(IncompleteRunError):
        process(files, tmp_path / "run")
    report = report_of(tmp_path / "run")
    assert {item["file"] for item in report["failed"]} == {str(files[0])}
    assert report["processed"] >= 12
    shutil.copy(cluster_files[0], files[0])
    run = resume(tmp_path / "run", executor="iterative", replan=[str(files[0])])
    assert_same_bits(run, process(cluster_files, tmp_path / "plain"))


def test_another_file_of_the_same_name_is_refused_once_it_has_results(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    files = copy_files(cluster_files[:2], tmp_path / "files")
    process(files, tmp_path / "run")
    before = checkpoint_times(tmp_path / "run")
    write_clusters(files[0], seed=9)
    with pytest.raises(FileAccessError, match=r"data_one\.root changed since 4 of its chunks"):
        resume(tmp_path / "run", executor="iterative")
    assert checkpoint_times(tmp_path / "run") == before


def test_replan_takes_a_relative_path_and_redoes_that_file(
    cluster_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = copy_files(cluster_files[:2], tmp_path / "files")
    process(files, tmp_path / "run")
    write_clusters(files[0], seed=9)
    monkeypatch.chdir(tmp_path)
    run = resume(tmp_path / "run", executor="iterative", replan=["files/data_one.root"])
    assert_same_bits(run, process(files, tmp_path / "plain"))
    assert len(list((tmp_path / "run").rglob("*.parquet"))) == 8


def test_replan_of_a_file_that_the_run_lacks_is_refused(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    process(cluster_files[:1], tmp_path / "run")
    with pytest.raises(FileAccessError, match="the run has no such file"):
        resume(tmp_path / "run", executor="iterative", replan=["other.root"])


def test_a_replanned_file_that_does_not_open_any_more_is_a_loss_not_the_end(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    files = copy_files(cluster_files[:2], tmp_path / "files")
    process(files, tmp_path / "run")
    truncate(files[0], 100)
    with pytest.raises(IncompleteRunError, match="1 of 5 chunks"):
        resume(tmp_path / "run", executor="iterative", replan=[str(files[0])])
    shutil.copy2(cluster_files[0], files[0])
    run = resume(tmp_path / "run", executor="iterative")
    assert_same_bits(run, process(cluster_files[:2], tmp_path / "plain"))


def test_a_file_that_vanished_costs_only_its_own_chunks(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    files = copy_files(cluster_files[:2], tmp_path / "files")
    damage_baskets(files[0])
    damage_baskets(files[1])
    with pytest.raises(IncompleteRunError):
        process(files, tmp_path / "run")
    files[0].unlink()
    shutil.copy(cluster_files[1], files[1])
    with pytest.raises(IncompleteRunError, match=r"4 of 8.*\n.*there is no such file"):
        resume(tmp_path / "run", executor="iterative", retries=0)


@pytest.mark.dask
def test_a_vanished_first_file_does_not_stop_the_lazy_executor(
    cluster_files: list[Path], tmp_path: Path, scheduler: str
) -> None:
    files = copy_files(cluster_files[:2], tmp_path / "files")
    damage_baskets(files[0])
    damage_baskets(files[1])
    words = {"all": [str(file) for file in files]}
    options = {"executor": "dask-awkward", "scheduler": scheduler, "retries": 0}
    with pytest.raises(IncompleteRunError):
        hepml.run(ProbeProcessor(), words, out=tmp_path / "run", chunk_size=50, **options)
    files[0].unlink()
    shutil.copy(cluster_files[1], files[1])
    with pytest.raises(IncompleteRunError, match=r"4 of 8.*\n.*there is no such file"):
        resume(tmp_path / "run", **options)


def test_an_accepted_loss_still_stands_in_the_report(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    files = copy_files(cluster_files[:2], tmp_path / "files")
    damage_baskets(files[0])
    run = process(files, tmp_path / "run", allow_missing=True)
    assert not run.complete
    assert len(run.report["failed"]) == 4
    assert run.report["datasets"]["data_one"]["complete"] is False
    assert "4 of 4 chunks" in run.report["datasets"]["data_one"]["incomplete_because"]
