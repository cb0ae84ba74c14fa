"""Rows go back to the order of their original files, on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.export import dijet_rows
from hepml.export.dijet_rows import RowFile, order_rows, survey
from hepml.tables import FeatureTable
from tests.export.dijets import POINTS, write_sample

FILES = ("u1", "u2", "u3")
COLUMNS = ("heavy_mass", "light_tau21")


def test_a_part_of_a_file_is_read_and_written(tmp_path: Path) -> None:
    rows = RowFile(tmp_path / "rows", 5, 2, np.float32)
    rows.part(1, 3)[:] = [[1, 2], [3, 4]]
    assert rows.part(0, 5).tolist() == [[0, 0], [1, 2], [3, 4], [0, 0], [0, 0]]
    assert rows.part(2, 2).shape == (0, 2)
    assert (tmp_path / "rows").stat().st_size == 40


@pytest.mark.parametrize("batch", [3, 1000])
@pytest.mark.parametrize("counts", [14, dict(zip(POINTS, (9, 8), strict=True))])
def test_rows_are_ordered_by_original_file_and_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, counts: int, batch: int
) -> None:
    monkeypatch.setattr(dijet_rows, "_BATCH", batch)
    prongs = 0 if counts == 14 else 2
    write_sample(tmp_path, "mine", counts, prongs=prongs, files=FILES)
    table = FeatureTable.open(tmp_path)
    facts = survey(table, "mine")
    # two identities are parts of one file, which comes first by its name
    names = {"u1": "z.h5", "u2": "a.h5", "u3": "z.h5"}
    found = order_rows(table, facts, COLUMNS, tmp_path, names)
    frame = table.to_pandas()
    frame["original"] = frame["file"].astype(str).map(names)
    for point in facts.points or ((300.0, 300.0),):
        own = frame[frame["mx"] == point[0]] if prongs else frame
        wanted = own.sort_values(["original", "row"])[list(COLUMNS)].to_numpy(np.float32)
        np.testing.assert_array_equal(found.part(point, 0, len(wanted)), wanted)
        np.testing.assert_array_equal(found.part(point, 2, 4), wanted[2:4])


def test_a_survey_counts_signal_by_mass_point(tmp_path: Path) -> None:
    write_sample(tmp_path, "wprime_qq", dict(zip(POINTS, (9, 8), strict=True)), prongs=2)
    facts = survey(FeatureTable.open(tmp_path), "wprime_qq")
    assert (facts.label, facts.prongs, facts.events) == (1, 2, 17)
    assert facts.counts == dict(zip(POINTS, (9, 8), strict=True))
    assert [facts.at(point) for point in (*POINTS, (1.0, 1.0))] == [9, 8, 0]


def test_a_survey_counts_background_once(tmp_path: Path) -> None:
    write_sample(tmp_path, "qcd", 9, files=("a", "b"))
    facts = survey(FeatureTable.open(tmp_path), "qcd")
    assert (facts.label, facts.prongs, facts.points, facts.files) == (0, 0, (), ("a", "b"))
    assert facts.at(POINTS[0]) == facts.events == 9
