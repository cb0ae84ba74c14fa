"""The published selection applied to a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from hepml.errors import TableError
from hepml.ml.anomaly.upsilon import upsilon_conditions
from tests.ml.anomaly.pairs import TRIGGER, write_pairs


def test_the_cuts_are_those_of_the_preset(tmp_path: Path) -> None:
    table = write_pairs(tmp_path / "pairs.parquet")
    assert upsilon_conditions(table) == (
        (f"{TRIGGER}==1", "lead_pt>=17", "trail_pt>=8"),
        ("lead_iso04>=0.55", "trail_iso04>=0.55"),
    )


@pytest.mark.parametrize("column", [TRIGGER, "trail_iso04", "charge_product"])
def test_a_table_without_a_column_is_refused_with_the_way_to_make_one(
    tmp_path: Path, column: str
) -> None:
    table = write_pairs(tmp_path / "pairs.parquet", without=column)
    with pytest.raises(TableError, match=f"has no column {column}.*(.|\n)*--preset"):
        upsilon_conditions(table)
