"""A chunk that is executed twice, at once or by a worker that was given up."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import pytest

from hepml.engine.checkpoint import load_checkpoint
from hepml.engine.fingerprint import fingerprint
from hepml.engine.resume import check
from hepml.engine.task import Job, run_chunk
from tests.engine.probe import ProbeCuts
from tests.engine.runs import assert_same_bits, contents
from tests.faults.conftest import Plain
from tests.faults.scenes import PacedProcessor, assert_exact, assert_recovers, process

pytestmark = pytest.mark.faults


def test_every_chunk_executed_twice_at_once_counts_once(
    plain: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hepml.engine import task

    def twice(job: Job, chunk: object) -> dict[str, dict[str, object]]:
        other = threading.Thread(target=run_chunk, args=(job, chunk))
        other.start()
        found = run_chunk(job, chunk)  # type: ignore[arg-type]
        other.join()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(task, "run_chunk", twice)
        run = process(plain.files[:2], tmp_path / "run")
    assert run.complete
    assert_exact(run.path)
    once = process(plain.files[:2], tmp_path / "once")
    assert_same_bits(run, once)
    assert contents(run)["table"].equals(contents(once)["table"])


def test_a_late_worker_that_writes_again_changes_nothing(plain: Plain, tmp_path: Path) -> None:
    run = process(plain.files[:1], tmp_path / "run")
    before = contents(run)["table"]
    mark = fingerprint(PacedProcessor())
    job = Job.make(PacedProcessor(), str(run.path), mark, 0)
    for chunk in run.plan.chunks():
        run_chunk(job, chunk)
    assert check(run.path).complete
    assert contents(process([run.plan.files[0].endpoints[0]], tmp_path / "again"))["table"].equals(
        before
    )
    assert_exact(run.path)


def test_a_late_worker_of_another_analysis_is_found_out(plain: Plain, tmp_path: Path) -> None:
    run = process(plain.files[:1], tmp_path / "run")
    chunk = next(iter(run.plan.chunks()))
    mark = fingerprint(PacedProcessor())
    assert load_checkpoint(run.layout, chunk, mark)
    # the part of other cuts with the same number of rows, without its checkpoint
    other = PacedProcessor(ProbeCuts(pt=40.0001))
    kept = run.layout.checkpoint(chunk.id).read_bytes()
    run_chunk(Job.make(other, str(run.path), fingerprint(other), 0), chunk)
    run.layout.checkpoint(chunk.id).write_bytes(kept)
    assert load_checkpoint(run.layout, chunk, mark) is None
    assert_recovers_one(run.path, plain, tmp_path)


def assert_recovers_one(path: Path, plain: Plain, tmp_path: Path) -> None:
    (path / "report.json").unlink()
    expected = process(plain.files[:1], tmp_path / "expected")
    assert_recovers(path, plain.files[:1], expected)


def test_a_part_that_arrives_after_the_end_is_not_in_the_table(
    plain: Plain, tmp_path: Path
) -> None:
    cuts = ProbeCuts(fault="raise", start=50)
    run = process(plain.files[:1], tmp_path / "run", cuts=cuts, retries=0)
    (lost,) = run.report["failed"]
    chunk = next(chunk for chunk in run.plan.chunks() if chunk.id == lost["chunk"])
    rows = len(run.features)
    # the work of a worker that was thought to be lost, of the same analysis
    healthy = PacedProcessor()
    job = partial(Job.make, healthy, str(run.path), fingerprint(healthy), 0)
    assert run_chunk(job(), chunk)[chunk.id]["state"] == "processed"
    assert run.layout.part(chunk.dataset, chunk.id).exists()
    assert_exact(run.path)
    from hepml.tables import FeatureTable

    assert len(FeatureTable.open(run.path)) == rows
