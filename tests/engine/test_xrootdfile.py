"""Reading over XRootD: the same values, in few requests, from the endpoint that answers."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

import hepml
from hepml.engine import reading, replicas, xrootdfile
from hepml.engine.baskets import read_columns
from hepml.engine.reading import open_root
from hepml.engine.run import as_inputs
from hepml.engine.xrootdfile import XRootDSource
from hepml.inputs import Input
from tests.conftest import Answer
from tests.engine.probe import NAME, ProbeProcessor
from tests.engine.runs import assert_same_bits, report_of
from tests.events import write_clusters
from tests.xrootd_server import Server

pytestmark = pytest.mark.xrootd

DEAD = "root://localhost:1//nothing/there.root"


@pytest.fixture(scope="module")
def remote(xrootd: Server, cluster_files: list[Path]) -> list[str]:
    """URLs of the session's files of four clusters."""
    for file in cluster_files:
        xrootd.put(file, f"clusters/{file.name}")
    return [xrootd.url(f"clusters/{file.name}") for file in cluster_files]


@pytest.fixture(autouse=True)
def _forget_silent_servers() -> None:
    replicas._SILENT.clear()


def process(files: object, out: Path, **options: object) -> hepml.Run:
    settings = {"executor": "iterative", "chunk_size": 50, "retries": 0} | options
    return hepml.run(ProbeProcessor(), files, out=out, **settings)  # type: ignore[arg-type]


def with_endpoints(file: Path, *endpoints: str) -> Input:
    (item,) = as_inputs([str(file)], "probe")
    return replace(item, endpoints=endpoints)


def test_columns_are_the_same_as_from_disk(remote: list[str], cluster_files: list[Path]) -> None:
    names = ["photon_n", "photon_pt", "runNumber", "mcWeight"]
    with open_root(remote[0]) as far, uproot.open(cluster_files[0]) as near:
        found = read_columns(far["mini"], names, 30, 170)
        for name in names:
            expected = near["mini"][name].array(entry_start=30, entry_stop=170)
            assert ak.array_equal(found[name], expected), name


def test_the_columns_of_a_chunk_come_in_one_vector_read(remote: list[str]) -> None:
    with open_root(remote[0]) as file:
        tree = file["mini"]
        source = file.file.source
        assert isinstance(source, XRootDSource)
        before = source.num_requests, source.num_requested_bytes
        names = ["photon_n", "photon_pt", "runNumber", "mcWeight"]
        read_columns(tree, names, 0, tree.num_entries)
        needed = sum(tree[name].compressed_bytes for name in names)
        assert source.num_requests - before[0] == 1
        # the compressed bytes of these columns and the heads of their baskets, nothing else
        assert needed <= source.num_requested_bytes - before[1] < 2 * needed


def test_long_ranges_are_split_and_joined_again(
    remote: list[str], cluster_files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xrootdfile, "REQUEST", 3000)
    monkeypatch.setattr(XRootDSource, "_limits", lambda *_: (3, 700))
    content = cluster_files[0].read_bytes()
    ranges = [(0, 5000), (9000, 9001), (100, 100), (200, 900), (0, 700), (1000, 1400)]
    with XRootDSource(remote[0]) as source:
        chunks = source.chunks(ranges, None)
        assert [bytes(c.raw_data) for c in chunks] == [content[a:b] for a, b in ranges]
        assert source.num_requests > 3


def test_the_end_of_a_file_is_shorter_than_asked(
    remote: list[str], cluster_files: list[Path]
) -> None:
    size = cluster_files[0].stat().st_size
    with XRootDSource(remote[0]) as source:
        assert source.num_bytes == size
        chunk = source.chunk(size - 10, size + 10)
        chunk.wait(insist=False)
        assert len(chunk._raw_data) == 10


def test_a_closed_file_says_so(remote: list[str]) -> None:
    source = XRootDSource(remote[0])
    with source:
        assert not source.closed
    assert source.closed
    with pytest.raises(OSError, match="is closed"):
        source.chunk(0, 1)


def test_a_run_over_urls_equals_the_run_over_paths(
    remote: list[str], cluster_files: list[Path], tmp_path: Path, xrootd: Server
) -> None:
    near = process([str(file) for file in cluster_files], tmp_path / "near")
    far = process([xrootd.url("clusters/*.root")], tmp_path / "far")
    assert_same_bits(near, far)
    served = far.report["datasets"]["ggF"]["endpoints"]
    assert served == {xrootd.url("clusters"): 4}


@pytest.mark.slow
@pytest.mark.parametrize(
    "executor",
    [
        "futures",
        pytest.param("dask", marks=pytest.mark.dask),
        pytest.param("dask-awkward", marks=pytest.mark.dask),
    ],
)
def test_workers_read_urls(
    remote: list[str],
    cluster_files: list[Path],
    tmp_path: Path,
    executor: str,
    request: pytest.FixtureRequest,
) -> None:
    scheduler = request.getfixturevalue("scheduler") if executor != "futures" else None
    near = process([str(file) for file in cluster_files], tmp_path / "near")
    far = process(remote, tmp_path / "far", executor=executor, scheduler=scheduler)
    assert_same_bits(near, far)


def test_the_first_endpoint_that_answers_serves_and_the_report_says_which(
    remote: list[str], cluster_files: list[Path], tmp_path: Path, xrootd: Server
) -> None:
    missing = xrootd.url("clusters/not_here.root")
    inputs = [with_endpoints(cluster_files[0], DEAD, missing, remote[0])]
    run = process(inputs, tmp_path / "run")
    assert run.complete
    assert run.report["datasets"]["data_one"]["endpoints"] == {xrootd.url("clusters"): 4}
    assert replicas.preferred([DEAD, missing]) == [missing, DEAD]


def test_a_file_whose_endpoints_are_all_dead_is_reported_and_the_rest_is_done(
    remote: list[str], tmp_path: Path, cli: object
) -> None:
    answer: Answer = cli(  # type: ignore[operator]
        *("run", NAME, remote[0], DEAD),
        *("--out", tmp_path / "run", "--executor", "iterative", "--retries", "0"),
    )
    assert answer.code == 3, answer.text
    report = report_of(tmp_path / "run")
    assert (report["planned"], report["processed"], report["events_planned"]) == (2, 1, None)
    (lost,) = report["failed"]
    assert (lost["file"], lost["entries"]) == (DEAD, None)
    assert "no answer from there" in lost["reason"]


def test_a_server_that_did_not_answer_goes_to_the_back_of_the_queue_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    def absent(path: str, **options: object) -> object:
        tried.append(path)
        if "dead" in path:
            raise ConnectionError("no route")
        raise FileNotFoundError("no such file")

    monkeypatch.setattr(reading, "open_root", absent)
    endpoints = ["root://dead//a", "root://other//a"]
    for _ in range(2):
        with pytest.raises(hepml.errors.FileAccessError, match="there is no such file"):
            replicas.open_first(endpoints)
    assert tried == [*endpoints, *reversed(endpoints)]
    assert replicas.are_silent(endpoints[:1])
    assert not replicas.are_silent(endpoints)
    monkeypatch.setattr(replicas, "SILENCE", 0.0)
    assert replicas.preferred(endpoints) == endpoints


@pytest.mark.slow
def test_a_frozen_first_endpoint_costs_seconds_not_minutes(
    remote: list[str], cluster_files: list[Path], tmp_path: Path, own_xrootd: Server
) -> None:
    frozen = own_xrootd.url("x.root")
    os.kill(own_xrootd.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        inputs = [
            with_endpoints(file, frozen, url)
            for file, url in zip(cluster_files, remote, strict=True)
        ]
        run = process(inputs, tmp_path / "run")
        took = time.monotonic() - began
    finally:
        os.kill(own_xrootd.pid, signal.SIGCONT)
    assert run.report["processed"] == 16
    assert took < 12, took


def test_a_catalogue_may_name_several_servers(
    remote: list[str], cluster_files: list[Path], tmp_path: Path, xrootd: Server
) -> None:
    from hepml.catalogue import Catalogue

    document = {
        "version": 1,
        "channels": {"probe": {"title": "Probe"}},
        "bases": {"gone": "root://localhost:1//clusters/", "here": xrootd.url("clusters/")},
        "releases": {"r": {"title": "R", "bases": ["gone", "here"]}},
        "datasets": [
            {
                "name": "first",
                "channel": "probe",
                "release": "r",
                "kind": "data",
                "files": [{"path": "data_one.root"}],
            }
        ],
    }
    path = tmp_path / "datasets.json"
    path.write_text(json.dumps(document))
    (item,) = Catalogue.load(path).select("first")
    assert item.endpoints == ("root://localhost:1//clusters/data_one.root", remote[0])
    run = process([item], tmp_path / "run")
    assert run.report["datasets"]["first"]["endpoints"] == {xrootd.url("clusters"): 4}


def test_a_truncated_remote_file_loses_what_lies_behind_the_cut(
    tmp_path: Path, xrootd: Server
) -> None:
    file = write_clusters(tmp_path / "cut.root", seed=7)
    shown = xrootd.put(file, "truncated/cut.root")
    with open_root(xrootd.url("truncated/cut.root")) as opened:
        tree = opened["mini"]
        os.truncate(shown, file.stat().st_size // 3)
        with pytest.raises(hepml.errors.FileAccessError, match=r"cut\.root"):
            read_columns(tree, ["photon_pt", "runNumber"], 0, 200)
    assert np.isclose(shown.stat().st_size, file.stat().st_size / 3, atol=1)
