"""Files that are whole or absent, and who may change them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hepml.files import explain_write, make_folder, open_private, whole_file


@pytest.fixture
def _no_umask() -> Iterator[None]:
    """The most careless umask there is."""
    before = os.umask(0)
    yield
    os.umask(before)


def write(path: Path, content: bytes) -> None:
    with whole_file(path) as handle:
        handle.write(content)


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as handle:
        handle.write(b"content")
        assert not (tmp_path / "file").exists()
    assert (tmp_path / "file").read_bytes() == b"content"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    write(tmp_path / "file", b"before")
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "file") as handle:
        handle.write(bytes(1 // 0))
    assert (tmp_path / "file").read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 1


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as one, whole_file(tmp_path / "file") as other:
        one.write(b"one")
        other.write(b"other")
    assert (tmp_path / "file").read_bytes() == b"one"  # the outer one ended last


@pytest.mark.usefixtures("_no_umask")
def test_nobody_else_may_change_what_is_written(tmp_path: Path) -> None:
    make_folder(tmp_path / "one" / "two")
    write(tmp_path / "one" / "two" / "file", b"")
    os.close(open_private(tmp_path / "one" / "lock", os.O_CREAT | os.O_WRONLY))
    for path in (tmp_path / "one").rglob("*"):
        assert not path.stat().st_mode & 0o002, path
    assert not (tmp_path / "one").stat().st_mode & 0o002


def test_the_umask_still_forbids(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o077 == 0


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    make_folder(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "file")


def test_a_full_disk_is_told_with_what_to_do() -> None:
    full = explain_write(Path("x"), OSError(errno.ENOSPC, "No space left on device"))
    assert full.startswith("Cannot write x: No space left on device. Make room")
    denied = explain_write(Path("x"), OSError(errno.EACCES, "Permission denied"))
    assert denied == "Cannot write x: Permission denied."
