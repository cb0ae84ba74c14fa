"""The benchmark of production modes measures what it says, on a small table."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.slow
def test_training_and_scoring_are_measured_on_a_small_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [path.stem for path in FOLDER.glob("*.py")]
    monkeypatch.syspath_prepend(str(FOLDER))
    benchmark = importlib.import_module("production")
    out = tmp_path / "result.json"
    try:
        assert benchmark.main(["--data", str(tmp_path), "--events", "3000", "--out", str(out)]) == 0
    finally:
        for name in names:
            sys.modules.pop(name, None)
    measured = json.loads(out.read_text())["measured"]
    # selection passes about as many rows as asked for
    assert 2_400 < measured["rows"] < 3_600
    assert measured["macro_auc"] > 0.7
    assert measured["scoring"]["rows/s of CPU"] > 0
    assert "targets:" in capsys.readouterr().out
