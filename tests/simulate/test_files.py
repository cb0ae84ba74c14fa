"""A set of simulated files is complete or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from hepml.errors import OutputError
from hepml.simulate.files import cluster_sizes, create_files


def test_events_are_divided_among_clusters() -> None:
    assert cluster_sizes(10, 4) == (2, 3, 2, 3)
    assert cluster_sizes(3, None) == (1, 1, 1)
    assert len(cluster_sizes(900_000, None)) == 9


def test_files_appear_when_all_are_written(tmp_path: Path) -> None:
    def write(scratch: Path) -> None:
        for name in ("a.txt", "b.txt"):
            (scratch / name).write_text(name)
        assert not (tmp_path / "out" / "a.txt").exists()

    paths = create_files(tmp_path / "out", ["a.txt", "b.txt"], ("*.txt",), write)
    assert [path.read_text() for path in paths] == ["a.txt", "b.txt"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.txt", "b.txt"]


def test_a_file_that_matches_a_pattern_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("precious")
    with pytest.raises(OutputError, match=r"old\.txt exists already"):
        create_files(tmp_path, ["new.txt"], ("*.txt",), lambda scratch: None)
