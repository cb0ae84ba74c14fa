"""Disks that are full: what was done is kept, and goes on when there is room."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from hepml import files as hepml_files
from hepml.engine import store, veto
from hepml.engine.report import last_reasons
from hepml.engine.resume import resume
from hepml.errors import HepmlError, OutputError
from tests.events import write_clusters
from tests.faults.conftest import Plain
from tests.faults.scenes import PacedProcessor, assert_exact, assert_recovers, process

pytestmark = pytest.mark.faults


@contextmanager
def full_disk(patch: pytest.MonkeyPatch, since: int, until: int) -> Iterator[list[Path]]:
    """Let writes number ``since`` to ``until`` fail half way, as on a full disk."""
    written: list[Path] = []

    @contextmanager
    def whole_file(path: Path) -> Iterator[BinaryIO]:
        number = len(written)
        written.append(path)
        with hepml_files.whole_file(path) as handle:
            if since <= number < until:
                handle.write(b"half of it")
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            yield handle

    with patch.context() as inner:
        for module in (store, veto, __import__("hepml.parts").parts):
            inner.setattr(module, "whole_file", whole_file)
        yield written


@pytest.mark.slow
def test_a_disk_that_fills_up_at_any_write_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write_clusters(tmp_path / f"{name}.root", clusters=2) for name in ("one", "two")]
    expected = process(files, tmp_path / "plain")
    with full_disk(monkeypatch, 0, 0) as written:
        process(files, tmp_path / "counted")
    assert len(written) > 15
    for number in range(len(written)):
        out = tmp_path / str(number)
        with full_disk(monkeypatch, number, len(written) + 100), suppress(OutputError):
            assert not process(files, out).complete
        assert_recovers(out, files, expected)


@pytest.mark.slow
def test_a_disk_that_is_full_for_a_moment_costs_some_chunks_and_says_so(
    plain: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with full_disk(monkeypatch, 5, 9):
        process(plain.files, tmp_path / "run")
    report = assert_exact(tmp_path / "run")
    assert 1 <= len(report["failed"]) <= 4
    for item in report["failed"]:
        assert "No space left on device. Make room there" in item["reason"]
    assert_recovers(tmp_path / "run", plain.files, plain.run)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 100 kB, where this user may make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["iterative", "futures"])
def test_a_real_disk_that_is_full(plain: Plain, small_disk: Path, executor: str) -> None:
    out = small_disk / "run"
    with pytest.raises(HepmlError, match="No space left on device"):
        process(plain.files, out, executor=executor, allow_missing=False)
    resize = ["mount", "-o", "remount,size=20m", str(small_disk)]
    assert subprocess.run(resize, capture_output=True).returncode == 0
    assert 0 < len(list(out.glob("checkpoints/*.json"))) < 16
    assert_recovers(out, plain.files, plain.run)


def test_a_run_that_ends_without_a_report_says_how_to_go_on(
    plain: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        full_disk(monkeypatch, 3, 1000),
        pytest.raises(OutputError, match=r"No space left.*hepml resume"),
    ):
        process(plain.files[:1], tmp_path / "run")
    assert not (tmp_path / "run" / "report.json").exists()


def test_why_a_chunk_failed_is_still_known_after_an_interrupted_resume(
    plain: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with full_disk(monkeypatch, 1, 2):
        run = process(plain.files[:1], tmp_path / "run")
    (reason,) = {item["reason"] for item in run.report["failed"]}

    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("hepml.engine.execution._process", interrupt)
        with pytest.raises(KeyboardInterrupt):
            resume(run.path, PacedProcessor(), executor="iterative")
    assert [item["reason"] for item in last_reasons(run.layout, run.plan).values()] == [reason]
