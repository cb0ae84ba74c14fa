"""`hepml inspect` says what a file holds and what fits, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.conftest import Answer
from tests.engine.hits import write_hits
from tests.engine.runs import copy_files, truncate
from tests.events import diphoton_photons, mini_event, muon, write_mini, write_nanoaod

Cli = Callable[..., Answer]


def test_trees_entries_clusters_and_the_processor_that_fits(
    cli: Cli, cluster_files: list[Path]
) -> None:
    answer = cli("inspect", cluster_files[0])
    assert answer.code == 0
    row = next(line for line in answer.out.splitlines() if "mini" in line)
    cells = [cell.strip() for cell in row.replace("│", "|").split("|") if cell.strip()]
    assert cells[:2] == ["mini", "200"]
    assert cells[3:] == ["4", "data", "diphoton"]


def test_nanoaod_is_for_dimuon(cli: Cli, tmp_path: Path) -> None:
    path = write_nanoaod(tmp_path / "x.root", [[muon(30), muon(20)]])
    answer = cli("inspect", path)
    assert "dimuon" in answer.out


def test_branches_are_listed_with_their_types(cli: Cli, cluster_files: list[Path]) -> None:
    answer = cli("inspect", cluster_files[0], "--branches")
    assert "photon_pt" in answer.out
    assert "float[]" in answer.out


def test_what_keeps_a_processor_from_fitting_is_named(cli: Cli, tmp_path: Path) -> None:
    path = write_mini(tmp_path / "x.root", [mini_event(diphoton_photons())], drop=["photon_E"])
    answer = cli("inspect", path)
    assert answer.code == 0
    assert "diphoton does not fit" in answer.out
    assert "photon_E: Did you mean" in answer.out


def test_a_tree_without_events_can_be_inspected(cli: Cli, tmp_path: Path) -> None:
    answer = cli("inspect", write_mini(tmp_path / "x.root", []))
    assert answer.code == 0
    assert "mini" in answer.out


def test_a_missing_file_is_named(cli: Cli, tmp_path: Path) -> None:
    answer = cli("inspect", tmp_path / "none.root")
    assert answer.code == 2
    assert "there is no such file" in answer.err


def test_a_file_cut_short_is_named_wherever_the_cut_is(
    cli: Cli, cluster_files: list[Path], tmp_path: Path
) -> None:
    (path,) = copy_files(cluster_files[:1], tmp_path)
    size = path.stat().st_size
    for fraction in (0.95, 0.6, 0.2, 0.01):
        truncate(path, int(size * fraction))
        answer = cli("inspect", path)
        assert "Traceback" not in answer.text
        assert answer.code in (0, 2)
        if answer.code:
            assert "data_one.root" in answer.err
            assert len(answer.text.splitlines()) <= 25


def test_columns_and_notes_of_an_imported_file(cli: Cli, tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet", notes={"account": {"rejected": 3}})
    answer = cli("inspect", path)
    assert answer.code == 0
    row = next(line for line in answer.out.splitlines() if "40" in line)
    cells = [cell.strip() for cell in row.replace("│", "|").split("|") if cell.strip()]
    assert cells == ["x", "40", "7", "4", "data", "none"]
    for words in ("hit_pt", "large_list<element: float>", "file-1", '{"rejected": 3}'):
        assert words in answer.out


def test_an_imported_brick_is_for_shower_and_says_what_it_lacks(cli: Cli, tmp_path: Path) -> None:
    path = write_hits(tmp_path / "x.parquet", notes={"channel": "shower"})
    answer = cli("inspect", path)
    assert answer.code == 0
    assert "x.parquet: shower does not fit" in answer.out


def test_a_parquet_file_that_is_none_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("a,b")
    answer = cli("inspect", tmp_path / "x.parquet")
    assert answer.code == 2
    assert "it is no Parquet file" in answer.err
