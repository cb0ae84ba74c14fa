"""Output folders are whole or absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from hepml.errors import OutputError
from hepml.ml.folder import check_free, output_folder


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    with output_folder(target) as folder:
        (folder / "a.txt").write_text("a")
        assert not target.exists()
    assert (target / "a.txt").read_text() == "a"
    assert [item.name for item in target.parent.iterdir()] == ["out"]


def fill_and_fail(target: Path) -> None:
    with output_folder(target) as folder:
        (folder / "a.txt").write_text("a")
        raise ZeroDivisionError


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fill_and_fail(tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_may_be_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with output_folder(tmp_path / "out") as folder:
        (folder / "a.txt").write_text("a")
    assert (tmp_path / "out" / "a.txt").exists()


def test_a_taken_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(OutputError, match="not empty; choose another --out"):
        check_free(tmp_path)
    with pytest.raises(OutputError, match="not empty"):
        check_free(tmp_path / "a.txt")
    with pytest.raises(OutputError, match=r"a\.txt cannot be written"):
        check_free(tmp_path / "a.txt" / "out")
