"""Sums of generated weights from the tree Runs, under the names of several productions."""

from __future__ import annotations

from pathlib import Path

import pytest
import uproot

from hepml.errors import BranchError
from hepml.schemas.runs_tree import generated_sums
from tests.events import muon, shared_file, write_nanoaod


def sums(path: Path, **runs: list[float]) -> dict[str, float]:
    write_nanoaod(path / "x.root", [[muon(5.0)]], generator_weights=[1.0], runs=runs or None)
    with uproot.open(path / "x.root") as directory:
        return generated_sums(directory)


def test_the_runs_of_a_file_add_up(tmp_path: Path) -> None:
    found = sums(tmp_path, genEventSumw=[20.0, 0.5], genEventCount=[10, 1])
    assert found == {"sum_of_weights": 20.5, "generated": 11.0}


def test_older_productions_write_an_underscore(tmp_path: Path) -> None:
    assert sums(tmp_path, genEventSumw_=[20.0]) == {"sum_of_weights": 20.0}


def test_a_file_without_the_tree_says_nothing(tmp_path: Path) -> None:
    assert sums(tmp_path) == {}


def test_the_runs_of_data_say_nothing(tmp_path: Path) -> None:
    assert sums(tmp_path, run=[1.0, 2.0]) == {}


def test_a_sum_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BranchError, match=r"x\.root: genEventSumw .* adds up to nan"):
        sums(tmp_path, genEventSumw=[1.0, float("nan")])


def test_an_rntuple_is_read_too(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "x.root") as file:
        file.mkrntuple("Runs", {"genEventSumw": "float64"}).extend({"genEventSumw": [3.0, 4.0]})
    with uproot.open(tmp_path / "x.root") as directory:
        assert generated_sums(directory) == {"sum_of_weights": 7.0}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "weights", "events"),
    [("nano_dy", 15166686735.858717, 850098), ("nano_tree", 49919.0, 49919)],
)
def test_the_sums_of_published_files(name: str, weights: float, events: int) -> None:
    with uproot.open(shared_file("cms", f"{name}.root")) as directory:
        assert generated_sums(directory) == {"sum_of_weights": weights, "generated": events}
