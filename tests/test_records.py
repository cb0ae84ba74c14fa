"""Entries of a catalogue: series of files, and totals that are known or not."""

from __future__ import annotations

import pytest

from hepml.records import Dataset, File, Series, Unlisted


def dataset(**facts: object) -> Dataset:
    return Dataset(channel="toy", name="a", release="r", kind="data", **facts)  # type: ignore[arg-type]


def test_a_series_writes_out_its_files() -> None:
    series = Series(pattern="a_{:02d}.h5", first=3, count=3, entries=25, entries_per_file=10)
    assert [file.path for file in series.files()] == ["a_03.h5", "a_04.h5", "a_05.h5"]
    assert [file.entries for file in series.files()] == [10, 10, 5]


def test_a_series_does_not_guess_entries() -> None:
    series = Series(pattern="a_{}.h5", count=2, entries=25)
    assert [file.entries for file in series.files()] == [None, None]


@pytest.mark.parametrize("pattern", ["same.h5", "{:s}.h5", "{name}.h5", "../{:d}.h5", "{"])
def test_a_pattern_must_hold_one_number(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        Series(pattern=pattern, count=2)


@pytest.mark.parametrize("path", ["/etc/x", "a/../../x", "a\\x", "https://host/x", "folder/"])
def test_a_path_stays_below_its_base(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        File(path=path)


def test_totals_need_every_file() -> None:
    known = dataset(files=(File(path="a", size=1), File(path="b", size=2)))
    assert (known.size, known.entries, known.file_count) == (3, None, 2)


def test_totals_of_an_unlisted_dataset_are_those_of_its_record() -> None:
    unlisted = dataset(unlisted=Unlisted(files=16, entries=5, size=7))
    assert (unlisted.file_count, unlisted.entries, unlisted.size) == (16, 5, 7)
    assert unlisted.members == ()
