"""Scans of searches on a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hepml.cli import app
from hepml.errors import TableError
from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.scan import scan_grid
from hepml.ml.dijet.scan_results import PointOptions, ScanResult
from hepml.ml.dijet.scan_task import DijetPoint, scan_dijets
from hepml.ml.dijet.task import read_for, search_dijet

from .tables import write_table

BASE = DijetOptions(quick=True, trials=1)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("table"), 2_000, 150)


def command(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["ml", "dijet-scan", *words])
    return done.exit_code, f"{done.output} {done.exception}"


def test_a_point_is_a_search() -> None:
    point = DijetPoint("run", BASE)
    options = PointOptions(strategy="weak", mu=0.1, mass_point=(500, 100), alpha=0.3, noise=4)
    asked = point.asked(options)
    assert (asked.strategy, asked.mu, asked.mass_point) == ("weak", 0.1, (500, 100))
    assert (asked.alpha, asked.noise, asked.trials, asked.quick) == (0.3, 4, 1, True)


def test_one_mode_has_no_mixture() -> None:
    options = PointOptions(strategy="weak", mu=0.1, mass_point=(500, 100), alpha=None)
    assert DijetPoint("run", DijetOptions(modes=("qq",))).asked(options).mixture is None


def test_priors_are_shared_by_noise_and_seed() -> None:
    options = PointOptions(strategy="prior-assisted", mu=0.1, mass_point=(500, 100), noise=4)
    assert DijetPoint.shared(options) == (4, 0)
    assert DijetPoint.shared(options.model_copy(update={"strategy": "weak"})) is None


def test_a_scan_finds_what_single_searches_find(table: Path, tmp_path: Path) -> None:
    grid = scan_grid(["weak"], (0.1,))
    found = scan_dijets(table, tmp_path / "scan", grid, BASE)
    asked = DijetPoint(str(table), BASE).asked(grid[0])
    alone = search_dijet(read_for(table, asked), asked)
    scanned = found.points[0].judgement
    assert scanned.efficiency == alone.efficiency
    assert (found.background or 0) > 100
    assert json.loads((tmp_path / "scan" / "metrics.json").read_text())["points"] == 1.0


def test_other_events_are_other_points(table: Path, tmp_path: Path) -> None:
    grid = scan_grid(["weak"], (0.1,))
    first = scan_dijets(table, tmp_path / "scan", grid, BASE)
    other = write_table(tmp_path / "table", 1_000, 150, seed=2)
    second = scan_dijets(other, tmp_path / "scan", grid, BASE)
    assert first.points[0].key != second.points[0].key


def test_a_point_says_that_its_sample_was_made_smaller(table: Path, tmp_path: Path) -> None:
    # 2,000 events of background and 150 of each mode: too little signal for a half of the data
    out = tmp_path / "scan"
    code, text = command(
        str(table), "--strategy", "weak", "--mu", "0.5", "--quick", "--trials", "1", "--no-plots",
        "--out", str(out),
    )  # fmt: skip
    assert code == 0, text
    (point,) = ScanResult.read(out / "result.json").points
    assert any("Reference and data were reduced" in note for note in point.judgement.notes)
    assert "Reference and data were reduced" in " ".join(text.split())


def test_a_scan_takes_a_preset_and_mass_points(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "scan"
    code, text = command(
        str(table), "--strategy", "prior-assisted", "--mu", "0.1", "--quick", "--trials", "1",
        "--preset", "published", "--learner", "trees", "--modes", "qq", "--include", "300,300",
        "--include", "400,200", "--no-plots", "--out", str(out),
    )  # fmt: skip
    assert code == 0, text
    options = ScanResult.read(out / "result.json").task["options"]
    assert (options["preset"], options["include"]) == ("published", [[300, 300], [400, 200]])


def test_a_run_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no table"):
        scan_dijets(tmp_path / "none", tmp_path / "scan", scan_grid(["weak"], (0.1,)), BASE)
    assert not (tmp_path / "scan").exists()


def test_the_command_names_what_has_no_result(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "scan"
    code, text = command(
        str(table), "--strategy", "weak", "--mu", "0.1", "--mass-point", "300:300",
        "--mass-point", "250,250", "--quick", "--trials", "1", "--no-plots", "--out", str(out),
    )  # fmt: skip
    assert code == 3, text
    assert "no result: weak, mu = 0.1, (250, 250) GeV" in text
    assert len(ScanResult.read(out / "result.json").points) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mu", "much"], "--mu much: give numbers"),
        (["--noise", "0.5"], "--noise 0.5: give whole numbers"),
        (["--mass-point", "300"], "give two masses"),
        (["--seeds", "0"], "at least one repetition"),
        (["--strategy", "week"], "weak"),
        (["--mu", "1.5"], "1.5"),
    ],
)
def test_what_cannot_be_is_refused(
    words: list[str], message: str, table: Path, tmp_path: Path
) -> None:
    code, text = command(str(table), *words, "--out", str(tmp_path / "scan"))
    assert code != 0
    assert message in text
    assert not (tmp_path / "scan").exists()
