"""Tables on the screen can be read at the width of a terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from hepml.cli.tables import account_table, cutflow_table

STEPS = ["all", "trigger", "two good photons", "photon pT", "isolation", "pT/m", "mass window"]


def cutflow(datasets: int, scale: int = 1) -> dict[str, list[dict[str, Any]]]:
    """Datasets of 15,000 events, and fewer after each step."""
    counts = [scale * (15_000 - 1_000 * index) for index in range(len(STEPS))]
    rows = [
        {"step": step, "raw": count, "weighted": 1e-6 * count}
        for step, count in zip(STEPS, counts, strict=True)
    ]
    return {f"data_{index}": rows for index in range(datasets)}


def shown(table: Any, width: int = 80) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


@pytest.mark.parametrize("width", [80, 120])
def test_nine_datasets_fit_without_a_cut(width: int) -> None:
    text = shown(cutflow_table(cutflow(9), width), width)
    assert "…" not in text
    assert text.count("15,000") == 9
    assert text.count("0.009") == 9
    assert max(map(len, text.splitlines())) <= width
    assert len(text.splitlines()) <= 24


def test_large_counts_are_rounded_where_they_would_not_fit() -> None:
    text = shown(cutflow_table(cutflow(9, scale=1234), 80))
    assert "…" not in text
    assert "18.51M" in text
    assert "exact counts are in cutflow.json" in text


def test_large_counts_are_exact_where_they_fit() -> None:
    assert "18,510,000" in shown(cutflow_table(cutflow(9, scale=1234), 120), 120)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_long_names_push_no_column_off_the_screen(width: int) -> None:
    content = {f"DoubleMuParked2012_{name}": rows for name, rows in cutflow(9).items()}
    text = shown(cutflow_table(content, width), width)
    assert "weighted" in text
    assert text.count("0.009") == 9


def test_few_datasets_have_a_line_per_step() -> None:
    lines = shown(cutflow_table(cutflow(1))).splitlines()
    (line,) = [line for line in lines if "isolation" in line]
    assert line.split() == ["isolation", "11,000", "0.011"]


def test_a_step_that_a_dataset_lacks_is_left_out() -> None:
    content = cutflow(3)
    content["data_1"] = content["data_1"][:-1]
    (line,) = [line for line in shown(cutflow_table(content)).splitlines() if "data_1" in line]
    assert "-" in line.split()


def test_a_run_without_datasets_has_a_table() -> None:
    assert "Cutflow" in shown(cutflow_table({}))


def test_the_account_says_what_is_incomplete_and_why() -> None:
    item = {
        "kind": "data", "label": "data", "files": 2, "planned": 8, "processed": 7, "events": 1_000,
        "rows": 10, "complete": False, "incomplete_because": "1 of 8 chunks have no result",
    }  # fmt: skip
    text = shown(account_table({"planned": 8, "processed": 7, "datasets": {"A": item}}))
    assert "7 of 8 processed" in text
    assert "no: 1 of 8 chunks" in text
