"""The result does not depend on executor, chunk size, or having been interrupted."""

from __future__ import annotations

from pathlib import Path

import pytest

import hepml
from hepml.engine import Run
from hepml.engine.resume import check, resume
from hepml.errors import IncompleteRunError
from processors import DiphotonProcessor
from tests.engine.probe import ProbeCuts, ProbeProcessor, calls
from tests.engine.runs import assert_same_answer, assert_same_bits, leftovers, report_of

LAZY_OR_DASK = [pytest.param(name, marks=pytest.mark.dask) for name in ("dask", "dask-awkward")]


def process(files: list[Path], out: Path, **options: object) -> Run:
    words = [str(file) for file in files]
    settings = {"executor": "iterative", "chunk_size": 50} | options
    return hepml.run(DiphotonProcessor(), words, out=out, **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def reference(cluster_files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = process(cluster_files, tmp_path_factory.mktemp("reference") / "run")
    assert run.report["planned"] == run.report["processed"] == 16
    assert len(run.features) > 50
    return run


def test_futures_give_the_same_bits(
    reference: Run, cluster_files: list[Path], tmp_path: Path
) -> None:
    run = process(cluster_files, tmp_path / "run", executor="futures", workers=2)
    assert_same_bits(run, reference)
    assert_same_answer(run, reference)


@pytest.mark.parametrize("executor", LAZY_OR_DASK)
def test_dask_gives_the_same_bits(
    reference: Run, cluster_files: list[Path], tmp_path: Path, scheduler: str, executor: str
) -> None:
    run = process(cluster_files, tmp_path / "run", executor=executor, scheduler=scheduler)
    assert_same_bits(run, reference)
    assert_same_answer(run, reference)


@pytest.mark.parametrize(("size", "planned"), [(1000, 4), (100, 8), (37, 20)])
def test_the_chunk_size_does_not_matter(
    reference: Run, cluster_files: list[Path], tmp_path: Path, size: int, planned: int
) -> None:
    run = process(cluster_files, tmp_path / "run", chunk_size=size)
    assert run.report["planned"] == planned
    assert_same_answer(run, reference)


def test_the_same_parts_have_the_same_bytes(
    reference: Run, cluster_files: list[Path], tmp_path: Path
) -> None:
    run = process(cluster_files, tmp_path / "run")
    ours = {p.relative_to(run.path): p.read_bytes() for p in run.path.rglob("*.parquet")}
    theirs = {
        p.relative_to(reference.path): p.read_bytes() for p in reference.path.rglob("*.parquet")
    }
    assert len(ours) == 16
    assert ours == theirs


def test_an_interrupted_run_is_resumed_to_the_same_bits(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    marker = tmp_path / "calls"
    cuts = ProbeCuts(fault="interrupt", dataset="ggF", start=50, marker=str(marker), times=10)
    words = [str(file) for file in cluster_files]
    options = {"executor": "iterative", "chunk_size": 50}
    with pytest.raises(KeyboardInterrupt):
        hepml.run(ProbeProcessor(cuts), words, out=tmp_path / "run", **options)
    report = report_of(tmp_path / "run")
    assert (report["planned"], report["processed"], len(report["failed"])) == (16, 9, 7)
    assert "interrupted" in report["failed"][0]["reason"]
    with pytest.raises(IncompleteRunError, match="7 of 16 chunks"):
        check(tmp_path / "run")
    run = resume(tmp_path / "run", executor="iterative")
    assert len(calls(marker)) == 9 + 1 + 7
    assert check(tmp_path / "run").complete
    plain = hepml.run(ProbeProcessor(), words, out=tmp_path / "plain", **options)
    assert_same_bits(run, plain)
    assert_same_answer(run, plain)
    assert leftovers(tmp_path) == []
