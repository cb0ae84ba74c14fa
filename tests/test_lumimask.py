"""Certified luminosity blocks: reading a golden JSON, and looking events up in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest

from hepml.errors import FileAccessError, ParameterError
from hepml.lumimask import certified, read_lumi_mask

GOLDEN = {"283876": [[161, 380], [1, 150]], "7": [[4, 4]]}
RUNS = np.array([283876, 283876, 283876, 283876, 283876, 7, 7, 8])
BLOCKS = np.array([1, 150, 151, 161, 381, 4, 5, 4])
GOOD = [True, True, False, True, False, True, False, False]


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_file_becomes_its_sorted_content(tmp_path: Path) -> None:
    mask = read_lumi_mask(write(tmp_path / "golden.json", GOLDEN))
    assert mask == {"7": "4-4", "283876": "1-150,161-380"}
    assert list(mask) == ["7", "283876"]


def test_the_content_reads_as_itself() -> None:
    mask = read_lumi_mask(GOLDEN)
    assert read_lumi_mask(mask) == mask
    assert read_lumi_mask(json.loads(json.dumps(mask))) == mask


@pytest.mark.parametrize("kind", [np.uint32, np.int64, np.uint64])
def test_both_ends_of_a_range_are_certified(kind: Any) -> None:
    found = certified(read_lumi_mask(GOLDEN), ak.Array(RUNS.astype(kind)), BLOCKS.astype(kind))
    assert found.tolist() == GOOD


def test_a_run_without_ranges_is_not_certified() -> None:
    mask = read_lumi_mask({"7": [], "8": [[1, 9]]})
    assert certified(mask, np.array([7, 8]), np.array([1, 1])).tolist() == [False, True]


def test_no_events_give_no_answers() -> None:
    none = np.zeros(0, np.uint32)
    assert certified(read_lumi_mask(GOLDEN), none, none).tolist() == []


def test_lazy_arrays_give_the_same() -> None:
    import dask_awkward as dak

    lazy = [dak.from_awkward(ak.Array(values), 3) for values in (RUNS, BLOCKS)]
    assert certified(read_lumi_mask(GOLDEN), *lazy).compute().tolist() == GOOD


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ([], "must be an object such as"),
        ({}, "certifies no run"),
        ({"run": [[1, 2]]}, "'run' is not a run number"),
        ({"7": [[2, 1]]}, r"run 7 holds \[2, 1\]"),
        ({"7": [[0, 1]]}, r"run 7 holds \[0, 1\]"),
        ({"7": [[1]]}, r"run 7 holds \[1\]"),
        ({"7": [1, 2]}, "run 7 holds 1"),
        ({"7": [[1, 2.5]]}, r"run 7 holds \[1, 2.5\]"),
        ({"7": 5}, "run 7 holds no list"),
        ({"7": [[1, 5], [5, 6]]}, "run 7 has ranges that overlap"),
        ({"7": "1-x"}, "run 7 holds"),
    ],
)
def test_what_is_no_list_of_blocks_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        read_lumi_mask(write(tmp_path / "mask.json", content))


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"luminosity mask .*none\.json"):
        read_lumi_mask(tmp_path / "none.json")
