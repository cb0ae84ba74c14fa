"""``hepml explore`` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.toys import write_table

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("t") / "t"
    return write_table(folder, {"a": [range(60)], "b": [range(60, 100)]})


def test_it_writes_numbers_and_figures(cli: Cli, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "e"
    answer = cli("explore", table, "--column", "pt", "--label", "none", "--out", out)
    assert answer.code == 0, answer.text
    assert "1 figure: pt" in answer.out
    assert sorted(path.name for path in out.iterdir()) == ["explore.json", "pt.png"]
    found = json.loads((out / "explore.json").read_text())
    assert [item["rows"] for item in found["classes"]] == [60, 40]


def test_figures_are_drawn_again(cli: Cli, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "e"
    assert cli("explore", table, "--no-plots", "--out", out).code == 0
    assert not list(out.glob("*.png"))
    answer = cli("explore", out, "--column", "mass", "--out", tmp_path / "again")
    assert "1 figure: mass" in answer.out
    answer = cli("plot", out, "--format", "svg")
    assert "3 figures" in answer.out
    assert (out / "n_jets.svg").exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--column", "ptt"], "Did you mean 'pt'"),
        (["--normalise", "unit"], "area or yields, not 'unit'"),
        (["--luminosity", "10"], "add  --normalise yields"),
        (["--label", "lable"], "Did you mean 'label'"),
        (["--format", "gif"], "Cannot draw 'gif'"),
    ],
)
def test_mistakes_are_named(
    cli: Cli, table: Path, tmp_path: Path, words: list[str], text: str
) -> None:
    answer = cli("explore", table, "--out", tmp_path / "e", *words)
    assert answer.code == 2
    assert text in answer.err
    assert not (tmp_path / "e").exists()


def test_options_of_a_table_are_refused_for_numbers(cli: Cli, table: Path, tmp_path: Path) -> None:
    assert cli("explore", table, "--no-plots", "--out", tmp_path / "e").code == 0
    answer = cli("explore", tmp_path / "e", "--weight", "none")
    assert answer.code == 2
    assert "--weight is for a table" in answer.err
