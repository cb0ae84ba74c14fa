"""Endpoints of one file: the first that answers, and why the others did not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hepml.engine import reading
from hepml.engine.replicas import explain, open_first
from hepml.errors import FileAccessError
from hepml.xrootd import XROOTD_PATIENCE
from tests.events import write_clusters


def test_the_first_endpoint_that_answers_serves_the_file(tmp_path: Path) -> None:
    good = str(write_clusters(tmp_path / "good.root", clusters=1, events=4))
    directory, endpoint = open_first([str(tmp_path / "absent.root"), good])
    with directory:
        assert endpoint == good


def test_every_endpoint_is_listed_with_its_reason(tmp_path: Path) -> None:
    empty = tmp_path / "empty.root"
    empty.touch()
    with pytest.raises(FileAccessError) as caught:
        open_first([str(tmp_path / "absent.root"), str(empty), str(tmp_path)])
    for reason in ("no such file", "empty (0 bytes)", "is a directory"):
        assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("begin", "said"),
    [(b"\x89HDF\r\n", "an HDF5 file"), (b"PAR1", "a Parquet file"), (b"text", "cut short")],
)
def test_another_kind_of_file_is_recognised(tmp_path: Path, begin: bytes, said: str) -> None:
    path = tmp_path / "file.root"
    path.write_bytes(begin + bytes(400))
    with pytest.raises(FileAccessError, match=said):
        open_first([str(path)])


def test_what_the_xrootd_client_says_is_shortened() -> None:
    error = OSError("Failed to submit <bound method at 0x7f> request: [FATAL] Invalid address")
    assert "(OSError: Invalid address)" in explain("root://host//file.root", error)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ImportError("no XRootD"), "hepml-columnar[xrootd]"),
        (OSError("[ERROR] Operation expired"), "no answer from there"),
        (ValueError("not a ROOT file"), "damaged or cut short"),
    ],
)
def test_a_remote_failure_is_explained(error: Exception, said: str) -> None:
    assert said in explain("root://host//file.root", error)


def test_an_xrootd_client_is_told_to_give_up_soon_unless_the_user_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(path: str, **options: Any) -> Any:
        raise OSError("no such server")

    monkeypatch.setattr(reading, "open_root", absent)
    for name in XROOTD_PATIENCE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XRD_CONNECTIONWINDOW", "99")
    with pytest.raises(FileAccessError):
        open_first(["root://host//file.root"])
    assert os.environ["XRD_CONNECTIONWINDOW"] == "99"
    assert os.environ["XRD_STREAMTIMEOUT"] == XROOTD_PATIENCE["XRD_STREAMTIMEOUT"]
