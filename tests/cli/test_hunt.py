"""`hepml hunt` from a table to numbers, a file and figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.stats.results import Hunt
from tests.conftest import Answer
from tests.stats.pairs import write_pair_run, write_pairs

Cli = Callable[..., Answer]

FLAT = ["--window", "2,8,12,18", "--degree", 1, "--bins", 4, "--no-plots"]


def flat(peak: int, level: int = 50) -> Any:
    """``level`` events in each bin of 1 GeV from 2 to 18, and a peak at 10 GeV."""
    centres = np.repeat(np.arange(2.5, 18.0), level)
    return np.concatenate([centres, np.full(peak, 10.0)])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Flat pairs with 60 events too many at 10 GeV; the score of these is 1, else 0 to 0.999."""
    masses = flat(60)
    score = np.concatenate([np.arange(len(masses) - 60) % 1000 / 1000, np.ones(60)])
    return write_pairs(tmp_path / "t.parquet", masses, score=score)


def rows_of(path: Path) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads(path.read_text())["results"]
    return results


def test_the_table_and_the_file_hold_the_excess(cli: Cli, table: Path, tmp_path: Path) -> None:
    answer = cli("hunt", table, *FLAT)
    assert answer.code == 0, answer.text
    assert "Hunt in 2 | 8 to 12 | 18 GeV" in answer.out
    assert "860" in answer.out
    (found,) = rows_of(tmp_path / "t_hunt" / "hunt.json")
    assert {"selection", "degree", "bins", "S", "B", "sigma_B", "Z", "p"} <= set(found)
    assert (found["selection"], found["degree"], found["bins"]) == ("all", 1, 4)
    assert found["S"] == pytest.approx(60, abs=0.1)
    assert found["B"] == pytest.approx(200, abs=0.1)
    assert 3 < found["Z"] < 5


def test_where_it_comes_from_is_written_down(cli: Cli, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "o"
    answer = cli("hunt", table, *FLAT, "--where", "lead_iso04>=1", "--out", out)
    assert answer.code == 0, answer.text
    found = Hunt.read(out / "hunt.json")
    assert found.source["where"] == ["lead_iso04>=1"]
    assert (found.source["mass"], found.source["path"]) == ("dimuon_mass", str(table))
    assert found.settings["degree"] == 1


def test_cuts_on_scores_give_a_row_each(cli: Cli, table: Path, tmp_path: Path) -> None:
    answer = cli("hunt", table, *FLAT, "--score", "score", "--fpr", "1,0.1")
    assert answer.code == 0, answer.text
    assert "cuts on score" in answer.out
    assert "FPR 0.1" in answer.out
    rows = rows_of(tmp_path / "t_hunt" / "hunt.json")
    assert [(row["score"], row["fpr"]) for row in rows] == [
        (None, None),
        ("score", 1),
        ("score", 0.1),
    ]
    assert rows[2]["Z"] > rows[0]["Z"]


def test_results_of_a_run_are_in_it_with_figures(cli: Cli, tmp_path: Path) -> None:
    run = write_pair_run(tmp_path / "r", {"muons": {"masses": flat(60)}})
    answer = cli("hunt", run, *FLAT[:-1], "--format", "svg")
    assert answer.code == 0, answer.text
    assert "1 figure: spectrum" in answer.out
    assert sorted(path.name for path in (run / "hunt").iterdir()) == ["hunt.json", "spectrum.svg"]
    drawn = cli("plot", run / "hunt", "--format", "pdf")
    assert drawn.code == 0, drawn.text
    assert (run / "hunt" / "spectrum.pdf").exists()


def test_figures_of_the_hunt_before_are_gone(cli: Cli, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "o"
    cuts = ["--score", "score", "--fpr", "1,0.1"]
    cli("hunt", table, *FLAT, *cuts, "--out", out)
    (out / "pvalues.svg").touch()
    cli("hunt", table, *FLAT, "--out", out)
    assert [path.name for path in out.iterdir()] == ["hunt.json"]


def test_options_of_a_run_do_not_silently_vanish(cli: Cli, tmp_path: Path, table: Path) -> None:
    cli("hunt", table, *FLAT)
    answer = cli("plot", tmp_path / "t_hunt", "--only", "dimuon_mass")
    assert answer.code == 2
    assert "--only is for a run" in answer.err


def test_same_sign_pairs_are_the_control(cli: Cli, tmp_path: Path) -> None:
    masses = np.concatenate([flat(60), flat(0)])
    signs = np.repeat([-1, 1], [len(flat(60)), len(flat(0))])
    path = write_pairs(tmp_path / "t.parquet", masses, charge_product=signs)
    answer = cli("hunt", path, *FLAT)
    assert "same-sign pairs: S = " in answer.out
    spurious = Hunt.read(tmp_path / "t_hunt" / "hunt.json").spurious
    assert spurious is not None
    assert spurious.S is not None
    assert abs(spurious.S) < 0.1


def test_tiny_p_values_are_printed(cli: Cli, tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "t.parquet", flat(40_000))
    answer = cli("hunt", path, *FLAT)
    (line,) = [line for line in answer.out.splitlines() if line.strip().startswith("all")]
    power = int(next(word for word in line.split() if "e-" in word).partition("e")[2])
    assert power < -400
    assert rows_of(tmp_path / "t_hunt" / "hunt.json")[0]["p"] == 0.0


def test_what_a_reader_must_know_is_said(cli: Cli, tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "t.parquet", [*flat(3, 4), np.nan])
    answer = cli("hunt", path, *FLAT)
    assert "note: 1 rows without dimuon_mass" in answer.out
    assert "note: fewer than 150 events: take the p-value from toys  (all)" in answer.out


def test_toys_give_a_p_value_of_their_own(cli: Cli, table: Path, tmp_path: Path) -> None:
    answer = cli("hunt", table, *FLAT, "--toys", 20, "--workers", 1, "--seed", 3)
    assert answer.code == 0, answer.text
    assert "p toys" in answer.out
    toys = Hunt.read(tmp_path / "t_hunt" / "hunt.json").results[0].toys
    assert toys is not None
    assert (toys.number, toys.seed) == (20, 3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--window", "upsilonn"], "Did you mean 'upsilon'"),
        (["--window", "9,5,10,16"], "four rising masses"),
        (["--mass", "dimuon_mas"], "Did you mean 'dimuon_mass'"),
        (["--score", "scor"], "Did you mean 'score'"),
        (["--fpr", "0"], "give rates above 0 and at most 1"),
        (["--fpr", "fin"], "coarse, or fine"),
        (["--sign", "opposit"], "Did you mean 'opposite'"),
        (["--where", "lead_iso03>1"], "Did you mean 'lead_iso04'"),
        (["--signal", "shapes"], "Did you mean 'shape'"),
        (["--background", "polynom"], "polynomial"),
        (["--format", "gif"], "known formats"),
        (["--dataset", "x"], "no dataset 'x'"),
        (["--window", "50,60,70,80"], "None of the 860 rows"),
    ],
)
def test_mistakes_are_named(cli: Cli, table: Path, words: list[str], message: str) -> None:
    answer = cli("hunt", table, *FLAT, *words)
    assert answer.code == 2
    assert message in answer.err


def test_no_fit_at_all_is_an_error(cli: Cli, tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "t.parquet", [10.0] * 5)
    answer = cli("hunt", path, *FLAT)
    assert answer.code == 2
    assert "no events in the sidebands" in answer.err


def test_a_folder_that_cannot_be_made_is_named(cli: Cli, table: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = cli("hunt", table, *FLAT, "--out", tmp_path / "file")
    assert answer.code == 2
    assert "Choose another folder with --out" in answer.err


def test_one_remark_on_many_cuts_is_one_line(cli: Cli, tmp_path: Path) -> None:
    masses = flat(3, 4)
    path = write_pairs(tmp_path / "t.parquet", masses, score=np.arange(len(masses)) % 10)
    answer = cli("hunt", path, *FLAT, "--score", "score", "--fpr", "1,0.9,0.8,0.7")
    (line,) = [line for line in answer.out.splitlines() if "fewer than 150" in line]
    assert line.endswith("(all; score, FPR 1; score, FPR 0.9; and 2 more)")


SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "cms" / "dimuon_masses.npz"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="no ../shared/data: the published masses")
def test_the_published_masses_give_the_published_significance(cli: Cli, tmp_path: Path) -> None:
    with np.load(SHARED) as stored:
        opposite, same = stored["os_antiiso"], stored["ss_antiiso"]
    signs = np.repeat([-1, 1], [len(opposite), len(same)])
    masses = np.concatenate([opposite, same])
    path = write_pairs(tmp_path / "t.parquet", masses, charge_product=signs)
    answer = cli("hunt", path, "--window", "upsilon", "--no-plots")
    assert answer.code == 0, answer.text
    found = json.loads((tmp_path / "t_hunt" / "hunt.json").read_text())
    assert found["results"][0]["Z"] == pytest.approx(1.5956, abs=1e-3)
    assert found["spurious"]["Z"] == pytest.approx(0.5263, abs=1e-3)
