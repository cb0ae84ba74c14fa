"""An event in two data sets counts once, in the first of them, however the run was made."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.engine import Run
from hepml.engine.merge import merge
from hepml.engine.resume import check, resume
from hepml.errors import IncompleteRunError
from tests.engine.nano import NanoCuts, NanoProbe, calls, process, write_events
from tests.engine.runs import assert_same_bits, checkpoint_times

# pT is the number modulo 100 and the threshold 10 GeV: of the events 30 to 49 all are selected
FIRST, SECOND = range(10, 50), range(30, 80)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two data sets that share events 30 to 49: the first two chunks of the second."""
    folder = tmp_path_factory.mktemp("primary")
    return {
        "Double": str(write_events(folder / "double.root", FIRST)),
        "Single": str(write_events(folder / "single.root", SECOND)),
    }


@pytest.fixture(scope="module")
def reference(files: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    return process(files, tmp_path_factory.mktemp("reference") / "run")


def events_of(run: Run, dataset: str) -> list[int]:
    return sorted(run.features.of(dataset).column("event").tolist())


def total(run: Run) -> float:
    return float(run.histograms["pt"].sum(flow=True).value)


def test_a_shared_event_is_counted_in_the_first_data_set_only(reference: Run) -> None:
    assert events_of(reference, "Double") == list(range(10, 50))[1:]
    assert events_of(reference, "Single") == list(range(50, 80))
    assert total(reference) == 39 + 30
    assert [row["raw"] for row in reference.cutflow["Double"]] == [40, 39]
    assert [row["raw"] for row in reference.cutflow["Single"]] == [30, 30]


def test_what_was_left_out_is_reported(reference: Run) -> None:
    report = reference.report
    assert report["removed_duplicates"] == {"Single": 20}
    assert report["datasets"]["Single"]["events"] == 50
    assert report["events_processed"] == report["events_planned"] == 90
    (note,) = report["notes"]
    assert note.startswith("20 events of 'Single' are in 'Double' too")
    assert report["duplicates"] == {}
    assert check(reference.path).complete


def test_only_the_chunks_concerned_are_processed_twice(
    files: dict[str, str], tmp_path: Path
) -> None:
    marker = tmp_path / "calls"
    process(files, tmp_path / "run", NanoCuts(marker=str(marker)))
    seen = calls(marker)
    assert len(seen) == 8 + 2
    assert seen[8:] == ["Single 0", "Single 12"]


def test_without_shared_events_nothing_is_processed_twice(tmp_path: Path) -> None:
    marker = tmp_path / "calls"
    files = {
        "A": str(write_events(tmp_path / "a.root", range(10, 50))),
        "B": str(write_events(tmp_path / "b.root", range(50, 90))),
    }
    run = process(files, tmp_path / "run", NanoCuts(marker=str(marker)))
    assert len(calls(marker)) == 8
    assert run.report["removed_duplicates"] == {}
    assert not (tmp_path / "run" / "vetoes").exists()


def test_the_order_of_the_data_sets_decides(files: dict[str, str], tmp_path: Path) -> None:
    turned = dict(reversed(files.items()))
    run = process(turned, tmp_path / "run")
    assert run.report["removed_duplicates"] == {"Double": 20}
    assert events_of(run, "Single") == list(SECOND)
    assert total(run) == 69


def test_an_event_in_three_data_sets_counts_once(files: dict[str, str], tmp_path: Path) -> None:
    third = write_events(tmp_path / "third.root", range(40, 90))
    run = process({**files, "Third": str(third)}, tmp_path / "run")
    assert run.report["removed_duplicates"] == {"Single": 20, "Third": 40}
    assert total(run) == 79


def test_futures_give_the_same_bits(reference: Run, files: dict[str, str], tmp_path: Path) -> None:
    run = process(files, tmp_path / "run", executor="futures", workers=2)
    assert_same_bits(run, reference)
    assert run.report["removed_duplicates"] == {"Single": 20}


@pytest.mark.dask
@pytest.mark.parametrize("executor", ["dask", "dask-awkward"])
def test_dask_gives_the_same_bits(
    reference: Run, files: dict[str, str], tmp_path: Path, scheduler: str, executor: str
) -> None:
    run = process(files, tmp_path / "run", executor=executor, scheduler=scheduler)
    assert_same_bits(run, reference)
    assert run.report["removed_duplicates"] == {"Single": 20}
    assert events_of(run, "Single") == events_of(reference, "Single")


@pytest.mark.parametrize("call", [5, 9, 10])
def test_an_interrupted_run_is_resumed_to_the_same_bits(
    reference: Run, files: dict[str, str], tmp_path: Path, call: int
) -> None:
    """In the first pass, and in the second: calls 9 and 10."""
    cuts = NanoCuts(marker=str(tmp_path / "calls"), stop_at=call)
    with pytest.raises(KeyboardInterrupt):
        process(files, tmp_path / "run", cuts)
    with pytest.raises(IncompleteRunError):
        check(tmp_path / "run")
    run = resume(tmp_path / "run", NanoProbe(cuts), executor="iterative")
    assert_same_bits(run, reference)
    assert run.report["removed_duplicates"] == {"Single": 20}


def test_a_run_killed_before_the_search_is_not_complete(
    reference: Run, files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All checkpoints are there, and the shared events in two of them."""

    def killed(*args: object) -> Any:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("hepml.engine.duplicates.find_shared", killed)
        with pytest.raises(RuntimeError):
            process(files, tmp_path / "run")
    assert len(checkpoint_times(tmp_path / "run")) == 8
    with pytest.raises(IncompleteRunError, match="in another data set too"):
        check(tmp_path / "run")
    assert_same_bits(resume(tmp_path / "run", executor="iterative"), reference)


def test_a_complete_run_is_resumed_without_any_work(files: dict[str, str], tmp_path: Path) -> None:
    process(files, tmp_path / "run")
    before = checkpoint_times(tmp_path / "run")
    assert resume(tmp_path / "run", executor="iterative").report["removed_duplicates"]
    assert checkpoint_times(tmp_path / "run") == before


def test_events_of_a_data_set_that_failed_are_kept_until_it_is_processed(
    reference: Run, files: dict[str, str], tmp_path: Path
) -> None:
    cuts = NanoCuts(marker=str(tmp_path / "calls"), broken="Double")
    run = process(files, tmp_path / "run", cuts, allow_missing=True)
    assert run.report["removed_duplicates"] == {}
    assert events_of(run, "Single") == list(SECOND)
    (tmp_path / "repaired").touch()
    run = resume(tmp_path / "run", NanoProbe(cuts), executor="iterative")
    assert_same_bits(run, reference)


def test_a_file_without_the_event_any_more_gives_it_back(
    files: dict[str, str], tmp_path: Path
) -> None:
    double = tmp_path / "double.root"
    shutil.copy(files["Double"], double)
    process({"Double": str(double), "Single": files["Single"]}, tmp_path / "run")
    write_events(double, range(10, 40))
    run = resume(tmp_path / "run", executor="iterative", replan=[str(double)])
    assert run.report["removed_duplicates"] == {"Single": 10}
    assert events_of(run, "Single") == list(range(40, 80))


def test_a_damaged_list_is_not_taken_for_the_right_one(
    files: dict[str, str], tmp_path: Path
) -> None:
    run = process(files, tmp_path / "run")
    first, second = sorted(run.layout.vetoes.iterdir())
    shutil.copy(first, second)
    run.layout.checkpoint(second.stem.rpartition("-")[0]).unlink()
    with pytest.raises(IncompleteRunError, match="not the list that the run was planned with"):
        resume(tmp_path / "run", executor="iterative", retries=0)


def test_merged_runs_are_resumed_to_the_single_run(
    reference: Run, files: dict[str, str], tmp_path: Path
) -> None:
    process({"Double": files["Double"]}, tmp_path / "a")
    process({"Single": files["Single"]}, tmp_path / "b")
    merged = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    report = merged.report
    assert (report["planned"], report["processed"]) == (8, 6)
    assert "in another data set too" in report["failed"][0]["reason"]
    run = resume(tmp_path / "all", executor="iterative")
    assert_same_bits(run, reference)
    assert check(tmp_path / "all").complete


def test_merging_keeps_what_was_left_out(files: dict[str, str], tmp_path: Path) -> None:
    more = write_events(tmp_path / "more.root", range(110, 150))
    process(files, tmp_path / "a")
    process({"Double": str(more)}, tmp_path / "b")
    merged = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    assert merged.complete
    assert merged.report["removed_duplicates"] == {"Single": 20}


def test_simulation_is_left_alone(files: dict[str, str], tmp_path: Path) -> None:
    weights = {"generator_weights": np.ones(50)}
    mc = {
        "dy": str(write_events(tmp_path / "dy.root", SECOND, **weights)),
        "tt": str(write_events(tmp_path / "tt.root", SECOND, **weights)),
    }
    run = process({"Double": files["Double"], **mc}, tmp_path / "run")
    assert run.report["removed_duplicates"] == {}
    assert len(run.features) == 39 + 50 + 50


def test_files_without_event_ids_are_left_alone(files: dict[str, str], tmp_path: Path) -> None:
    skim = write_events(tmp_path / "skim.root", range(40), ids=False)
    other = write_events(tmp_path / "other.root", range(40), ids=False)
    run = process({"a": str(skim), "b": str(other)}, tmp_path / "run")
    assert run.report["removed_duplicates"] == {}


def test_the_same_event_twice_in_one_data_set_is_only_reported(tmp_path: Path) -> None:
    one = write_events(tmp_path / "one.root", FIRST)
    two = write_events(tmp_path / "two.root", FIRST)
    run = process({"Double": [str(one), str(two)]}, tmp_path / "run")
    assert run.report["removed_duplicates"] == {}
    assert run.report["duplicates"] == {"Double": 39}


def test_without_a_table_the_run_says_that_nobody_looked(
    files: dict[str, str], tmp_path: Path
) -> None:
    run = process(files, tmp_path / "run", table=False)
    assert total(run) == 89
    (note,) = run.report["notes"]
    assert "more than one of 'Double', 'Single'" in note
