"""Run directories at a URL: made here, copied when complete, read back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import hepml
from hepml.engine import remote
from hepml.engine.remote import folder_of, is_url, publish, refuse_taken
from hepml.errors import IncompleteRunError, OutputError
from tests import xrootd_server
from tests.engine.probe import ProbeCuts, ProbeProcessor
from tests.engine.runs import assert_same_bits


@pytest.fixture
def memory() -> Iterator[Any]:
    """fsspec's file system in memory, empty."""
    from fsspec.implementations.memory import MemoryFileSystem

    yield MemoryFileSystem()
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def run(file: Path, out: str, **cuts: Any) -> hepml.Run:
    cut = ProbeCuts(**cuts)
    return hepml.run(ProbeProcessor(cut), [str(file)], out=out, executor="iterative", chunk_size=50)


@pytest.mark.parametrize(
    ("out", "expected"),
    [
        ("root://host//store/run", True),
        ("s3://bucket/run", True),
        (Path("root://host//run"), True),
        ("run", False),
        ("/data/run:2", False),
        ("C:/data/run", False),
    ],
)
def test_a_url_is_told_from_a_path(out: str | Path, expected: bool) -> None:
    assert is_url(out) is expected


def test_the_folder_here_has_the_name_of_the_url() -> None:
    assert folder_of("root://me@host//store/first/?token=a/b") == Path("first")


def test_a_complete_run_is_copied(
    memory: Any, cluster_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = run(cluster_files[0], "memory://store/first")
    assert made.path == Path("first")
    memory.get("/store/first", str(tmp_path / "fetched"), recursive=True)
    fetched = hepml.Run(tmp_path / "fetched")
    assert_same_bits(fetched, made)
    assert fetched.features.to_arrow().num_rows == made.features.to_arrow().num_rows


def test_an_incomplete_run_stays_here(
    memory: Any, cluster_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IncompleteRunError):
        run(cluster_files[0], "memory://store/first", fault="raise", start=0)
    assert (tmp_path / "first" / "report.json").exists()
    assert not memory.exists("/store/first")


def test_what_is_there_is_not_overwritten(
    memory: Any, cluster_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    memory.pipe("/store/first/plan.json", b"{}")
    with pytest.raises(OutputError, match="store/first exists"):
        run(cluster_files[0], "memory://store/first")
    assert not (tmp_path / "first").exists()


def test_a_file_that_arrives_damaged_is_an_error(
    memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.json").write_text("{}")
    digests = iter([b"sent", b"arrived"])
    monkeypatch.setattr(remote, "_digest", lambda handle: next(digests))
    with pytest.raises(OutputError, match=r"did not arrive as it was sent.*xrdcp -r"):
        publish(tmp_path, "memory://store/run")


def test_an_unknown_protocol_is_named() -> None:
    with pytest.raises(OutputError, match="nothing://host/run"):
        refuse_taken("nothing://host/run")


def test_the_command_line_says_where_the_copy_is(
    memory: Any,
    cli: Callable[..., Any],
    cluster_files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("--out", "memory://store/first", "--executor", "iterative")
    answer = cli("run", "tests.engine.probe:ProbeProcessor", cluster_files[0], *words)
    assert answer.code == 0, answer.text
    assert "copied to memory://store/first" in answer.out


@pytest.mark.xrootd
def test_a_run_is_copied_to_an_xrootd_server(
    cluster_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        xrootd_server,
        "CONFIG",
        xrootd_server.CONFIG.replace("all.export / r/o", "all.export / r/w"),
    )
    monkeypatch.chdir(tmp_path)
    try:
        server = xrootd_server.Server()
        server.start()
    except xrootd_server.NoServerError as error:
        pytest.skip(str(error))
    try:
        shutil.chown(server.export, "xrootd")
        made = run(cluster_files[0], f"root://localhost:{server.port}//store/first")
        assert_same_bits(hepml.Run(server.export / "store" / "first"), made)
    finally:
        server.stop()
