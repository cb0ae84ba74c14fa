"""Merging runs, contradictions between files, and what resuming asks for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import hepml
from hepml.engine import Run
from hepml.engine.merge import merge
from hepml.engine.resume import check, resume
from hepml.engine.store import Layout, locked
from hepml.errors import (
    FileAccessError,
    IncompleteRunError,
    OutputError,
    OverlapError,
    ProcessorError,
)
from tests.engine.probe import ProbeCuts, ProbeProcessor
from tests.engine.runs import (
    assert_same_bits,
    checkpoint_times,
    copy_files,
    damage_baskets,
    truncate,
)
from tests.events import write_clusters


def process(files: object, out: Path, cuts: ProbeCuts | None = None, **options: object) -> Run:
    words = files if isinstance(files, dict) else [str(file) for file in files]  # type: ignore[attr-defined]
    settings = {"executor": "iterative", "chunk_size": 50, "retries": 0} | options
    return hepml.run(ProbeProcessor(cuts), words, out=out, **settings)  # type: ignore[arg-type]


# --- merge ------------------------------------------------------------------------------------


def test_merged_runs_equal_the_single_run(cluster_files: list[Path], tmp_path: Path) -> None:
    process(cluster_files[:2], tmp_path / "a")
    process(cluster_files[2:], tmp_path / "b")
    merged = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    single = process(cluster_files, tmp_path / "single")
    assert_same_bits(merged, single)
    assert len(merged.features) == len(single.features)
    assert merged.report["planned"] == merged.report["processed"] == 16
    assert check(tmp_path / "all").complete


def test_runs_that_share_entries_are_refused(cluster_files: list[Path], tmp_path: Path) -> None:
    process(cluster_files[:2], tmp_path / "a")
    process(cluster_files[1:], tmp_path / "b")
    with pytest.raises(OverlapError, match=r"data_two\.root.*counted twice"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_runs_with_other_parameters_are_refused(cluster_files: list[Path], tmp_path: Path) -> None:
    process(cluster_files[:1], tmp_path / "a")
    process(cluster_files[1:], tmp_path / "b", ProbeCuts(pt=41.0))
    with pytest.raises(
        ProcessorError, match=r"differ in their parameters \(cuts\.[a-z_]+: [^;]*\), so"
    ):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_runs_that_call_data_and_simulation_the_same_are_refused(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    process({"x": str(cluster_files[0])}, tmp_path / "a")
    process({"x": str(cluster_files[2])}, tmp_path / "b")
    with pytest.raises(FileAccessError, match="mixes data"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")


def test_an_incomplete_run_is_merged_with_its_losses_and_resumed(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    files = copy_files(cluster_files, tmp_path / "files")
    damage_baskets(files[0], first=2)
    truncate(files[3], 100)
    process(files[:2], tmp_path / "a", allow_missing=True)
    process(files[2:], tmp_path / "b", allow_missing=True)
    merged = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    assert (merged.report["planned"], merged.report["processed"]) == (13, 10)
    reasons = [item["reason"] for item in merged.report["failed"]]
    assert not any("never ran" in reason for reason in reasons)
    shutil.copy(cluster_files[3], files[3])
    with pytest.raises(IncompleteRunError, match="2 of 16 chunks"):
        resume(tmp_path / "all", executor="iterative", retries=0)
    shutil.copy(cluster_files[0], files[0])
    done = resume(tmp_path / "all", executor="iterative", replan=[str(files[0])])
    assert_same_bits(done, process(cluster_files, tmp_path / "single"))


def test_a_limit_is_not_applied_to_the_sum_of_merged_runs(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    one, two = map(str, cluster_files[:2])
    process({"x": one}, tmp_path / "a", max_events=100)
    process({"x": two}, tmp_path / "b", max_events=100)
    merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    before = checkpoint_times(tmp_path / "all")
    run = resume(tmp_path / "all", executor="iterative")
    assert run.report["events_processed"] == 200
    assert checkpoint_times(tmp_path / "all") == before
    assert run.report["datasets"]["x"]["complete"] is False


def test_merging_into_an_existing_folder_is_refused(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    process(cluster_files[:1], tmp_path / "a")
    process(cluster_files[1:2], tmp_path / "b")
    with pytest.raises(OutputError, match="already holds a run"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "a")


# --- files that contradict each other -----------------------------------------------------------


def test_files_that_are_not_one_sample_are_named_and_nothing_else_is_lost(
    tmp_path: Path,
) -> None:
    one = write_clusters(tmp_path / "one.root", seed=1, xsection=0.1)
    two = write_clusters(tmp_path / "two.root", seed=2, xsection=0.2)
    three = write_clusters(tmp_path / "three.root", seed=3, xsection=0.3)
    files = {"x": [str(one), str(two)], "y": str(three)}
    with pytest.raises(IncompleteRunError, match=r"two\.root.*do not agree on cross_section"):
        process(files, tmp_path / "run")
    report = Run(tmp_path / "run").report
    assert (report["planned"], report["processed"]) == (12, 8)
    assert {item["file"] for item in report["failed"]} == {str(two)}
    assert report["datasets"]["x"]["complete"] is False
    assert report["datasets"]["y"]["complete"] is True
    with pytest.raises(IncompleteRunError, match="do not agree on cross_section"):
        check(tmp_path / "run")


# --- a repaired file must still fit -------------------------------------------------------------


def test_a_repaired_file_of_the_other_kind_is_refused(tmp_path: Path) -> None:
    one = write_clusters(tmp_path / "one.root", seed=1)
    two = tmp_path / "two.root"
    two.write_bytes(b"")
    process({"x": [str(one), str(two)]}, tmp_path / "run", allow_missing=True)
    write_clusters(two, seed=2, xsection=0.1)
    before = checkpoint_times(tmp_path / "run")
    with pytest.raises(FileAccessError, match="mixes data"):
        resume(tmp_path / "run", executor="iterative")
    assert checkpoint_times(tmp_path / "run") == before


def test_a_repaired_file_that_is_a_copy_is_refused(tmp_path: Path) -> None:
    one = write_clusters(tmp_path / "one.root", seed=1)
    two = tmp_path / "two.root"
    two.write_bytes(b"")
    process({"x": [str(one), str(two)]}, tmp_path / "run", allow_missing=True)
    shutil.copy(one, two)
    with pytest.raises(OverlapError, match="is a copy of"):
        resume(tmp_path / "run", executor="iterative")


# --- the run directory --------------------------------------------------------------------------


def test_a_processor_of_a_session_is_resumed_from_that_session_only(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    class Local(ProbeProcessor):
        name = "local"

    hepml.run(Local(), [str(cluster_files[0])], out=tmp_path / "run", executor="iterative")
    with pytest.raises(ProcessorError, match="Resume it from Python"):
        resume(tmp_path / "run", executor="iterative")
    assert resume(tmp_path / "run", Local(), executor="iterative").complete


def test_a_run_that_another_process_writes_to_is_left_alone(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    process(cluster_files[:1], tmp_path / "run")
    with (
        locked(Layout(tmp_path / "run")),
        pytest.raises(OutputError, match="Another process is writing"),
    ):
        resume(tmp_path / "run", executor="iterative")


def test_a_folder_without_a_plan_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="not a run directory"):
        resume(tmp_path, executor="iterative")
    with pytest.raises(OutputError, match="not a run directory"):
        check(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


def test_a_moved_run_is_still_complete(cluster_files: list[Path], tmp_path: Path) -> None:
    process(cluster_files[:1], tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / "moved")
    assert check(tmp_path / "moved").complete


def test_an_empty_folder_may_become_a_run(cluster_files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert process(cluster_files[:1], tmp_path / "run").complete


def test_a_run_describes_itself(cluster_files: list[Path], tmp_path: Path) -> None:
    run = process(cluster_files[:1], tmp_path / "run")
    assert repr(run) == f"<Run {tmp_path / 'run'}: probe, 4/4 chunks, 200 events>"
    assert "data_one" in run._repr_html_()
