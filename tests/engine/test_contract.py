"""What a processor must not do, as a user of the engine sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

import hepml
from hepml.engine import Run
from hepml.errors import TableError
from tests.engine.probe import NAME, ProbeCuts, ProbeProcessor, calls
from tests.engine.runs import leftovers


def process(files: list[Path], tmp_path: Path, cuts: ProbeCuts, **options: object) -> Run:
    settings = {"executor": "iterative", "chunk_size": 50, "retries": 0} | options
    words = [str(file) for file in files]
    return hepml.run(
        ProbeProcessor(cuts), words, out=tmp_path / "run", allow_missing=True, **settings
    )


BREACHES = {
    "histogram": "filled the histogram 'leda_pt' without declaring it. Did you mean 'lead_pt'?",
    "axes": "Histogram 'lead_pt' has 1 axes but 2 arrays",
    "column": "returned the column 'led_pt' without declaring it. Did you mean 'lead_pt'?",
    "missing column": "declares the column 'lead_pt' but did not return it",
    "length": "feature columns differ in length",
    "missing value": "column 'lead_pt' has missing values",
    "first step": "must hold the weights of all events, before any cut",
    "not finite": "50 event weights are not finite at step 'all'",
    "constant": "cross_section is not the same for all events",
}


@pytest.mark.parametrize("fault", BREACHES)
def test_a_breach_of_the_contract_is_the_reason_of_a_failed_chunk(
    cluster_files: list[Path], tmp_path: Path, fault: str
) -> None:
    marker = tmp_path / "calls"
    cuts = ProbeCuts(fault=fault, start=50, marker=str(marker))
    run = process(cluster_files[2:3], tmp_path, cuts, retries=2)
    (failed,) = run.report["failed"]
    assert failed["entries"] == [50, 100]
    assert BREACHES[fault] in failed["reason"]
    assert run.report["processed"] == 3
    assert len(calls(marker)) == 4  # trying again would not help
    assert leftovers(run.path) == []


@pytest.mark.dask
@pytest.mark.parametrize("fault", ["column", "not finite", "raise", "first step"])
def test_the_lazy_executor_reports_a_breach_the_same_way(
    cluster_files: list[Path], tmp_path: Path, scheduler: str, fault: str
) -> None:
    run = process(
        cluster_files[:2],
        tmp_path,
        ProbeCuts(fault=fault, dataset="data_two"),
        executor="dask-awkward",
        scheduler=scheduler,
    )
    expected = BREACHES.get(fault, "ValueError: the selection does not work (probe.py:")
    assert run.report["processed"] == 4
    assert {item["dataset"] for item in run.report["failed"]} == {"data_two"}
    assert expected in run.report["failed"][0]["reason"]


def test_an_exception_is_recorded_with_type_message_and_place(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    run = process(cluster_files[:1], tmp_path, ProbeCuts(fault="raise", start=0))
    (failed,) = run.report["failed"]
    assert failed["reason"].startswith("ValueError: the selection does not work (probe.py:")
    assert "\n" not in failed["reason"]


def test_a_read_that_fails_once_is_tried_again(cluster_files: list[Path], tmp_path: Path) -> None:
    marker = tmp_path / "calls"
    cuts = ProbeCuts(fault="flaky", marker=str(marker), times=1)
    run = process(cluster_files[:1], tmp_path, cuts, retries=1)
    assert run.complete
    assert len(calls(marker)) == 5


def test_attempts_are_limited(cluster_files: list[Path], tmp_path: Path) -> None:
    marker = tmp_path / "calls"
    cuts = ProbeCuts(fault="flaky", start=0, marker=str(marker))
    run = process(cluster_files[:1], tmp_path, cuts, retries=1)
    assert [item["reason"] for item in run.report["failed"]] == ["the server went away"]
    assert len(calls(marker)) == 2 + 3


def test_a_processor_is_found_again_by_module_and_class(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    run = process(cluster_files[:1], tmp_path, ProbeCuts())
    assert run.plan.processor == NAME


def test_without_a_table_there_is_none(cluster_files: list[Path], tmp_path: Path) -> None:
    run = hepml.run(
        ProbeProcessor(table=False),
        [str(cluster_files[0])],
        out=tmp_path / "run",
        executor="iterative",
    )
    assert list(run.layout.features.rglob("*.parquet")) == []
    assert run.report["datasets"]["data_one"]["rows"] == 0
    with pytest.raises(TableError, match="run with --no-table"):
        _ = run.features


def test_steps_that_differ_between_chunks_cost_the_later_one(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    run = process(cluster_files[:1], tmp_path, ProbeCuts(fault="other steps", start=50))
    (failed,) = run.report["failed"]
    assert failed["entries"] == [50, 100]
    assert "other steps (all, lead pT, one more) than in the chunks before" in failed["reason"]
    assert run.cutflow["data_one"][0]["raw"] == 150
    assert len(run.features) == run.cutflow["data_one"][-1]["raw"]
