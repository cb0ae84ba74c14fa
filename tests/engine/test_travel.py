"""Results that travel: workers that do not see the run directory, and clients that write it."""

from __future__ import annotations

from pathlib import Path

import pytest

import hepml
from hepml.engine import handshake, travel
from hepml.engine.cluster import ClusterOptions
from hepml.engine.handshake import leave_trace
from hepml.errors import IncompleteRunError, ParameterError
from tests.engine.probe import ProbeCuts, ProbeProcessor
from tests.engine.runs import assert_same_answer, assert_same_bits, leftovers


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the workers did not see the run directory."""
    monkeypatch.setattr(handshake, "probe_output", lambda client, expected, out: expected)


def run(
    files: list[Path], out: Path, scheduler: str = "", cuts: ProbeCuts | None = None
) -> hepml.Run:
    return hepml.run(
        ProbeProcessor(cuts or ProbeCuts()),
        [str(file) for file in files],
        out=out,
        executor="dask" if scheduler else "iterative",
        scheduler=scheduler or None,
        chunk_size=50,
    )


def test_a_trace_is_left_where_the_mark_is_seen(tmp_path: Path) -> None:
    mark = tmp_path / ".seen"
    mark.touch()
    trace = leave_trace(str(mark))
    assert trace.startswith(str(mark))
    assert Path(trace).exists()


def test_nothing_is_written_where_the_mark_is_not_seen(tmp_path: Path) -> None:
    assert leave_trace(str(tmp_path / "elsewhere" / ".seen")) == ""
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.dask
@pytest.mark.slow
def test_results_that_travelled_are_the_same_bits(
    blind: None, cluster_files: list[Path], tmp_path: Path, scheduler: str
) -> None:
    there = run(cluster_files, tmp_path / "there", scheduler)
    here = run(cluster_files, tmp_path / "here")
    assert_same_bits(there, here)
    assert_same_answer(there, here)
    assert not leftovers(tmp_path / "there")
    assert not list((tmp_path / "there").glob(".seen-*"))


@pytest.mark.dask
@pytest.mark.slow
def test_a_chunk_that_kills_its_workers_fails_alone(
    blind: None, cluster_files: list[Path], tmp_path: Path, scheduler: str
) -> None:
    cuts = ProbeCuts(fault="kill", dataset="data_one", start=0)
    with pytest.raises(IncompleteRunError, match=r"1 of 8 chunks \(50 events\).*\n.*died"):
        run(cluster_files[:2], tmp_path / "run", scheduler, cuts)


@pytest.mark.dask
@pytest.mark.slow
def test_results_that_are_too_large_to_travel_are_named(
    blind: None, cluster_files: list[Path], tmp_path: Path
) -> None:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
            silence_logs="ERROR",
        ) as cluster,
        Client(cluster, set_as_default=False),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(travel, "LIMIT", 10)
        with pytest.raises(IncompleteRunError, match="at most 0 MB travel"):
            run(cluster_files[:1], tmp_path / "run", cluster.scheduler_address)


@pytest.mark.dask
@pytest.mark.slow
def test_the_lazy_executor_needs_workers_that_see_the_run_directory(
    blind: None, cluster_files: list[Path], tmp_path: Path, scheduler: str
) -> None:
    with pytest.raises(ParameterError, match="dask workers do not see"):
        hepml.run(
            ProbeProcessor(),
            [str(cluster_files[0])],
            out=tmp_path / "run",
            executor="dask-awkward",
            scheduler=scheduler,
        )
    assert not (tmp_path / "run").exists()


@pytest.mark.dask
@pytest.mark.slow
def test_a_performance_report_is_written(
    cluster_files: list[Path], tmp_path: Path, scheduler: str
) -> None:
    hepml.run(
        ProbeProcessor(),
        [str(cluster_files[0])],
        out=tmp_path / "run",
        executor="dask",
        cluster=ClusterOptions(scheduler=scheduler, performance_report=tmp_path / "dask.html"),
    )
    assert "<html" in (tmp_path / "dask.html").read_text()
