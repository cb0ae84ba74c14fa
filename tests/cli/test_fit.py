"""`hepml fit diphoton` fits a peak of known mass."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import Answer

Cli = Callable[..., Answer]

QUICK = ["--bins", 22, "--degree", 1]


@pytest.fixture
def photons(tmp_path: Path) -> Path:
    """A flat background of 100 a GeV from 105 to 160 GeV and 300 events around 125 GeV."""
    flat = np.arange(105.005, 160, 0.01)
    quantiles = np.linspace(-2.5, 2.5, 300)
    path = tmp_path / "photons.parquet"
    pq.write_table(pa.table({"diphoton_mass": np.concatenate([flat, 125 + quantiles])}), path)
    return path


def test_yield_and_significance_are_shown_and_written(
    cli: Cli, photons: Path, tmp_path: Path
) -> None:
    answer = cli("fit", "diphoton", photons, *QUICK, "--width", 1.5, "--format", "svg")
    assert answer.code == 0, answer.text
    assert "125 GeV (fixed)" in answer.out
    folder = tmp_path / "photons_fit"
    assert sorted(path.name for path in folder.iterdir()) == ["fit.json", "fit.svg"]
    found = json.loads((folder / "fit.json").read_text())
    assert found["excess"]["S"] == pytest.approx(300, abs=40)
    assert found["excess"]["Z"] > 5
    assert (found["mass"], found["width"]) == (125.0, 1.5)


def test_the_peak_may_be_free(cli: Cli, photons: Path, tmp_path: Path) -> None:
    answer = cli(
        "fit", "diphoton", photons, *QUICK, "--no-plots", "--mass", 124.5, "--free-mass",
        "--free-width", "--signal", "crystal-ball",
    )  # fmt: skip
    assert answer.code == 0, answer.text
    assert "note: The significance is local" in answer.out
    found = json.loads((tmp_path / "photons_fit" / "fit.json").read_text())
    assert found["mass"] == pytest.approx(125, abs=0.4)
    assert found["mass_error"] > 0
    assert found["signal"] == "crystal-ball"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--column", "diphoton_mas"], "Did you mean 'diphoton_mass'"),
        (["--mass", 300], "does not lie within"),
        (["--bins", 0], "at least one bin"),
        (["--signal", "gauss"], "gaussian"),
        (["--format", "gif"], "known formats"),
    ],
)
def test_mistakes_are_named(cli: Cli, photons: Path, words: list[object], message: str) -> None:
    answer = cli("fit", "diphoton", photons, *QUICK, "--no-plots", *words)
    assert answer.code == 2
    assert message in answer.err
